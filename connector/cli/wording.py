"""Types of DuckDB of which Python's values say less than DuckDB's own words: asked for as text.

As timedelta a month is thirty days; bytes have no form of their own but Python's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    from duckdb.sqltypes import DuckDBPyType

WORDED = ("interval", "blob", "time with time zone", "timestamp_ns", "time_ns")
VIEW = 'temp."what is asked"'


def in_words(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """The query, or one with the same answer in which such values are texts."""
    asked = con.sql(query)
    kinds = [_worded(kind) for kind in asked.types]
    if kinds == [*map(str, asked.types)]:
        return query
    con.execute(f"CREATE TEMP VIEW {VIEW} AS {query}")  # it may end in a comment, or a semicolon
    cells = [
        f"#{place}::{kind} AS {_quoted(name)}"
        for place, (name, kind) in enumerate(zip(asked.columns, kinds, strict=True), start=1)
    ]
    return f"SELECT {', '.join(cells)} FROM {VIEW}"


def _worded(kind: DuckDBPyType) -> str:
    if kind.id in WORDED:
        return "VARCHAR"
    if kind.id not in ("list", "array", "struct", "map"):
        return str(kind)
    inner: dict[str, Any] = dict(kind.children)
    if kind.id == "map":
        return f"MAP({_worded(inner['key'])}, {_worded(inner['value'])})"
    if kind.id == "struct":
        fields = (f"{_quoted(name)} {_worded(one)}" for name, one in inner.items())
        return f"STRUCT({', '.join(fields)})"
    return f"{_worded(inner['child'])}[{inner.get('size', '')}]"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
