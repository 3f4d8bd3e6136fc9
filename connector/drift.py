"""What windows miss: content that changed under an unmoved `updated_at`, and rows that come late.

No window can show either, but by luck of its overlap; a full walk does (FAILURES, B4 and B7).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import duckdb

from connector.tables import own, quoted, same_key
from connector.versions import Pieces
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class Drift:
    """How many rows, and in how many of them each field."""

    rows: int = 0
    fields: dict[str, int] = field(default_factory=dict)


def unmoved(endpoint: Endpoint, left: str, right: str) -> str:
    """SQL: do two versions of a row have the same stamp? Streams without stamps don't drift."""
    if "updated_at" not in own(endpoint):
        return "false"
    return f'{left}."updated_at" IS NOT DISTINCT FROM {right}."updated_at"'


def late(endpoint: Endpoint, row: str) -> str:
    """SQL: does the row's stamp lie where everything was closed before this walk?"""
    if endpoint.asked != "window":
        return "false"
    return f"""coalesce({row}.updated_at <= (SELECT max(closed_to) FROM meta.windows
        WHERE stream = '{endpoint.stream}' AND closed_from IS NULL), false)"""


def find_drift(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, rows: Pieces) -> Drift:
    """The drift among the rows in table `differing` (see `news`), which `rows` hold in full."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE drifted AS SELECT {quoted(endpoint.key)} FROM differing
        GROUP BY ALL HAVING NOT bool_or(is_new) AND bool_and(is_drift)""")
    count = con.execute("SELECT count(*) FROM drifted").fetchall()[0][0]
    if not count:
        return Drift()
    names = [name for name in (*own(endpoint), "_extra") if name not in endpoint.key]
    fields: Counter[str] = Counter()
    for piece in rows():
        fields.update(dict(zip(names, _changed(con, endpoint, piece, names), strict=True)))
    return Drift(count, {name: count for name, count in fields.items() if count})


def _changed(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, piece: str, names: list[str]
) -> tuple[int, ...]:
    """In how many drifted rows of a piece each field differs from what the warehouse has.

    A row may be there more than once. Counting distinct keys for each field would hold a table of
    them per field and thread: 130 MB for three rows of 40 fields.
    """
    differs = ", ".join(
        f'bool_or(CAST(s."{name}" AS VARCHAR) IS DISTINCT FROM CAST(m."{name}" AS VARCHAR)) '
        f"AS differs_{number}"
        for number, name in enumerate(names)
    )
    # `count_if` of no rows is NULL.
    counts = ", ".join(f"count(*) FILTER (differs_{number})" for number in range(len(names)))
    found: list[tuple[int, ...]] = con.execute(f"""
        SELECT {counts} FROM (
            SELECT {differs} FROM ({piece}) s SEMI JOIN drifted d ON {same_key(endpoint, "s", "d")}
            JOIN main.{endpoint.stream} m ON {same_key(endpoint, "s", "m")}
            GROUP BY {quoted(endpoint.key, "s.")})""").fetchall()
    return found[0]
