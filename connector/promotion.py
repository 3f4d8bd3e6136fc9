"""Old files of the lake, read with today's catalogue: as if their records were decoded today.

A column that was declared later, or whose kind was corrected, is made by `decode`'s own functions
of the value that the file has, in a column or in `_extra`. What doesn't fit stays in `_extra`, and
there goes what is declared no longer.

Not every form of a value comes back, since a column keeps none: a date is given in UTC, to the
millisecond or, where it has them, microseconds; a whole number without a point; and a column that
is declared no longer says nothing where it was empty, be it for null or for nothing at all.

Files from before they noted what their columns hold only tell texts from the rest. What is text
today is taken for text, and any other for JSON wherever it is JSON.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connector import records
from connector.buckets import HELD
from connector.decode import BUILD, extra_text
from connector.errors import BrokenAnswer
from connector.records import Record
from connector.streamed import Streamed
from connector.versions import parquets
from schemas import SYSTEMS, Column, Endpoint
from schemas.arrow import ARROW, KINDS

Kinds = frozenset[tuple[str, str]]
"""Each of the stream's own columns, and what it holds; `derived` is taken from another of them."""

UNCLEAR = "text or json"


def by_kinds(endpoint: Endpoint, paths: Sequence[str]) -> dict[Kinds, list[str]]:
    """Files by what their columns hold."""
    now, found = kinds_of(endpoint.schema), defaultdict(list)
    for path in paths:
        with pq.ParquetFile(path) as file:
            found[_cleared(file, kinds_of(file.schema_arrow, now), now)].append(path)
    return found


def kinds_of(schema: pa.Schema, now: Kinds = frozenset()) -> Kinds:
    """What the columns of a file hold: as it notes, or as can be told from types and names."""
    names = [name for name in schema.names if not name.startswith("_")]
    if noted := (schema.metadata or {}).get(KINDS):
        return frozenset(zip(names, noted.decode().split(","), strict=True))
    types = {kind: stored for kind, stored in ARROW.items() if kind not in ("text", "json")}
    found = {n: kind for n in names for kind, one in types.items() if schema.field(n).type == one}
    texts = {name: "text" for name in names if (name, "text") in now}
    derived = {f"{name}_{part}": "derived" for name in names for part in ("id", *SYSTEMS)}
    guessed = dict.fromkeys(names, UNCLEAR) | texts | derived | found
    return frozenset((name, guessed[name]) for name in names)


def _cleared(file: pq.ParquetFile, had: Kinds, now: Kinds) -> Kinds:
    """What is JSON today and was JSON or text is taken for JSON where the file holds no other."""
    unclear = [name for name, kind in had if kind == UNCLEAR and (name, "json") in now]
    found = file.iter_batches(HELD, columns=unclear) if unclear else ()
    texts = (text for rows in found for array in rows for text in array.to_pylist())
    if any(text is not None and _unclear(text) is text for text in texts):
        return had
    return had - {(name, UNCLEAR) for name in unclear} | {(name, "json") for name in unclear}


def promotion(endpoint: Endpoint, schema: pa.Schema, old: dict[Kinds, list[str]]) -> Streamed:
    """The rows of some files with the columns of `schema`: today's, of rows or of deletions."""
    return Streamed(schema, partial(_tables, endpoint, schema, old))


def _tables(
    endpoint: Endpoint, schema: pa.Schema, old: dict[Kinds, list[str]]
) -> Iterator[pa.Table]:
    """DuckDB opens small files four times as fast as pyarrow, and fills batches from many."""
    for had, paths in old.items():
        with duckdb.connect(config={"threads": 1}) as con:
            con.execute("SET TimeZone = 'UTC'")
            for piece in parquets(paths):
                for rows in con.sql(piece).to_arrow_reader(HELD):
                    yield pa.Table.from_batches([promoted(endpoint, schema, rows, had)])


def promoted(
    endpoint: Endpoint, schema: pa.Schema, rows: pa.RecordBatch, had: Kinds
) -> pa.RecordBatch:
    """Some rows of a file whose columns hold what `had` says, with the columns of `schema`."""
    extras: list[Record] = [_json(text) or {} for text in rows["_extra"].to_pylist()]
    made = {name: rows[name] for name in rows.schema.names}
    kinds = dict(had)
    for name in kinds.keys() - {column.name for column in endpoint.columns}:
        _give_up(name, _values(rows, name, kinds[name]), extras)
    for column in _other(endpoint, had):
        own = _values(rows, column.name, kinds.get(column.name))
        values = [_found(column.name, *one) for one in zip(own, extras, strict=True)]
        names = [name for name, _, _ in column.stored()]
        made |= zip(names, BUILD[column.kind](column, values, extras), strict=True)
    made["_extra"] = pa.array(map(extra_text, extras), pa.string())
    return pa.RecordBatch.from_arrays([made[name] for name in schema.names], schema=schema)


def _other(endpoint: Endpoint, had: Kinds) -> list[Column]:
    """The columns that hold something else today, or are new."""
    lacking = {name for name, _ in kinds_of(endpoint.schema) - had}
    return [c for c in endpoint.columns if not lacking.isdisjoint(n for n, _, _ in c.stored())]


def _give_up(name: str, values: list[Any], extras: list[Record]) -> None:
    for value, extra in zip(values, extras, strict=True):
        if value is not None:
            extra[name] = value


def _found(name: str, value: Any, extra: Record) -> Any:
    """A field's value: the column's own, or the one that didn't fit or was not known."""
    return extra.pop(name, None) if value is None else value


def _values(rows: pa.RecordBatch, name: str, kind: str | None) -> list[Any]:
    """The values of a field, as its records had them."""
    if kind in (None, "derived"):
        return [None] * rows.num_rows
    values: list[Any] = rows[name].to_pylist()
    read = _READ.get(kind)
    return [None if v is None else read(v) for v in values] if read else values


def _json(text: str | None) -> Any:
    return None if text is None else records.parse(text.encode())[0]


def _unclear(text: str) -> Any:
    """A value that is JSON or a text. A null never stands in a column as JSON."""
    with suppress(BrokenAnswer):
        if (value := _json(text)) is not None:
            return value
    return text


def _number(value: float) -> int | float:
    """A number as JavaScript writes it: whole ones without a point, up to 21 digits."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _stamp(value: datetime) -> str:
    digits = "microseconds" if value.microsecond % 1000 else "milliseconds"
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits) + "Z"


_READ: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "stamp": _stamp,
    "json": _json,
    UNCLEAR: _unclear,
}
