"""How many requests bring the warehouse up to date after a few changes.

    python -m benchmarks.incremental

The first load is made without limit; the sync that is measured has the API's own. What the
connector asks beyond the changes (its identity, threads that it looks at by rotation) counts.
"""

from __future__ import annotations

from benchmarks.changes import LISTS, TOP, Changed, asked_under, change, least_after
from benchmarks.figures import Figure, Streams, command, say
from benchmarks.measured import Measured, connectors
from benchmarks.server import UNLIMITED, Server, limit_to, traffic
from connector.sandbox import Readings
from schemas import STREAMS

SMALL = {"threads": 60, "changes": 30, "limit": UNLIMITED}
EVERYTHING = [*TOP, *LISTS]
BUMPED = Readings(children_bump="yes")
"""A message that moves nothing in its thread shows in no window, only in the next full walk."""


def run(
    threads: int = 100_000,
    changes: int = 500,
    limit: int = 1000,
    streams: Streams = EVERYTHING,
) -> list[Figure]:
    """Requests of a sync after changes in all streams, over the least possible."""
    with Server(threads, readings=BUMPED) as server, connectors(server) as [connector]:
        connector.sync(*streams)
        changed = server.do(change, changes, streams)
        least = server.do(least_after, streams, changed)
        server.do(limit_to, limit)
        server.do(traffic)
        synced = connector.sync(*streams)
        others = [one for one in server.do(asked_under) if one[0] not in changed.threads]
        made = server.do(traffic).requests
    say(
        f"{made} requests, at least {least} are needed; {len(changed.threads)} threads moved, "
        f"{len(others)} requests were under others"
    )
    how = f"{threads:,} threads, {changes} changes"
    return [
        Figure("requests over the least possible", how, made / least, 1.2, at_most=True),
        Figure("share of the changed rows that arrived", how, arrived(synced, changed), 1),
    ]


def arrived(synced: Measured, changed: Changed) -> float:
    """Of the changed rows that windows show, the share that the sync called new or changed."""
    found = {one["stream"]: one["new"] + one["changed"] for one in synced.document["streams"]}
    asked = [stream for stream in found if STREAMS[stream].asked == "window"]
    share: float = sum(found[s] for s in asked) / sum(changed.rows[s] for s in asked)
    return share


if __name__ == "__main__":
    command(run)
