"""What is wrong after a schedule: the oracle of FAILURES, and what must never have been said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connector.sandbox import Workspace
from schemas import STREAMS
from tests import oracle
from tests.soak.world import WORDS, Key, Memory

SECOND = timedelta(seconds=1)
"""The `Date` header has whole seconds."""


@dataclass
class Seen:
    """The keys that readers have seen in `main` at any time, by stream."""

    keys: defaultdict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def look(self, data_dir: Path, streams: tuple[str, ...]) -> None:
        """Remember what is published now, if anything is."""
        if not (data_dir / "productlane.duckdb").exists():
            return
        with oracle.published(data_dir) as con:
            for stream in streams:
                self.keys[stream] |= set(_rows(con, f"SELECT {_key(stream)} FROM main.{stream}"))


def passed_by(
    data_dir: Path, space: Workspace, streams: tuple[str, ...], memory: Memory
) -> list[str]:
    """Rows whose latest change a window could show, and that a sync has not brought.

    A full walk would bring them all the same, and hide that a watermark had passed them.
    """
    found = []
    with oracle.published(data_dir) as con:
        for stream in streams:
            if STREAMS[stream].asked != "window":
                continue
            names = f'{_key(stream)}, "{WORDS[stream]}", updated_at'
            have = set(_rows(con, f"SELECT {names} FROM main.{stream}"))
            for record in space.live(stream):
                key = tuple(record.get(name) for name in STREAMS[stream].key)
                want = (*key, record.get(WORDS[stream]), oracle._stamp(record.get("updated_at")))
                if (stream, key) not in memory.silent and want[-1] and want not in have:
                    found.append(f"{stream}: lost by every window {want}")
        if space.readings.children_bump == "yes" and "threads" in streams:
            found += _unheard(con, space, streams, memory)
    return found


def _unheard(
    con: duckdb.DuckDBPyConnection, space: Workspace, streams: tuple[str, ...], memory: Memory
) -> list[str]:
    """New messages and comments, where each moves its thread, that a sync has not brought."""
    found = []
    for stream in {"thread_messages", "thread_comments"} & set(streams):
        have = set(_rows(con, f"SELECT thread_id, id FROM main.{stream}"))
        for record in space.live(stream):
            key = (record["thread_id"], record["id"])
            if ("threads", key[:1]) not in memory.silent and (stream, key) not in memory.gone:
                found += [] if key in have else [f"{stream}: lost by every window {key}"]
    return found


def differences(
    data_dir: Path, space: Workspace, streams: tuple[str, ...], memory: Memory, seen: Seen
) -> list[str]:
    """Everything that is wrong once sync and full walk are through."""
    found = oracle.differences(data_dir, space, list(streams))
    with oracle.published(data_dir) as con:
        for stream in streams:
            found += _invented(con, stream, memory, space.visibility_lag)
            found += _forgotten(con, stream, seen.keys[stream])
            found += _other_values(con, stream)
    return found + _left_over(data_dir)


def _invented(
    con: duckdb.DuckDBPyConnection, stream: str, memory: Memory, visible_after: float
) -> list[str]:
    """Tombstones of rows that did not go between the moments that the tombstone gives."""
    found = []
    for *key, last_seen, noticed in _rows(
        con, f"SELECT {_key(stream)}, _last_seen_at, _noticed_at FROM history.{stream} "
        "WHERE _deleted",
    ):  # fmt: skip
        when = _gone(stream, tuple(key), memory)
        late = timedelta(seconds=visible_after)
        if not any(last_seen <= one + late and one <= noticed + SECOND for one in when):
            found.append(f"{stream}: invented tombstone {key} {last_seen} {noticed}, gone {when}")
    return found


def _gone(stream: str, key: Key, memory: Memory) -> list[datetime]:
    """When a row, or the row under which it hangs, went."""
    when = memory.gone.get((stream, key[:2]), [])
    parent = STREAMS[stream].parent
    return [*when, *memory.gone.get((parent.stream, key[:1]), [])] if parent else when


def _forgotten(con: duckdb.DuckDBPyConnection, stream: str, seen: set[Key]) -> list[str]:
    """Rows that were in `main` once and are in `history` no more."""
    known = set(_rows(con, f"SELECT {_key(stream)} FROM history.{stream}"))
    return [f"{stream}: lost from history {key}" for key in seen - known]


def _other_values(con: duckdb.DuckDBPyConnection, stream: str) -> list[str]:
    """Tombstones that don't say what the version before them said."""
    own = ", ".join(f'"{name}"' for name, _, _ in STREAMS[stream].stored())
    question = f"""
        SELECT {_key(stream)} FROM (
            SELECT {_key(stream)}, _deleted, [_hash, row({own}, _extra)::VARCHAR] AS said,
                lag([_hash, row({own}, _extra)::VARCHAR]) OVER (
                    PARTITION BY {_key(stream)} ORDER BY _observed_at, _walk) AS before
            FROM history.{stream})
        WHERE _deleted AND said IS DISTINCT FROM before"""
    return [f"{stream}: lost last values of {key}" for key in _rows(con, question)]


def _left_over(data_dir: Path) -> list[str]:
    """Files that crashes have left and nobody has cleared away."""
    lake = data_dir / "lake"
    left = [*lake.glob("_staging/*-*"), *lake.rglob(".*.parquet"), *data_dir.glob(".*.duckdb.*")]
    return [f"left over: {path.relative_to(data_dir)}" for path in left]


def _key(stream: str) -> str:
    return ", ".join(f'"{name}"' for name in STREAMS[stream].key)


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()
