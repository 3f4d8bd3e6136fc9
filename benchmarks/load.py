"""First load and idle sync of a large workspace: time, CPU, peak memory, requests.

    python -m benchmarks.load [THREADS]

The sandbox runs in a process of its own, without latency and without limit; children are off.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from connector.sandbox import start_process
from schemas import STREAMS

COMMAND = "from connector.cli import main; main()"


def main(threads: int) -> None:
    """Print one line for each of two syncs."""
    streams = [e.stream for e in STREAMS.values() if not e.parent]
    sizes = {"contacts": threads // 2, "companies": threads // 10}
    with (
        tempfile.TemporaryDirectory() as folder,
        start_process(threads=threads, limit=10**8, sizes=sizes) as (url, key),
    ):
        os.environ |= {
            "PRODUCTLANE_API_KEY": key,
            "PRODUCTLANE_BASE_URL": url,
            "PRODUCTLANE_DATA_DIR": folder,
        }
        for name in ("first load", "idle sync"):
            report(name, streams)
        report("full walk", [*streams, "--full"])
        size = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())
        sys.stdout.write(f"data directory: {size / 1e6:.0f} MB\n")


def report(name: str, arguments: list[str]) -> None:
    """Run one sync in a process of its own and say what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    ran = subprocess.run(  # noqa: S603  # our own command, in this interpreter
        [sys.executable, "-c", COMMAND, "sync", *arguments, "--json"],
        stdout=subprocess.PIPE,
        stderr=None,
        check=True,
    )
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = sum(one["rows"] for one in json.loads(ran.stdout)["streams"])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sys.stdout.write(
        f"{name}: {rows:,} rows in {seconds:.1f} s ({rows / seconds:,.0f} rows/s), "
        f"{cpu:.1f} s CPU, peak memory {after.ru_maxrss / 1024:.0f} MB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
