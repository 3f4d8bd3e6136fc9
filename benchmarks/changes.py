"""Changes to a workspace, and the fewest requests by which they can be learned.

What is counted is read off the workspace's own tables after the changes, not off the list of
changes: a row that changed twice is one row.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from connector.sandbox import Sandbox
from connector.sandbox.store import is_table
from schemas import STREAMS, Endpoint

PAGE = 200
TOP = [e.stream for e in STREAMS.values() if e.parent is None]
"""The lists that hang under nothing."""

LISTS = [e.stream for e in STREAMS.values() if e.parent and e.parent.stream == "threads"]
"""The lists that hang under each thread."""


@dataclass(frozen=True)
class Changed:
    """What is new since a moment: rows by stream, and the threads among them."""

    rows: Mapping[str, int]
    threads: frozenset[str]


def change(box: Sandbox, count: int, streams: list[str], seed: int = 7) -> Changed:
    """Make so many changes, spread evenly over the streams, and let them become old enough."""
    box.clock.advance(3600)
    since, rng = box.workspace.stamp(), random.Random(seed)
    for stream in islice(cycle(s for s in streams if s in LISTS or is_table(s)), count):
        _change_one(box, stream, rng)
    box.clock.advance(3600)
    tables = {stream: box.workspace.tables[stream] for stream in TOP if is_table(stream)}
    new = {s: [row.key for row in t.shown if row.updated >= since] for s, t in tables.items()}
    rows = {stream: len(keys) for stream, keys in new.items()}
    return Changed(rows, frozenset(new["threads"]))


def _change_one(box: Sandbox, stream: str, rng: random.Random) -> None:
    rows = box.workspace.tables["threads" if stream in LISTS else stream].shown
    key = rng.choice(rows).key
    if stream in LISTS:
        box.workspace.create(stream, key)
    else:
        box.workspace.update(stream, key)


def pages(rows: int) -> int:
    """Requests for so many rows: an empty list takes one too."""
    return max(1, -(-rows // PAGE))


def least_at_first(box: Sandbox, streams: list[str]) -> int:
    """Requests that a first load takes at least, without what hangs under threads.

    A list with flags takes one for each combination and one without, which is how a full walk
    proves what the list hides; a list per team takes one for each team.
    """
    return sum(_whole(box, STREAMS[stream]) for stream in streams if stream in TOP)


def least_after(box: Sandbox, streams: list[str], changed: Changed) -> int:
    """Requests that learning the changes takes at least.

    One for each windowed stream, or the pages of its changed rows; what can only be read whole
    is; and one for each moved thread and each list under it.
    """
    top = [STREAMS[stream] for stream in streams if stream in TOP]
    return len(changed.threads) * sum(stream in LISTS for stream in streams) + sum(
        pages(changed.rows[one.stream]) if one.asked == "window" else _whole(box, one)
        for one in top
    )


def _whole(box: Sandbox, endpoint: Endpoint) -> int:
    if endpoint.each_team:
        table = box.workspace.tables[endpoint.stream]
        return len({box.workspace.record(table.stream, row)["team_id"] for row in table.living()})
    if not endpoint.paged:
        return 1
    return max(pages(_rows(box, endpoint)), len(endpoint.parts) + 1 if endpoint.flags else 1)


def _rows(box: Sandbox, endpoint: Endpoint) -> int:
    stream = endpoint.stream
    return len(box.workspace.tables[stream].shown) if is_table(stream) else 1


def rows_listed(box: Sandbox, streams: list[str]) -> dict[str, int]:
    """How many rows each list has now."""
    return {stream: _rows(box, STREAMS[stream]) for stream in streams}


def asked_under(box: Sandbox) -> list[tuple[str, str]]:
    """The requests for what hangs under threads since they were last forgotten: (thread, list)."""
    paths = (request.path.split("/") for request in box.requests)
    return [(path[2], path[3]) for path in paths if len(path) == 4 and path[1] == "threads"]
