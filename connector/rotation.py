"""Rotation: parents that no signal calls for are asked under again, the longest unchecked first.

A message that is edited or deleted in an old thread may move nothing that a list shows (REFERENCE,
open question 4). So each ordinary sync spends a share of the budget on looking again, and nothing
stays unseen for longer than a bound that follows from the share and from how much there is.

The share is one of the requests that a key may make in the time since the rotation before. Counted
per run, it would grow with the number of runs; counted per day, the first run of a day would take
it all. Counted by time, a sync takes longer in proportion to the pause before it, whatever the
schedule: at 5 %, three quarters of a minute every 15 minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

import duckdb

from connector.parents import Count, Due, due_ids, due_parameters, pages, signal_of
from connector.settings import Settings

if TYPE_CHECKING:  # `status` computes the bound, and is quick since it imports no schemas
    from schemas import Endpoint

Connection = duckdb.DuckDBPyConnection

A_MINUTE = 1000
"""Requests that a key may make in a minute (REFERENCE 1.6)."""

REST = timedelta(days=1)
"""No parent is asked again sooner: a nightly full walk leaves nothing to do, and in a small
workspace not every sync asks under everything."""

LONGEST = timedelta(hours=1)
"""A longer pause counts as this: the first sync after a holiday is not to take hours."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """How much is asked again: `share` of the budget, from 0 (nothing) to 1."""

    share: float
    page_size: int

    @classmethod
    def of(cls, settings: Settings) -> Rotation:
        """As the settings have it."""
        return cls(settings.audit_share, settings.page_size)

    def allowance(self, con: Connection, stream: str, now: datetime) -> int:
        """Requests that a child stream may spend now.

        All streams that are in use divide the share by the pages that they have, so that one
        bound holds for all of them. Rounded up, or a small stream would never have its turn.
        """
        in_use = self._pages_in_use(con)
        if not in_use.get(stream):
            return 0
        minutes = (now - self._began(con, stream, now)) / timedelta(minutes=1)
        part = in_use[stream] / sum(in_use.values())
        return ceil(self.share * A_MINUTE * max(minutes, 0) * part)

    def bound(self, con: Connection) -> timedelta | None:
        """Within which time every parent is asked again, if a sync runs every hour or more often.

        None if nothing is asked again.
        """
        if not self.share:
            return None
        minutes = sum(self._pages_in_use(con).values()) / (self.share * A_MINUTE)
        return REST + timedelta(minutes=minutes) + LONGEST

    def _pages_in_use(self, con: Connection) -> dict[str, int]:
        found = con.execute(
            f"SELECT stream, sum({pages('rows')})::BIGINT FROM meta.parents GROUP BY stream",
            {"page_size": self.page_size},
        )
        return dict(found.fetchall())

    @staticmethod
    def _began(con: Connection, stream: str, now: datetime) -> datetime:
        """When the rotation before began, by the server's clock."""
        found = con.execute(
            """SELECT min(asked_at) FROM meta.walks WHERE stream = ? AND kind = 'rotation'
            GROUP BY run ORDER BY 1 DESC LIMIT 1""",
            [stream],
        ).fetchall()
        return max(now - LONGEST, found[0][0]) if found else now - LONGEST

    def find_oldest(
        self,
        con: Connection,
        child: Endpoint,
        before: datetime,
        requests: int,
        limit: int,
        skip: Sequence[str] = (),
    ) -> list[Due]:
        """The parents that were asked, or tried in vain, the longest ago, for so many requests.

        The last one's list may have more pages than are left: it has to have its turn at times.
        `skip` are ids that were tried in this run.
        """
        besides = "AND p.id NOT IN (SELECT unnest($skip::VARCHAR[]))"
        rows = con.execute(
            f"SELECT id, signal, query {_taken(child, besides)} ORDER BY tried_at, id",
            self._parameters(child, before, requests, limit) | {"skip": list(skip)},
        ).fetchall()
        return [Due(*row) for row in rows]

    def count_oldest(
        self, con: Connection, child: Endpoint, before: datetime, requests: int, lag: timedelta
    ) -> Count:
        """How many there will be once those are asked under that are due."""
        besides = f"AND p.id NOT IN ({due_ids(child)})"
        found = con.execute(
            f"SELECT count(*), coalesce(sum(pages), 0)::BIGINT {_taken(child, besides)}",
            self._parameters(child, before, requests, requests)
            | due_parameters(child, before, lag),
        )
        return Count(*found.fetchall()[0])

    def _parameters(
        self, child: Endpoint, before: datetime, requests: int, limit: int
    ) -> dict[str, object]:
        return {
            "stream": child.stream,
            "rested": before - REST,
            "page_size": self.page_size,
            "requests": requests,
            "limit": limit,
        }


def _taken(child: Endpoint, besides: str = "") -> str:
    """SQL (FROM and WHERE) of the parents whose turn it is.

    One that was not there when it was asked under may be deleted, and only a full walk of its list
    will say so. Until then it is tried once a day, and doesn't keep its place at the head.
    """
    parent = child.parent
    assert parent
    query = f'p."{parent.query[1]}"' if parent.query else "NULL"
    return f"""
        FROM (
            SELECT *, sum(pages) OVER (ORDER BY tried_at, id) - pages AS spent FROM (
                SELECT p.id, {signal_of(parent)} AS signal, {query} AS query,
                    {pages("c.rows")} AS pages, greatest(c.checked_at, v.tried_at) AS tried_at
                FROM meta.parents c JOIN main.{parent.stream} p ON p.id = c.parent_id
                LEFT JOIN ({in_vain(parent.stream)}) v ON v.id = c.parent_id
                WHERE c.stream = $stream AND c.checked_at < $rested
                    AND coalesce(v.tried_at < $rested, true) {besides}
                ORDER BY tried_at, p.id LIMIT $limit))
        WHERE spent < $requests"""


def in_vain(stream: str) -> str:
    """SQL of the rows of a stream that were not there: `id`, and `tried_at`, when that was."""
    return f"""SELECT m.key ->> '$[0]' AS id, max(w.asked_at) AS tried_at
        FROM meta.missing m JOIN meta.walks w ON w.walk = m.walk
        WHERE m.stream = '{stream}' GROUP BY ALL"""
