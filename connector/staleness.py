"""How long ago the published rows of a stream were surely what the source had.

A backfill of old days can't make it look fresher: what counts is the end of the span that is closed
from the beginning of time without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from connector.parents import signal_of
from connector.rotation import in_vain
from schemas import Endpoint, Parent

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class Staleness:
    """A stream's rows are those of `fresh_to`, if every change moves the stamp that tells of it.

    `fresh_to` is None for a stream that nobody has read to the end. `proven_from`: since when
    this needs no such trust, and deletions are known as well: the last full walk.
    """

    stream: str
    fresh_to: datetime | None
    proven_from: datetime | None
    was_read: bool

    def age(self, now: datetime) -> timedelta | None:
        """How old the rows may be; none for what was never read to the end."""
        return now - self.fresh_to if self.fresh_to else None


def staleness(con: Connection, endpoints: Iterable[Endpoint]) -> Iterator[Staleness]:
    """How the published rows of some streams stand. What is known of all takes one question."""
    found = con.execute("SELECT stream, stamped_from, proven_from, read_to FROM meta.freshness")
    known = {stream: rest for stream, *rest in found.fetchall()}
    for endpoint in endpoints:
        stamped, proven, read_to = known[endpoint.stream]
        if endpoint.parent:
            of_list, *_ = known[endpoint.parent.stream]
            stamped = _of_children(con, endpoint, endpoint.parent, of_list)
        yield Staleness(endpoint.stream, stamped, proven, read_to is not None)


def _of_children(
    con: Connection, endpoint: Endpoint, parent: Parent, of_list: datetime | None
) -> datetime | None:
    """As fresh as the parents' list, or as the oldest news of a parent that nobody has followed.

    `meta.freshness` is stricter: it takes what was asked under a parent for old when the parent
    has moved a moment ago, which each sync finds so. Parents that were not there when they were
    asked under wait for a full walk, and hold nothing back.
    """
    if of_list is None:
        return None
    [(unfollowed,)] = con.execute(
        f"""SELECT min(p._synced_at) FROM main.{parent.stream} p
            LEFT JOIN meta.parents c ON c.stream = ? AND c.parent_id = p.id
            LEFT JOIN ({in_vain(parent.stream)}) v ON v.id = p.id
            WHERE v.id IS NULL AND (c.parent_id IS NULL OR c.signal <> {signal_of(parent)})""",
        [endpoint.stream],
    ).fetchall()
    return min(of_list, unfollowed or of_list)
