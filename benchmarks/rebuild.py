"""Rows per second from the lake to a new warehouse.

python -m benchmarks.rebuild
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import duckdb

from benchmarks.changes import TOP
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.measured import Connector, connectors, rows_of
from benchmarks.server import Server

SMALL = {"threads": 200, "reach": 1}


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
        bare = copied(connector.data_dir, streams)
        say(f"a bare CREATE TABLE AS of the lake's files: {rows / bare:,.0f} rows a second")
    how = f"{rows:,} rows in the lake"
    return [Figure("rows rebuilt a second", how, rows / took.seconds, reach)]


def copied(data_dir: Path, streams: Iterable[str]) -> float:
    """Seconds in which DuckDB alone, with all memory it wants, makes tables of the lake's files.

    It is what the machine can do at all: no file is checked, no key compared, nothing derived.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(f"{folder}/bare.duckdb") as con:
        for stream in streams:
            files = f"{data_dir}/lake/{stream}/*/*.parquet"
            con.execute(f"CREATE TABLE {stream} AS FROM read_parquet('{files}')")
        con.execute("CHECKPOINT")
        return time.perf_counter() - began


def tables(connector: Connector) -> dict[str, int]:
    """How many rows each stream has."""
    return {s["stream"]: s["rows"] for s in connector.run("status", "--json").document["streams"]}


if __name__ == "__main__":
    command(run)
