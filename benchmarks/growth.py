"""Does the time of an incremental sync follow the changes, or the size of the workspace?

    python -m benchmarks.growth

Publishing copies the warehouse's file, which grows with it: the time of such a copy, measured
beside each sync, is taken off. Of several syncs with changes before each, the median counts.
"""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path

from benchmarks.changes import TOP, change
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.incremental import arrived
from benchmarks.measured import Connector, connectors
from benchmarks.server import Server

SMALL = {"threads": 400, "beside": 100, "changes": 20, "times": 1}


def run(
    threads: int = 1_000_000,
    beside: int = 50_000,
    changes: int = 500,
    times: int = 3,
    streams: Streams = TOP,
) -> list[Figure]:
    """The time of an incremental sync of a large workspace over that of a small one."""
    small, large = (typical(size, changes, times, streams) for size in (beside, threads))
    how = f"{changes} changes to {threads:,} threads, over {beside:,}"
    return [
        Figure("incremental time, large over small", how, large[0] / small[0], 2, at_most=True),
        Figure("incremental CPU, large over small", how, large[1] / small[1], 2, at_most=True),
    ]


def typical(threads: int, changes: int, times: int, streams: list[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of an incremental sync, its publishing taken off."""
    with Server(threads) as server, connectors(server) as [connector]:
        connector.sync(*streams)
        took = [one_sync(server, connector, changes, streams, seed) for seed in range(times)]
    seconds, cpu = (statistics.median(column) for column in zip(*took, strict=True))
    say(f"{threads:,} threads: {seconds:.2f} s, {cpu:.2f} s CPU without publishing")
    return seconds, cpu


def one_sync(
    server: Server, connector: Connector, changes: int, streams: list[str], seed: int
) -> tuple[float, float]:
    """Change, sync, and take off what a copy of the warehouse takes."""
    changed = server.do(change, changes, streams, seed)
    synced = connector.sync(*streams)
    if arrived(synced, changed) != 1:
        raise RuntimeError("the sync did not bring the changes: its time says nothing")
    copied, cpu = copy(connector.data_dir)
    return synced.seconds - copied, synced.cpu - cpu


def copy(data_dir: Path) -> tuple[float, float]:
    """Seconds, and seconds of processor time, that a copy of the warehouse's file takes."""
    file = data_dir / "productlane.duckdb"
    start, cpu = time.perf_counter(), time.process_time()
    shutil.copyfile(file, data_dir / "copy")
    took = time.perf_counter() - start, time.process_time() - cpu
    (data_dir / "copy").unlink()
    say(f"a copy of {file.stat().st_size / 1e6:.0f} MB: {took[0]:.2f} s")
    return took


if __name__ == "__main__":
    command(run)
