"""`python -m tests.soak --schedules 10000`: random schedules, and what comes of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import partial
from itertools import islice
from multiprocessing import get_context
from multiprocessing.util import get_temp_dir
from pathlib import Path

from tests.soak.draws import of_seed
from tests.soak.play import Tally, play

MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it


def main() -> int:
    """Play and report; 1 if anything was wrong."""
    asked = _arguments()
    base = str(MEMORY) if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="soak-", dir=base) as folder:
        _in(folder)
        if asked.replay is not None:
            return _replay(asked)
        return _soak(asked, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--family", default="", choices=("", "lists", "threads"))
    parser.add_argument("--apart", type=int, default=20, help="percent of works that are processes")
    parser.add_argument("--replay", type=int, help="print and play the schedule of this seed")
    parser.add_argument("--times", type=int, default=1, help="how often to replay it")
    return parser.parse_args()


def _in(folder: str) -> None:
    """Keep data and budgets apart from the user's, but not what multiprocessing tidies itself."""
    get_temp_dir()
    tempfile.tempdir = folder


def _soak(asked: argparse.Namespace, folder: str) -> int:
    began, total = time.monotonic(), Tally()
    for tally in _played(asked, folder):
        total.add(tally)
        for finding in tally.findings:
            _say(f"\n{finding}")
        if sys.stdout.isatty() or total.schedules % 100 == 0:
            _progress(total, asked.schedules)
    return _report(total, time.monotonic() - began)


def _played(asked: argparse.Namespace, folder: str) -> Iterator[Tally]:
    """What came of each schedule, as it ends. A worker is replaced at times: memory stays flat."""
    seeds = iter(range(asked.seed, asked.seed + asked.schedules))
    one = partial(_one, family=asked.family, apart=asked.apart)
    while batch := list(islice(seeds, 500 * asked.processes)):
        with ProcessPoolExecutor(
            asked.processes, get_context("spawn"), initializer=_in, initargs=(folder,)
        ) as pool:
            yield from pool.map(one, batch)


def _one(seed: int, *, family: str, apart: int) -> Tally:
    return play(of_seed(seed, family, apart=apart))


def _replay(asked: argparse.Namespace) -> int:
    schedule, total = of_seed(asked.replay, asked.family, apart=asked.apart), Tally()
    _say(str(schedule))
    began = time.monotonic()
    for _ in range(asked.times):
        total.add(play(schedule))
    for finding in total.findings:
        _say(finding)
    return _report(total, time.monotonic() - began)


def _progress(total: Tally, of: int) -> None:
    line = f"{total.schedules} of {of} schedules, {total.crashes} crashes, "
    sys.stdout.write(f"\r{line}{total.faults} faults, {len(total.findings)} findings")
    sys.stdout.flush()


def _report(total: Tally, seconds: float) -> int:
    rows = [(one.name, getattr(total, one.name)) for one in fields(total)]
    rows = [(name, value) for name, value in rows if name != "findings"]
    _say("")
    for name, value in [*rows, ("seconds", round(seconds))]:
        _say(f"{name.replace('_', ' '):16}{value:10,}")
    failing = sorted({finding.partition(":")[0] for finding in total.findings})
    if failing:
        _say(f"wrong: {', '.join(failing)}; one again: python -m tests.soak --replay SEED")
    return bool(failing)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
