"""How the sync itself fares: what the report says of every table it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from connector.report.chart import Row, counted
from connector.status import rows_by_table

QUERY = """
    WITH latest AS (
        SELECT stream, max_by(outcome, ended_at) AS outcome, max_by(error, ended_at) AS error
        FROM meta.run_streams GROUP BY stream
    ), aside AS (SELECT stream, count(*) AS n FROM meta.set_aside GROUP BY stream
    ), fields AS (SELECT stream, count(*) AS n FROM meta.schema_changes GROUP BY stream
    ), held AS (SELECT stream, count(*) AS n FROM meta.missing GROUP BY stream)
    SELECT f.stream, f.stamped_from, f.proven_from, f.read_to, coalesce(f.unasked, 0) AS unasked,
        l.outcome, l.error, coalesce(a.n, 0) AS aside, coalesce(u.n, 0) AS unknown,
        coalesce(h.n, 0) AS held
    FROM meta.freshness f LEFT JOIN latest l USING (stream) LEFT JOIN aside a USING (stream)
    LEFT JOIN fields u USING (stream) LEFT JOIN held h USING (stream)"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of `main`: its rows, the two bounds on its age, and what is not as it should be."""

    stream: str
    rows: int
    as_of: datetime | None
    complete_as_of: datetime | None
    was_read: bool
    troubles: tuple[str, ...]


def health(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table, as the catalogue has them: first those in trouble."""
    counts = rows_by_table(con)
    asked = con.execute(QUERY)
    names = [name for name, *_ in asked.description or []]
    found = [_table(dict(zip(names, values, strict=True)), counts) for values in asked.fetchall()]
    return sorted(found, key=lambda one: not one.troubles)


def _table(row: Row, counts: dict[str, int]) -> Table:
    return Table(
        stream=row["stream"],
        rows=counts[row["stream"]],
        as_of=row["stamped_from"],
        complete_as_of=row["proven_from"],
        was_read=row["read_to"] is not None,
        troubles=tuple(_troubles(row)),
    )


def _troubles(row: Row) -> list[str]:
    outcome = row["outcome"] or "done"
    return [
        text
        for text, holds in (
            (f"{outcome}: {row['error']}" if row["error"] else outcome, outcome != "done"),
            (f"{counted(row['aside'], 'record')} no table can hold", row["aside"]),
            (f"{counted(row['unasked'], 'row')} not asked under yet",
             row["unasked"] and row["read_to"]),
            (f"{counted(row['held'], 'row')} absent once, waiting for proof", row["held"]),
            (f"{counted(row['unknown'], 'field')} unknown to the schema", row["unknown"]),
        )
        if holds
    ]  # fmt: skip
