"""How much of the key's budget a first load uses, and how near it comes to the least time.

    python -m benchmarks.budget
    python -m benchmarks.budget --processes 2
    python -m benchmarks.budget --latency-ms 1000 --latency-p99-ms 1000 --reach 0.95

The server takes 1000 requests a minute and key, and a third of that in ten seconds. The share
may exceed 1: the burst rule lets a short run go faster than 1000 a minute.
"""

from __future__ import annotations

import time

from benchmarks.changes import TOP, least_at_first
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.measured import Connector, connectors
from benchmarks.server import Server, Traffic, traffic

SMALL = {"threads": 400, "limit": 6000, "latency_ms": 5.0, "latency_p99_ms": 20.0}


def run(
    threads: int = 40_000,
    limit: int = 1000,
    latency_ms: float = 120.0,
    latency_p99_ms: float = 1000.0,
    processes: int = 1,
    reach: float = 0.97,
    streams: Streams = TOP,
) -> list[Figure]:
    """The share of the budget that first loads use, and their time over the least possible."""
    latency = {"latency_ms": latency_ms, "latency_p99_ms": latency_p99_ms}
    with (
        Server(threads, limit=limit, **latency) as server,
        connectors(server, processes) as several,
    ):
        least = server.do(least_at_first, streams) * processes
        server.do(traffic)
        seconds = together(several, streams)
        served = server.do(traffic)
    say(
        f"{served.requests} requests in {served.seconds:.1f} s, {least} are needed at least; "
        f"{served.refused} were refused; {seconds:.1f} s in all"
    )
    how = (
        f"{threads:,} threads, {limit} a minute, {latency_ms:g} ms (p99 {latency_p99_ms:g}), "
        f"processes: {processes}"
    )
    return [
        Figure("share of the budget used", how, share(served, limit), reach),
        Figure("time over the least", how, seconds / (least / limit * 60), 1.05, at_most=True),
        Figure("requests refused by 429", how, served.refused, 0, at_most=True),
    ]


def share(served: Traffic, limit: int) -> float:
    """Requests answered, over those that so many a minute allow from the first to the last."""
    return (served.requests - served.refused) / (limit * served.seconds / 60)


def together(several: list[Connector], streams: list[str]) -> float:
    """Run a sync in each at once; returns the seconds until the last has ended."""
    began = time.perf_counter()
    started = [one.start("sync", *streams, "--json") for one in several]
    for one in started:
        say(f"sync: {one.wait()}")
    return time.perf_counter() - began


if __name__ == "__main__":
    command(run)
