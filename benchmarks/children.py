"""What hangs under threads: are only those that moved asked for, in memory that stays flat?

    python -m benchmarks.children

First everything is read: a request for each thread and list, which takes long (hours for
1,000,000 threads), so one list is the default. Then a share of the threads moves. Requests under
threads that did not move are the rotation's, and are told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from benchmarks.changes import LISTS, asked_under, change
from benchmarks.figures import Figure, command, say
from benchmarks.measured import connectors
from benchmarks.server import Server, limit_to, traffic

Lists = Annotated[list[str], typer.Option("--stream", help="A list under threads; repeatable.")]
ONE = LISTS[-1:]
SMALL = {"threads": 200, "beside": 100, "fan_out": 0.1}


@dataclass(frozen=True)
class Followed:
    """How one sync followed the threads that moved.

    `made`: requests for each of them and each list; `reached`: the share of them and their lists
    that was asked for at all.
    """

    made: float
    reached: float
    peak_mb: float


def run(
    threads: int = 1_000_000,
    beside: int = 50_000,
    fan_out: float = 0.01,
    limit: int = 20_000,
    streams: Lists = ONE,
) -> list[Figure]:
    """Requests for each moved thread and list, and memory beside that of a smaller workspace."""
    small, large = (follow(size, fan_out, limit, streams) for size in (beside, threads))
    how = f"{fan_out:.0%} of {threads:,} threads moved"
    grown = large.peak_mb / small.peak_mb
    return [
        Figure("requests a moved thread and list", how, large.made, 1.1, at_most=True),
        Figure("share of moved threads asked for", how, min(small.reached, large.reached), 1),
        Figure(f"peak memory over that of {beside:,}", how, grown, 1.15, at_most=True),
    ]


def follow(threads: int, fan_out: float, limit: int, streams: list[str]) -> Followed:
    """Read everything, move some threads, and see what the next sync asks."""
    with Server(threads) as server, connectors(server) as [connector]:
        connector.sync("threads", *streams)
        moved = server.do(change, round(threads * fan_out), ["threads"]).threads
        server.do(limit_to, limit)
        server.do(traffic)
        took = connector.sync("threads", *streams)
        asked = server.do(asked_under)
    under_moved = [one for one in asked if one[0] in moved]
    say(f"{len(moved)} threads moved; {len(asked) - len(under_moved)} requests were under others")
    due = len(moved) * len(streams)
    return Followed(len(under_moved) / due, len(set(under_moved)) / due, took.peak_mb)


if __name__ == "__main__":
    command(run)
