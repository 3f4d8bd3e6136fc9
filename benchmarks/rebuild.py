"""Rows per second from the lake to a new warehouse.

python -m benchmarks.rebuild
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.changes import TOP
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.measured import Connector, Started, connectors, rows_of
from benchmarks.server import Server

SMALL = {"threads": 200, "reach": 1}
COPIED = Path(__file__).with_name("copied.py")


def run(
    threads: int = 1_000_000,
    reach: float = 200_000,
    streams: Streams = TOP,
) -> list[Figure]:
    """Observations that `rebuild` reads a second, until the new warehouse is published."""
    with Server(threads) as server, connectors(server) as [connector]:
        rows = rows_of(connector.sync(*streams))
        before = tables(connector)
        took = connector.run("rebuild")
        if tables(connector) != before:
            raise RuntimeError("the rebuilt warehouse has other rows than the one before")
        bare = copied(connector, streams)
        say(f"a bare CREATE TABLE AS of the lake's files: {rows / bare:,.0f} rows a second")
    how = f"{rows:,} rows in the lake"
    return [Figure("rows rebuilt a second", how, rows / took.seconds, reach)]


def copied(connector: Connector, streams: Iterable[str]) -> float:
    """Seconds in which DuckDB alone makes tables of the lake's files."""
    with tempfile.TemporaryDirectory() as folder:
        command = (sys.executable, str(COPIED), str(connector.data_dir), folder, *streams)
        return Started(command, connector.environment).wait().seconds


def tables(connector: Connector) -> dict[str, int]:
    """How many rows each stream has."""
    return {s["stream"]: s["rows"] for s in connector.run("status", "--json").document["streams"]}


if __name__ == "__main__":
    command(run)
