"""The oracle of FAILURES: the warehouse is what the API lists, field by field.

Written against the contract alone: nothing here calls the code that it judges.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from schemas import STREAMS, SYSTEMS, Endpoint


def published(data_dir: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(data_dir / "productlane.duckdb"), read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    return con


def differences(data_dir: Path, workspace: Any, streams: list[str] | None = None) -> list[str]:
    """Everything in which lake and warehouse differ from the workspace. Empty is right."""
    found: list[str] = []
    with published(data_dir) as con:
        for stream in streams or [e.stream for e in STREAMS.values() if not e.by_name]:
            endpoint = STREAMS[stream]
            expected = [_expected(endpoint, record) for record in workspace.live(stream)]
            found += _compare(stream, expected, _actual(con, endpoint))
            found += _inconsistent(con, endpoint)
        found += _derived(con)
    return found


def _expected(endpoint: Endpoint, record: dict[str, Any]) -> dict[str, Any]:
    if endpoint.shape == "document":
        record = _document(endpoint, record)
    row: dict[str, Any] = {}
    for column in endpoint.columns:
        value = record.get(column.name)
        row[column.name] = _CAST.get(column.kind, _same)(value)
        if column.kind == "ref":
            row[f"{column.name}_id"] = value["id"] if value else None
        if column.kind == "ids_by_system":
            named = value if isinstance(value, dict) else {}
            row |= {f"{column.name}_{system}": named.get(system) for system in SYSTEMS}
    known = {column.name for column in endpoint.columns}
    row["_extra"] = {k: v for k, v in record.items() if k not in known} or None
    return row


def _document(endpoint: Endpoint, record: Any) -> dict[str, Any]:
    """A document's row: its parent's id or the stream's name, and its own fields or all of it."""
    names = {column.name for column in endpoint.columns}
    parent = endpoint.parent.column if endpoint.parent else None
    key = {parent: record[parent]} if parent else {"id": endpoint.stream}
    rest = {k: v for k, v in record.items() if k != parent} if parent else record
    return key | ({"document": rest} if "document" in names else rest)


def _same(value: Any) -> Any:
    return value


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _stamp(value: str | None) -> datetime | None:
    if value is None:
        return None
    stamp = datetime.fromisoformat(value)
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)


_CAST = {"stamp": _stamp, "number": _number}


def _actual(con: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> list[dict[str, Any]]:
    kinds = {name: kind for name, kind, _ in endpoint.stored()} | {"_extra": "json"}
    names = ", ".join(f'"{name}"' for name in kinds)
    rows = con.execute(f"SELECT {names} FROM main.{endpoint.stream}").fetchall()
    return [
        {
            name: json.loads(value) if kinds[name] == "json" and value is not None else value
            for name, value in zip(kinds, row, strict=True)
        }
        for row in rows
    ]


def _text(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def _compare(stream: str, expected: list[Any], actual: list[Any]) -> list[str]:
    want, have = Counter(map(_text, expected)), Counter(map(_text, actual))
    lost = [f"{stream}: lost {row[:600]}" for row in (want - have).elements()]
    return lost + [f"{stream}: invented {row[:600]}" for row in (have - want).elements()]


def _inconsistent(con: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> list[str]:
    """Keys twice in main; versions that overlap, run backwards, or have no single end."""
    stream, key = endpoint.stream, ", ".join(f'"{name}"' for name in endpoint.key)
    stamp = "updated_at NULLS FIRST, " if "updated_at" in endpoint.schema.names else ""
    order = f"_observed_at, _walk, {stamp}_hash"  # a walk may see a row twice within a second
    questions = {
        "doubled": f"SELECT {key} FROM main.{stream} GROUP BY ALL HAVING count(*) > 1",
        "without one open version": f"""SELECT {key} FROM history.{stream} GROUP BY ALL
            HAVING count(*) FILTER (_valid_to IS NULL) <> 1""",
        "with versions that overlap": f"""SELECT {key} FROM (SELECT {key}, _valid_from, _valid_to,
                lead(_valid_from) OVER (PARTITION BY {key} ORDER BY {order}) AS next
            FROM history.{stream})
            WHERE _valid_to < _valid_from OR next IS DISTINCT FROM _valid_to""",
        "open and deleted, yet in main": f"""SELECT {key} FROM history.{stream} h
            SEMI JOIN main.{stream} m USING ({key}) WHERE _deleted AND _valid_to IS NULL""",
    }
    return [
        f"{stream}: {what}: {row}"
        for what, question in questions.items()
        for row in con.execute(question).fetchall()[:5]
    ]


def _derived(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables made of other tables say what those say."""
    tags: Counter[tuple[str, str]] = Counter()
    ids: Counter[tuple[str, str, str | None, str]] = Counter()
    for thread, value in con.execute("SELECT id, tags FROM main.threads").fetchall():
        tags.update({(thread, tag["id"]) for tag in json.loads(value or "[]")})
    for entity, stream in (
        ("thread", "threads"),
        ("contact", "contacts"),
        ("company", "companies"),
    ):
        rows = con.execute(f"SELECT id, external_ids FROM main.{stream}").fetchall()
        for row, value in rows:
            found = json.loads(value or "null") or []
            pairs = found.items() if isinstance(found, dict) else [(None, one) for one in found]
            ids.update({(entity, row, system, one) for system, one in pairs if one is not None})
    actual_tags = Counter(con.execute("FROM main.thread_tags").fetchall())
    actual_ids = Counter(con.execute("FROM main.external_ids").fetchall())
    return [f"thread_tags: {row}" for row in (tags - actual_tags) + (actual_tags - tags)] + [
        f"external_ids: {row}" for row in (ids - actual_ids) + (actual_ids - ids)
    ]
