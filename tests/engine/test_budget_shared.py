"""The book in which all processes note what they ask: killed holders, torn files, odd clocks."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector import errors
from connector.budget import Budget
from tests.engine import virtual
from tests.engine.virtual import now

pytestmark = pytest.mark.long

TAKER = """
import asyncio, sys
from pathlib import Path
from connector import errors
from connector.budget import Budget

async def go():
    waits = []
    async def sleep(seconds):
        waits.append(seconds)
    budget = Budget(Path(sys.argv[1]), limit=1000, now=lambda: 1000.0, sleep=sleep)
    places = []
    print("ready", flush=True)
    input()
    for _ in range(900):
        waits.clear()
        await budget.take()
        places.append(round(sum(waits), 9))
    print(places)

asyncio.run(go())
"""


def test_b14_two_processes_never_take_the_same_place(tmp_path: Path) -> None:
    """The clock stands still, so that each says how far ahead its place in the queue is."""
    both = [
        subprocess.Popen(  # noqa: S603  # our own lines, in this interpreter
            [sys.executable, "-c", TAKER, str(tmp_path / "b")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    places = [
        place
        for one in both
        for place in map(float, one.communicate(timeout=60)[0].strip(" []\n").split(","))
    ]
    assert sorted(places) == _places_of_one(tmp_path / "alone", 1800)


def _places_of_one(path: Path, count: int) -> list[float]:
    """The places that one process gets that takes as many."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def go() -> Iterator[float]:
        budget = Budget(path, limit=1000, now=lambda: 1000.0, sleep=sleep)
        places = []
        for _ in range(count):
            waits.clear()
            await budget.take()
            places.append(round(sum(waits), 9))
        return iter(places)

    return sorted(asyncio.run(go()))


HOLDER = """
import sys, time
from pathlib import Path
from connector.book import Book
with Book(Path(sys.argv[1])).opened(0.0):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_holder_leaves_nothing_locked(tmp_path: Path) -> None:
    holder = subprocess.Popen(  # noqa: S603  # our own lines, in this interpreter
        [sys.executable, "-c", HOLDER, str(tmp_path / "b")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    virtual.run(made_and_taken(tmp_path))


async def made_and_taken(folder: Path) -> float:
    began = now()
    await Budget(folder / "b", now=now, sleep=asyncio.sleep).take()
    return now() - began


CONTENTS: list[Callable[[], bytes]] = [
    lambda: b"\xff" * 16,
    lambda: b"\xff" * 9000,
    lambda: b"plbook01" + b"\xff" * 9000,
    lambda: b"plbook01" + struct.pack("<QQdddd", 5, 0, *[float("nan")] * 4) + b"\0" * 9000,
    lambda: b"plbook01" + struct.pack("<QQdddd", 5, 0, *[virtual.BEGAN + 1e6] * 4) + b"\0" * 9000,
    lambda: b"x",
    lambda: b"",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_a_budget_file_from_the_future_or_torn_locks_nobody_out(
    tmp_path: Path, content: Callable[[], bytes]
) -> None:
    (tmp_path / "b").write_bytes(content())
    assert virtual.run(made_and_taken(tmp_path)) <= 1


@pytest.mark.parametrize("jump", [10**6, -(10**6), 3600, -3600])
def test_a_clock_that_jumps_locks_nobody_out(tmp_path: Path, jump: float) -> None:
    ahead = 0.0

    async def go() -> float:
        nonlocal ahead
        budget = Budget(tmp_path / "b", now=lambda: now() + ahead, sleep=asyncio.sleep)
        for _ in range(20):
            await budget.take()
        ahead = jump
        began = now()
        await budget.take()
        return now() - began

    assert virtual.run(go()) <= 1


def test_a_budget_that_cannot_be_shared_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(errors.ConfigurationError, match="share the key's budget in"):
        Budget(tmp_path / "b")
