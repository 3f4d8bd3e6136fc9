"""Records to rows: typed by the catalogue, column by column.

A column whose values all have the expected type is built at once. A value that doesn't fit its
column is not bent: the column stays empty and the value is kept in `_extra`, as are fields that
the catalogue doesn't know. A record that has no key, or that no table can hold, is set aside
with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from connector import records, stamps
from connector.records import Record
from schemas import SYSTEMS, Column, Endpoint
from schemas.arrow import ARROW


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was set aside. `key` is its key as JSON where it could be read.

    `parent`: the id of the row that it was listed under, if any.
    """

    reason: str
    record: str
    key: str | None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from; `given` are columns known from the question (the parent's id)."""

    walk: str
    request_id: str
    observed_at: datetime
    given: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Decoded:
    """What came of some records: the rows, what was set aside, and what the catalogue misses."""

    rows: pa.RecordBatch
    rejected: list[Rejected] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)


def decode(
    endpoint: Endpoint, found: Sequence[Any], source: Source, *, exact: bool = True
) -> Decoded:
    """Rows of `endpoint.schema` for the records of one answer.

    `exact` says that the records are proven to be what was sent (`records.parse`).
    """
    good, rejected = _sift(endpoint, found, source, exact)
    extras: list[Record] = [{} for _ in good]
    columns: list[pa.Array] = []
    for column in endpoint.columns:
        values = [record.get(column.name) for record in good]
        columns.extend(BUILD[column.kind](column, values, extras))
    unknown = _unknown(endpoint, good, extras)
    columns.extend(_bookkeeping(good, extras, source))
    rows = pa.RecordBatch.from_arrays(columns, schema=endpoint.schema)
    return Decoded(rows, rejected, unknown)


def _sift(
    endpoint: Endpoint, found: Sequence[Any], source: Source, exact: bool
) -> tuple[list[Record], list[Rejected]]:
    good, rejected = [], []
    for record in found:
        reason = "not an object" if not isinstance(record, dict) else ""
        reason = reason or ("" if exact else records.fault_of(record))
        if not reason:
            record = _given(record, source)
            reason = _key_fault(endpoint, record)
        if reason:
            rejected.append(_set_aside(endpoint, record, reason, source))
        else:
            good.append(record)
    return good, rejected


def _given(record: Record, source: Source) -> Record:
    """The record with the columns that the question already answers.

    A record that names another parent than the one it was listed under keeps that in `_extra`.
    """
    for name, value in source.given:
        other = record.get(name)
        if other != value:
            record = {**record, name: value}
            if other is not None:
                record[f"{name} as listed"] = other
    return record


def _key_fault(endpoint: Endpoint, record: Record) -> str:
    """A key column may be null only where the catalogue has more than one (language, type)."""
    for name in endpoint.key:
        value = record.get(name)
        if name == "id" or len(endpoint.key) == 1:
            if not isinstance(value, str) or not value:
                return f"no {name}" if value is None else f"{name} is not a text"
        elif value is not None and not isinstance(value, str):
            return f"{name} is not a text"
    return ""


def _set_aside(endpoint: Endpoint, record: Any, reason: str, source: Source) -> Rejected:
    given = dict(source.given)
    key = _readable_key(endpoint, record, given) if isinstance(record, dict) else None
    parent = given.get(endpoint.parent.column) if endpoint.parent else None
    return Rejected(reason, records.readable(record), key, parent)


def _readable_key(endpoint: Endpoint, record: Record, given: dict[str, str]) -> str | None:
    """The key as JSON, if it is beyond doubt: two ids, or one with a bent letter, may be any."""
    named = {name: given.get(name, record.get(name)) for name in endpoint.key}
    disputed = record.disputed if isinstance(record, records.Doubled) else set()
    values = [*named.values()]
    if (disputed - given.keys()) & named.keys() or records.fault_of(values):
        return None
    return None if _key_fault(endpoint, named) else records.readable(values)


Build = Callable[[Column, list[Any], list[Record]], Iterable[pa.Array]]


def _fitting(column: Column, values: list[Any], extras: list[Record], fits: Any) -> list[Any]:
    """The values that fit; the others go to `_extra` as they are."""
    kept = []
    for value, extra in zip(values, extras, strict=True):
        if value is None or fits(value):
            kept.append(value)
        else:
            kept.append(None)
            extra[column.name] = value
    return kept


def _only(values: list[Any], *types: type) -> bool:
    return set(map(type, values)) <= {type(None), *types}


def _text(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    if not _only(values, str):
        values = _fitting(column, values, extras, lambda v: isinstance(v, str))
    yield pa.array(values, pa.string())


def _flag(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    if not _only(values, bool):
        values = _fitting(column, values, extras, lambda v: isinstance(v, bool))
    yield pa.array(values, pa.bool_())


def _number(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    if not _only(values, float):
        values = _fitting(column, values, extras, _is_double)
        values = [None if value is None else float(value) for value in values]
    yield pa.array(values, pa.float64())


def _is_double(value: Any) -> bool:
    """A number that a double holds without rounding; `true` is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return float(value) == value
    except OverflowError:
        return False


def _stamp(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    array = stamps.stamps(values) if _only(values, str) else None
    if array is None:
        values = _fitting(column, values, extras, lambda v: stamps.parse_stamp(v) is not None)
        array = pa.array([stamps.parse_stamp(value) for value in values], ARROW["stamp"])
    yield array


def _texts(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    yield pa.array(_fitting(column, values, extras, _is_texts), ARROW["texts"])


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {str}


def _json(_: Column, values: list[Any], __: list[Record]) -> Iterable[pa.Array]:
    yield pa.array(records.texts(values), pa.string())


def _ref(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    ids = [value.get("id") if isinstance(value, dict) else None for value in values]
    yield pa.array([i if isinstance(i, str) else None for i in ids], pa.string())
    yield from _json(column, values, extras)


def _ids_by_system(column: Column, values: list[Any], extras: list[Record]) -> Iterable[pa.Array]:
    yield from _json(column, values, extras)
    for system in SYSTEMS:
        named = [value.get(system) if isinstance(value, dict) else None for value in values]
        yield pa.array([n if isinstance(n, str) else None for n in named], pa.string())


BUILD: dict[str, Build] = {
    "text": _text,
    "number": _number,
    "flag": _flag,
    "stamp": _stamp,
    "texts": _texts,
    "json": _json,
    "ref": _ref,
    "ids": _json,
    "ids_by_system": _ids_by_system,
}
"""The stored columns of a field's values, by its kind; what doesn't fit them goes to the extras."""


def _unknown(endpoint: Endpoint, good: list[Record], extras: list[Record]) -> dict[str, str]:
    """Move fields that the catalogue misses into `extras`; returns their names and types."""
    known = {column.name for column in endpoint.columns}
    unknown: dict[str, str] = {}
    for record, extra in zip(good, extras, strict=True):
        if record.keys() <= known:
            continue
        for name in record.keys() - known:
            extra[name] = record[name]
            unknown.setdefault(name, type(record[name]).__name__)
    return unknown


def _bookkeeping(good: list[Record], extras: list[Record], source: Source) -> Iterable[pa.Array]:
    forms = records.digest_forms(good)
    yield pa.array([extra_text(extra) for extra in extras], pa.string())
    yield pa.array([blake2b(form, digest_size=16).hexdigest() for form in forms], pa.string())
    yield pa.repeat(pa.scalar(source.observed_at, ARROW["stamp"]), len(good))
    yield pa.repeat(source.walk, len(good))
    yield pa.repeat(source.request_id, len(good))


def extra_text(extra: Record) -> str | None:
    """What `_extra` holds of some fields."""
    return records.dump({name: extra[name] for name in sorted(extra)}) if extra else None
