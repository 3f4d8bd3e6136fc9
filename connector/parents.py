"""Which parents are to be asked under: those that are new or have moved since they were asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from connector.tables import quoted

if TYPE_CHECKING:  # `status` looks at parents, and is quick since it imports no schemas
    from schemas import Endpoint
    from schemas.endpoint import Parent


@dataclass(frozen=True, slots=True)
class Due:
    """A parent under which to ask: its id, its signal, and what fills the query, if anything."""

    parent_id: str
    signal: str
    query: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many parents, and the pages that hung under them when they were last asked."""

    parents: int
    pages: int


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

    1,000,000 parents, of which 10,000 are due: 0.7 s of CPU, and only `limit` of them leave DuckDB.
    """
    parameters = due_parameters(child, before, lag, everything=everything)
    rows = con.execute(
        f"""
        SELECT id, signal, query FROM ({_asked(child)})
        WHERE id NOT IN (SELECT unnest($skip::VARCHAR[])) AND (
            id IN (SELECT unnest($again::VARCHAR[])) OR {_IS_DUE})
        ORDER BY moved_at DESC NULLS LAST, id LIMIT $limit""",
        parameters | {"limit": limit, "skip": list(skip), "again": list(again)},
    ).fetchall()
    return [Due(*row) for row in rows]


def count_due(
    con: duckdb.DuckDBPyConnection,
    child: Endpoint,
    before: datetime,
    lag: timedelta,
    page_size: int,
    *,
    everything: bool,
) -> Count:
    """How many of them there are."""
    return Count(
        *con.execute(
            f"SELECT count(*), coalesce(sum({pages('rows')}), 0)::BIGINT "
            f"FROM ({_asked(child)}) WHERE {_IS_DUE}",
            due_parameters(child, before, lag, everything=everything) | {"page_size": page_size},
        ).fetchall()[0]
    )


def due_ids(child: Endpoint) -> str:
    """SQL of the ids of all that are due; takes what `due_parameters` gives."""
    return f"SELECT id FROM ({_asked(child)}) WHERE {_IS_DUE}"


def pages(rows: str) -> str:
    """SQL of how many pages so many rows take; a list without rows is a page too."""
    return f"greatest(1, ceil(coalesce({rows}, 0) / $page_size))::BIGINT"


def due_parameters(
    child: Endpoint, before: datetime, lag: timedelta, *, everything: bool = False
) -> dict[str, Any]:
    """What the SQL of this module asks for by name."""
    return {"stream": child.stream, "before": before, "lag": lag, "everything": everything}


def _asked(child: Endpoint) -> str:
    """SQL of every parent, with what is known of the last asking under it."""
    parent = child.parent
    assert parent
    query = f'p."{parent.query[1]}"' if parent.query else "NULL"
    return f"""
        SELECT p.id, {signal_of(parent)} AS signal, {query} AS query, c.checked_at, c.rows,
            c.signal AS signal_before, greatest({quoted(parent.signal, "p.")}) AS moved_at
        FROM main.{parent.stream} p
        LEFT JOIN meta.parents c ON c.stream = $stream AND c.parent_id = p.id"""


_IS_DUE = """(checked_at IS NULL OR (checked_at < $before AND (
    $everything OR signal <> signal_before
    OR moved_at BETWEEN checked_at - $lag AND checked_at)))"""


def parents_first(streams: list[Endpoint]) -> Iterator[tuple[Endpoint, list[Endpoint]]]:
    """Each list stream with the wanted child streams that hang under it."""
    wanted = {endpoint.stream for endpoint in streams}
    for endpoint in streams:
        if endpoint.parent is None:
            yield endpoint, [c for c in streams if c.parent and c.parent.stream == endpoint.stream]
        elif endpoint.parent.stream not in wanted:
            yield endpoint, []
