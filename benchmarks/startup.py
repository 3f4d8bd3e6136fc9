"""How long `productlane-elt status` takes on a filled data directory.

python -m benchmarks.startup
"""

from __future__ import annotations

import statistics

from benchmarks.changes import TOP
from benchmarks.figures import Figure, Streams, command
from benchmarks.measured import COMMAND, Connector, Started, connectors
from benchmarks.server import Server

SMALL = {"threads": 50, "times": 1, "reach": 60}


def run(
    threads: int = 50_000,
    times: int = 9,
    reach: float = 0.6,
    streams: Streams = TOP,
) -> list[Figure]:
    """The median time of `status`, and whether it imports Dagster."""
    with Server(threads) as server, connectors(server) as [connector]:
        connector.sync(*streams)
        took = [connector.run("status").seconds for _ in range(times)]
        modules = imported(connector, "status")
    how = f"{threads:,} threads, {times} times, {len(modules)} modules imported"
    dagster = [name for name in modules if name.partition(".")[0] == "dagster"]
    return [
        Figure("median time of status", how, statistics.median(took), reach, True, " s"),
        Figure("modules of Dagster imported", how, len(dagster), 0, True),
    ]


def imported(connector: Connector, *arguments: str) -> list[str]:
    """The modules that a command imports, as Python itself tells (`-X importtime`)."""
    python, *rest = COMMAND
    told = Started((python, "-X", "importtime", *rest, *arguments), connector.environment).wait()
    lines = told.errors.splitlines()
    return [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]


if __name__ == "__main__":
    command(run)
