"""What hangs under threads: are only those that moved asked for, in memory that stays flat?

    python -m benchmarks.children

First everything is read: two requests for each thread, which takes long. Then a share of the
threads moves. Requests under threads that did not move are the rotation's, and are told apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from benchmarks.changes import LISTS, asked_under, change
from benchmarks.figures import Figure, command, say
from benchmarks.measured import connectors
from benchmarks.server import Server, limit_to, traffic

SMALL = {"threads": 200, "beside": 100, "fan_out": 0.1}


@dataclass(frozen=True)
class Followed:
    """How one sync followed the threads that moved.

    `asked`: requests for each of them and each list; `all_asked`: was none left out?
    """

    asked: float
    all_asked: bool
    peak_mb: float


def run(
    threads: int = 1_000_000, beside: int = 50_000, fan_out: float = 0.01, limit: int = 20_000
) -> list[Figure]:
    """Requests for each moved thread and list, and memory beside that of a smaller workspace."""
    small, large = (follow(size, fan_out, limit) for size in (beside, threads))
    how = f"{fan_out:.0%} of {threads:,} threads moved"
    return [
        Figure("requests a moved thread and list", how, large.asked, 1.1, at_most=True),
        Figure("were all moved threads asked for?", how, large.all_asked and small.all_asked, 1),
        Figure(
            "peak memory, large over small", how + f", over {beside:,}",
            large.peak_mb / small.peak_mb, 1.15, at_most=True,
        ),
    ]  # fmt: skip


def follow(threads: int, fan_out: float, limit: int) -> Followed:
    """Read everything, move some threads, and see what the next sync asks."""
    with Server(threads) as server, connectors(server) as [connector]:
        connector.run("sync", "threads", *LISTS, "--json")
        moved = server.do(change, round(threads * fan_out), ["threads"]).threads
        server.do(limit_to, limit)
        server.do(traffic)
        took = connector.run("sync", "threads", *LISTS, "--json")
        asked = Counter(server.do(asked_under))
    under_moved = sum(asked[thread] for thread in moved)
    say(f"{len(moved)} threads moved; {asked.total() - under_moved} requests were under others")
    all_asked = all(asked[thread] >= len(LISTS) for thread in moved)
    return Followed(under_moved / (len(moved) * len(LISTS)), all_asked, took.peak_mb)


if __name__ == "__main__":
    command(run)
