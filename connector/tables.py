"""The tables of the warehouse, as SQL made from the catalogue.

`main` holds the present rows, `past` every other observation; `history` shows both as versions.
There is no primary key anywhere: DuckDB is 13 to 190 times slower with one (DESIGN, measured);
uniqueness is checked instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `status` quotes names, and is quick since it imports no schemas
    from schemas import Endpoint

DUCKDB = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "stamp": "TIMESTAMPTZ",
    "texts": "VARCHAR[]",
    "json": "JSON",
}

PROSE = {"text", "html", "content", "description", "summary"}
"""Columns of texts of any length."""

MAIN_OWN = {
    "_extra": ("JSON", "Fields that the schema doesn't know, or whose value didn't fit"),
    "_synced_at": ("TIMESTAMPTZ", "When this version was read, by the server's clock"),
    "_valid_from": ("TIMESTAMPTZ", "Since when the row has been like this"),
    "_hash": ("VARCHAR", "Tells one content from another"),
    "_walk": ("VARCHAR", "The walk that read it; see meta.walks"),
    "_request_id": ("VARCHAR", "The API's id of the request that read it"),
}
PAST_OWN = {
    "_extra": ("JSON", ""),
    "_observed_at": ("TIMESTAMPTZ", ""),
    "_valid_from": ("TIMESTAMPTZ", ""),
    "_valid_to": ("TIMESTAMPTZ", ""),
    "_deleted": ("BOOLEAN", ""),
    "_repeat": ("BOOLEAN", ""),
    "_last_seen_at": ("TIMESTAMPTZ", ""),
    "_noticed_at": ("TIMESTAMPTZ", ""),
    "_hash": ("VARCHAR", ""),
    "_walk": ("VARCHAR", ""),
    "_request_id": ("VARCHAR", ""),
}


def quoted(names: Iterable[str], prefix: str = "") -> str:
    """Column names for SQL: `order`, `from` and `to` are words of it."""
    return ", ".join(f'{prefix}"{name}"' for name in names)


def own(endpoint: Endpoint) -> list[str]:
    """The names of the stream's own columns."""
    return [name for name, _, _ in endpoint.stored()]


def same_key(endpoint: Endpoint, left: str, right: str) -> str:
    """The condition that two relations speak of one row; a null language equals a null language.

    An id is never null, and DuckDB skips what can't match only where it is told `=`.
    """
    equal = {"id": "=", endpoint.key[0]: "="} if len(endpoint.key) == 1 else {"id": "="}
    return " AND ".join(
        f'{left}."{k}" {equal.get(k, "IS NOT DISTINCT FROM")} {right}."{k}"' for k in endpoint.key
    )


def in_order(endpoint: Endpoint) -> str:
    """The total order of a row's observations, for ORDER BY; `versions` says why it is this one."""
    return f"_observed_at, _walk, {stamp_of(endpoint)} NULLS FIRST, _hash"


def stamp_of(endpoint: Endpoint) -> str:
    """SQL of the source's own word on since when: its latest change, or else its beginning."""
    found = [name for name in ("updated_at", "created_at", "joined_at") if name in own(endpoint)]
    return f"coalesce({quoted(found)}, NULL::TIMESTAMPTZ)" if found else "NULL::TIMESTAMPTZ"


def create_tables(endpoint: Endpoint) -> Iterator[str]:
    """The statements that make a stream's tables, with their comments."""
    stream = endpoint.stream
    columns = [(name, DUCKDB[kind]) for name, kind, _ in endpoint.stored()]
    for schema, extra in (("main", MAIN_OWN), ("past", PAST_OWN)):
        own_columns = [(name, kind) for name, (kind, _) in extra.items()]
        body = ", ".join(f'"{n}" {t}{_compressed(n, t)}' for n, t in [*columns, *own_columns])
        yield f"CREATE TABLE {schema}.{stream} ({body})"
    yield f"COMMENT ON TABLE main.{stream} IS {text(endpoint.meaning)}"
    meanings = [(name, meaning) for name, _, meaning in endpoint.stored()]
    for name, meaning in [*meanings, *((name, meaning) for name, (_, meaning) in MAIN_OWN.items())]:
        yield f'COMMENT ON COLUMN main.{stream}."{name}" IS {text(meaning)}'


def _compressed(name: str, kind: str) -> str:
    """Documents and prose are compressed as such: a table of threads then takes 40 % of the space.

    Left to itself, DuckDB looks for repetitions of whole values, and takes a third longer.
    """
    return " USING COMPRESSION zstd" if kind == "JSON" or name in PROSE else ""


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"
