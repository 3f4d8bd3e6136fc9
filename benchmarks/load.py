"""What a first load, an idle sync and a full walk take; there is nothing to reach.

python -m benchmarks.load
"""

from __future__ import annotations

from benchmarks.changes import TOP
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.measured import connectors
from benchmarks.server import Server


def run(threads: int = 100_000, streams: Streams = TOP) -> list[Figure]:
    """Time, processor time and peak memory of three syncs, one after the other."""
    with Server(threads) as server, connectors(server) as [connector]:
        for name, more in (("first load", []), ("idle sync", []), ("full walk", ["--full"])):
            say(f"{name}:")
            connector.sync(*streams, *more)
        files = [path for path in connector.data_dir.rglob("*") if path.is_file()]
        say(f"data directory: {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")
    return []


if __name__ == "__main__":
    command(run)
