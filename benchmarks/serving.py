"""Is the sandbox fast enough to measure others by? Its threads, fetched and dropped.

    python -m benchmarks.serving

Each connection walks a slice of `created_at` of its own; nothing is parsed but the cursor.
"""

from __future__ import annotations

import http.client
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from urllib.parse import quote, urlsplit

from benchmarks.figures import Figure, command, say
from benchmarks.server import Server, traffic
from connector.sandbox import Sandbox
from connector.sandbox.clock import from_micros

CURSOR = re.compile(rb'"cursor":"([^"]+)"')
SMALL = {"threads": 2000, "connections": 2, "reach": 1}


def run(threads: int = 100_000, connections: int = 8, reach: float = 60_000) -> list[Figure]:
    """Rows that the sandbox serves a second, and its processor time for a page."""
    with Server(threads) as server:
        bounds = server.do(slices, connections)
        before = server.do(traffic)
        start, own = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(connections) as pool:
            sizes = list(pool.map(lambda pair: walk(server, *pair), bounds))
        seconds, own = time.perf_counter() - start, time.process_time() - own
        after = server.do(traffic)
    cpu = after.cpu - before.cpu
    say(
        f"{after.pages:,} pages of {sum(sizes) / after.pages / 1000:.0f} kB in {seconds:.1f} s; "
        f"{cpu / after.pages * 1e3:.2f} ms CPU a page, {own / after.pages * 1e3:.2f} ms to fetch it"
    )
    how = f"{threads:,} threads of {sum(sizes) / threads:,.0f} bytes, {connections} connections"
    return [
        Figure("rows served a second", how, threads / seconds, reach),
        Figure("rows served a CPU second", how, threads / cpu, reach),
    ]


def slices(box: Sandbox, count: int) -> list[tuple[str, str]]:
    """Bounds of `created_at`, as a query has them, between which lie equally many threads."""
    made = sorted(row.created for row in box.workspace.tables["threads"].shown)
    edges = [made[0] - 1, *(made[len(made) * n // count] for n in range(1, count)), made[-1] + 1000]
    return [
        (from_micros(low).isoformat(), from_micros(high).isoformat())
        for low, high in pairwise(edges)
    ]


def walk(server: Server, low: str, high: str) -> int:
    """Fetch every page between the bounds; returns the bytes."""
    address = urlsplit(server.url)
    between = f"created_after={quote(low)}&created_before={quote(high)}"
    path = f"{address.path}/threads?limit=200&{between}"
    size, cursor = 0, ""
    with closing(http.client.HTTPConnection(address.netloc)) as plug:
        while True:
            plug.request("GET", path + cursor, headers={"Authorization": f"Bearer {server.key}"})
            body = plug.getresponse().read()
            size += len(body)
            found = CURSOR.search(body, len(body) - 400)
            if found is None:
                return size
            cursor = f"&cursor={found[1].decode()}"


if __name__ == "__main__":
    command(run)
