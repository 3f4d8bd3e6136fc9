"""Rows per second from the API to the published warehouse, beside dlt doing the same.

    pip install -e '.[benchmarks]' && python -m benchmarks.throughput

One server, no latency, no limit. Both are processes of their own that start from nothing; their
whole time counts. Two cores are shared with the server, for both alike. What the machine is good
for is shown by a third one, that loads the same rows without proving or keeping anything.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from benchmarks.changes import rows_listed
from benchmarks.figures import Figure, command, say
from benchmarks.measured import Connector, Measured, Started, connectors
from benchmarks.server import Server, traffic

STREAMS = ["threads", "contacts", "companies"]
DLT = Path(__file__).with_name("with_dlt.py")
BY_HAND = Path(__file__).with_name("by_hand.py")
SMALL = {"threads": 200, "reach": 1, "beside_dlt": False}


def run(
    threads: int = 100_000, reach: float = 25_000, dlt_reach: float = 5, beside_dlt: bool = True
) -> list[Figure]:
    """Rows per second, fetched, kept and published, and how many times as many as dlt's."""
    if beside_dlt and find_spec("dlt") is None:
        raise typer.BadParameter("no dlt here: pip install -e '.[benchmarks]', or --no-beside-dlt")
    with Server(threads) as server, connectors(server, 3) as [ours, bare, theirs]:
        wanted = server.do(rows_listed, STREAMS)
        total = sum(wanted.values())
        before = server.do(traffic)
        took = ours.sync(*STREAMS)
        served = server.do(traffic)
        same("the connector", {s["stream"]: s["new"] for s in took.document["streams"]}, wanted)
        loaded_by("by hand", BY_HAND, bare, server.url, wanted)
        dlt = loaded_by("dlt", DLT, theirs, server.url, wanted) if beside_dlt else None
    say(f"{served.requests} requests; the sandbox used {served.cpu - before.cpu:.1f} s CPU")
    how = f"{total:,} rows of {', '.join(STREAMS)}"
    found = [Figure("rows a second", how, total / took.seconds, reach)]
    return found + ([] if dlt is None else beside(how, took, dlt, dlt_reach))


def loaded_by(
    who: str, program: Path, folder: Connector, url: str, wanted: dict[str, int]
) -> Measured:
    """The same rows loaded by another program, in an empty folder."""
    environment = {**folder.environment, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    folder.data_dir.mkdir()
    command = (sys.executable, str(program), url, str(folder.data_dir), *STREAMS)
    took = Started(command, environment).wait()
    say(f"{who}: {took}; {sum(wanted.values()) / took.seconds:,.0f} rows a second")
    same(who, took.document, wanted)
    return took


def same(who: str, found: dict[str, int], wanted: dict[str, int]) -> None:
    """All must have loaded the same rows, or there is nothing to compare."""
    if found != wanted:
        raise RuntimeError(f"{who} loaded {found}, the server has {wanted}")


def beside(how: str, took: Measured, dlt: Measured, reach: float) -> list[Figure]:
    """How many times as fast as dlt, by the clock and by the processor."""
    return [
        Figure("times as fast as dlt", how, dlt.seconds / took.seconds, reach),
        Figure("times as fast as dlt, CPU", how, dlt.cpu / took.cpu, reach),
    ]


if __name__ == "__main__":
    command(run)
