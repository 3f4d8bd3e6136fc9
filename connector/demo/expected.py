"""What the tables must hold, made from what the API lists: the proof's own reading of a record.

It is written without the engine's decoder on purpose: two readings that agree prove something.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from schemas import STREAMS, SYSTEMS, Endpoint

Row = dict[str, Any]
Key = tuple[Any, ...]

JSON_KINDS = ("json", "ref", "ids", "ids_by_system")
ENTITY = {"threads": "thread", "contacts": "contact", "companies": "company"}


def rows_of(stream: str, records: Iterable[Any]) -> dict[Key, Row]:
    """The rows of a table by their key, from the records that a list shows."""
    endpoint = STREAMS[stream]
    rows = [_row(endpoint, _as_record(endpoint, record)) for record in records]
    return {tuple(row[name] for name in endpoint.key): row for row in rows}


def _as_record(endpoint: Endpoint, record: Any) -> Row:
    """A list's record is as listed; a document gets the key that it has not."""
    if endpoint.shape == "rows":
        return dict(record)
    key = {"id": endpoint.stream}
    if endpoint.parent:
        record = dict(record)
        key = {endpoint.parent.column: record.pop(endpoint.parent.column)}
    whole = any(column.name == "document" for column in endpoint.columns)
    return {**key, "document": record} if whole else {**record, **key}


def _row(endpoint: Endpoint, record: Row) -> Row:
    row: Row = {}
    for column in endpoint.columns:
        value = record.pop(column.name, None)
        row[column.name] = _value(column.kind, value)
        if column.kind == "ref":
            row[f"{column.name}_id"] = value["id"] if value else None
        if column.kind == "ids_by_system":
            named = value if isinstance(value, dict) else {}
            row |= {f"{column.name}_{system}": named.get(system) for system in SYSTEMS}
    return row | {"_extra": record or None}


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "stamp":
        stamp = datetime.fromisoformat(value)
        return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    return float(value) if kind == "number" else value


def json_columns(stream: str) -> set[str]:
    """The columns that hold JSON text, to be compared as values."""
    return {c.name for c in STREAMS[stream].columns if c.kind in JSON_KINDS} | {"_extra"}


def parsed(row: Row, names: set[str]) -> Row:
    """A row of the warehouse with its JSON read."""
    return {
        name: json.loads(value) if name in names and value is not None else value
        for name, value in row.items()
    }


def external_ids(stream: str, rows: Iterable[Row]) -> Iterator[tuple[str, str, str | None, str]]:
    """What `main.external_ids` holds of these rows."""
    for row in rows:
        ids = row["external_ids"] or []
        pairs = ids.items() if isinstance(ids, dict) else ((None, one) for one in ids)
        for system, value in pairs:
            if value is not None:
                yield ENTITY[stream], row["id"], system, value


def thread_tags(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """What `main.thread_tags` holds of these threads."""
    for row in rows:
        for tag in row["tags"] or []:
            yield row["id"], tag["id"]
