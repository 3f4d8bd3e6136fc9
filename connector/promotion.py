"""Old files of the lake, read with today's catalogue.

A column that was declared after a file was written is missing in it. If the API gave the field
even then, it stands in `_extra`, from where it is promoted; what doesn't fit the column stays.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from connector.tables import DUCKDB, quoted
from schemas import SYSTEMS, Column, Endpoint

FITS = {
    "text": "json_type({x}) = 'VARCHAR'",
    "number": "json_type({x}) IN ('UBIGINT', 'BIGINT', 'DOUBLE')",
    "flag": "json_type({x}) = 'BOOLEAN'",
    "stamp": "TRY_CAST({x} ->> '$' AS TIMESTAMPTZ) IS NOT NULL",
    "texts": "TRY_CAST({x} AS VARCHAR[]) IS NOT NULL",
}
"""When a JSON value fits a column of a kind; any value fits the others, which keep it as JSON."""


def promoted(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, piece: str) -> str:
    """SQL of a piece of the lake with every column that the catalogue has."""
    have = {row[0] for row in con.execute(f"DESCRIBE {piece}").fetchall()}
    missing = [c for c in endpoint.columns if not {name for name, _, _ in c.stored()} <= have]
    if not missing:
        return piece
    there = quoted(sorted(have - {"_extra"}))
    made = [f'{sql} AS "{name}"' for c in missing for name, sql in _columns(c) if name not in have]
    rest = "CAST(_extra AS JSON)"
    for column in missing:
        without = f"json_merge_patch({rest}, '{{\"{column.name}\": null}}')"
        rest = f"CASE WHEN {_fits(column)} THEN {without} ELSE {rest} END"
    return f"SELECT {there}, {', '.join(made)}, nullif({rest}, '{{}}') AS _extra {piece}"


def _columns(column: Column) -> Iterator[tuple[str, str]]:
    """What comes of a field that stands in `_extra`: column and SQL."""
    field, fits = _field(column), _fits(column)
    if column.kind in FITS:
        value = f"{field} ->> '$'" if column.kind != "texts" else field
        yield column.name, f"CASE WHEN {fits} THEN CAST({value} AS {DUCKDB[column.kind]}) END"
        return
    yield column.name, f"CASE WHEN json_type({field}) <> 'NULL' THEN {field} END"
    if column.kind == "ref":
        yield f"{column.name}_id", _inner(field, "id")
    if column.kind == "ids_by_system":
        yield from ((f"{column.name}_{one}", _inner(field, one)) for one in SYSTEMS)


def _inner(field: str, name: str) -> str:
    return f"CASE WHEN json_type({field}, '$.{name}') = 'VARCHAR' THEN {field} ->> '$.{name}' END"


def _fits(column: Column) -> str:
    field = _field(column)
    fits = FITS.get(column.kind, "true").format(x=field)
    return f"({field} IS NOT NULL AND (json_type({field}) = 'NULL' OR {fits}))"


def _field(column: Column) -> str:
    return f"(CAST(_extra AS JSON) -> '$.\"{column.name}\"')"
