"""Which parents are to be asked under: those that are new or have moved since they were asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from connector.tables import quoted
from schemas import Endpoint
from schemas.endpoint import Parent


@dataclass(frozen=True, slots=True)
class Due:
    """A parent under which to ask: its id, its signal, and what fills the query, if anything."""

    parent_id: str
    signal: str
    query: str | None


def signal_of(parent: Parent) -> str:
    """SQL of what a parent `p` looks like; when it moves, there may be news under it."""
    return " || '|' || ".join(
        f"coalesce(epoch_us(p.\"{column}\")::VARCHAR, '')" for column in parent.signal
    )


def find_due(
    con: duckdb.DuckDBPyConnection,
    child: Endpoint,
    before: datetime,
    lag: timedelta,
    *,
    everything: bool,
    limit: int,
    skip: Sequence[str] = (),
    again: Sequence[str] = (),
) -> list[Due]:
    """Parents to ask under: new, moved, or moved so shortly before they were last asked that
    a child may not have been visible yet. Each once a run: `before` is the run's beginning.
    The most recently moved come first; `skip` are ids that have just been tried in vain,
    `again` those that are asked for a second look, whatever else holds.
    """
    parent = child.parent
    assert parent
    query = f'p."{parent.query[1]}"' if parent.query else "NULL"
    rows = con.execute(
        f"""
        WITH asked AS (
            SELECT p.id, {signal_of(parent)} AS signal, {query} AS query, c.checked_at,
                c.signal AS signal_before, greatest({quoted(parent.signal, "p.")}) AS moved_at
            FROM main.{parent.stream} p
            LEFT JOIN meta.parents c ON c.stream = $stream AND c.parent_id = p.id)
        SELECT id, signal, query FROM asked
        WHERE id NOT IN (SELECT unnest($skip::VARCHAR[])) AND (
            id IN (SELECT unnest($again::VARCHAR[]))
            OR checked_at IS NULL OR (checked_at < $before AND (
                $everything OR signal <> signal_before
                OR moved_at BETWEEN checked_at - $lag AND checked_at)))
        ORDER BY moved_at DESC NULLS LAST, id LIMIT $limit""",
        {
            "stream": child.stream,
            "before": before,
            "everything": everything,
            "lag": lag,
            "limit": limit,
            "skip": list(skip),
            "again": list(again),
        },
    ).fetchall()
    return [Due(*row) for row in rows]
