"""One row's story: every observation of it, and why it is live, gone or set aside now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb

from connector.published import reading
from connector.tables import in_order, own, quoted, same_key
from schemas import STREAMS, Endpoint

State = Literal["live", "deleted", "held", "set aside"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a walk saw of the row. Times are the server's.

    `changed` are the fields that differ from the observation before, by name. An observation that
    found nothing new is kept only where two walks overlapped: other re-readings leave no trace.
    No request shows that a row is gone: the whole walk does.
    """

    observed_at: datetime
    saw: Literal["first seen", "changed", "unchanged", "gone", "back"]
    changed: tuple[str, ...]
    walk: str
    kind: str
    request_id: str
    updated_at: datetime | None
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record of the row that no table can hold; `still`: nothing else has been seen since.

    `walk` found it first, at `observed_at`, and `last_walk` last.
    """

    observed_at: datetime
    reason: str
    walk: str
    last_walk: str
    still: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of a row, and how fresh that is (see `StreamStatus`)."""

    stream: str
    key: dict[str, str | None]
    state: State
    why: str
    observations: tuple[Observation, ...]
    set_aside: tuple[SetAside, ...]
    proven_from: datetime | None
    stamped_from: datetime | None
    read_to: datetime | None


def explain(data_dir: Path, stream: str, row: str) -> list[Story]:
    """The stories of the rows with this id; several where the key has more columns than one.

    `stream` must be one of the catalogue's. Empty if no walk ever saw such a row.
    """
    endpoint = STREAMS[stream]
    with reading(data_dir) as con:
        con.execute(_EVENTS.format(
            stream=stream, columns=quoted(own(endpoint)), one=_key_column(endpoint)
        ), [row, row])  # fmt: skip
        found = con.execute(f"SELECT DISTINCT {quoted(endpoint.key)} FROM events ORDER BY ALL")
        keys = {*found.fetchall(), *_keys_set_aside(con, endpoint, row)}
        return [_story(con, endpoint, key) for key in sorted(keys, key=str)]


_EVENTS = """
    CREATE TEMP TABLE events AS
    SELECT {columns}, _extra, _hash, _walk, _request_id, _observed_at, _valid_from, _valid_to,
        _deleted, _repeat, _last_seen_at, _noticed_at FROM past.{stream} WHERE "{one}" = ?
    UNION ALL
    SELECT {columns}, _extra, _hash, _walk, _request_id, _synced_at, _valid_from, NULL,
        false, false, NULL, NULL FROM main.{stream} WHERE "{one}" = ?"""


def _key_column(endpoint: Endpoint) -> str:
    return "id" if "id" in endpoint.key else endpoint.key[0]


def _keys_set_aside(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, row: str
) -> Iterator[tuple[str | None, ...]]:
    place = endpoint.key.index(_key_column(endpoint))
    rows = con.execute(
        "SELECT DISTINCT key FROM meta.rejected_rows WHERE stream = ? AND key ->> ? = ?",
        [endpoint.stream, f"$[{place}]", row],
    )
    yield from (tuple(json.loads(key)) for (key,) in rows.fetchall())


def _story(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, key: tuple[str | None, ...]
) -> Story:
    rows = _rows(con, endpoint, key)
    aside = _aside(con, endpoint, key)
    state, why = _why(rows, aside, _held_by(con, endpoint, key))
    fresh = con.execute(
        "SELECT proven_from, stamped_from, read_to FROM meta.freshness WHERE stream = ?",
        [endpoint.stream],
    ).fetchall()[0]
    named = dict(zip(endpoint.key, key, strict=True))
    return Story(endpoint.stream, named, state, why, tuple(_observations(rows)), aside, *fresh)


def _rows(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, key: tuple[str | None, ...]
) -> list[dict[str, Any]]:
    values = ", ".join(f'${place} AS "{name}"' for place, name in enumerate(endpoint.key, start=1))
    found = con.execute(
        f"""SELECT e.*, w.kind FROM events e SEMI JOIN (SELECT {values}) k
            ON {same_key(endpoint, "e", "k")}
        LEFT JOIN meta.walks w ON w.walk = split_part(e._walk, '.', 1)
        ORDER BY {in_order(endpoint)}""",
        list(key),
    )
    names = [name for name, *_ in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _aside(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, key: tuple[str | None, ...]
) -> tuple[SetAside, ...]:
    found = con.execute(
        """SELECT r.observed_at, r.reason, r.walk, r.last_walk, s.walk IS NOT NULL, r.key
        FROM meta.rejected_rows r LEFT JOIN meta.set_aside s USING (stream, key, record)
        WHERE r.stream = ? AND r.key IS NOT NULL ORDER BY r.observed_at""",
        [endpoint.stream],
    ).fetchall()
    return tuple(SetAside(*row) for *row, text in found if tuple(json.loads(text)) == key)


def _held_by(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, key: tuple[str | None, ...]
) -> str | None:
    found = con.execute(
        "SELECT key, walk FROM meta.missing WHERE stream = ?", [endpoint.stream]
    ).fetchall()
    return next((walk for text, walk in found if tuple(json.loads(text)) == key), None)


def _why(
    rows: list[dict[str, Any]], aside: tuple[SetAside, ...], held_by: str | None
) -> tuple[State, str]:
    last = rows[-1] if rows else None
    stands = [one for one in aside if not last or _is_later(one, last)]
    if stands:
        return "set aside", _why_aside(max(stands, key=lambda one: one.last_walk), last)
    assert last
    if last["_deleted"]:
        return "deleted", (
            f"seen last at {last['_last_seen_at'].isoformat()}; walk {last['_walk']} was complete "
            f"and did not show it, which was noticed at {last['_noticed_at'].isoformat()}"
        )
    if held_by:
        return "held", (
            f"walk {held_by} did not find it, which alone is not believed: too much was missing at "
            "once, or only its own lists were asked for; the next full walk decides"
        )
    return "live", (
        f"walk {last['_walk']} read this version at {last['_observed_at'].isoformat()}, and no "
        "walk since has read another or missed it"
    )


def _is_later(aside: SetAside, last: dict[str, Any]) -> bool:
    """Was it read after the last observation? The same record may come back years later."""
    return aside.still and (
        aside.last_walk >= last["_walk"].split(".")[0] or aside.observed_at > last["_observed_at"]
    )


def _why_aside(aside: SetAside, last: dict[str, Any] | None) -> str:
    again = f", as did walk {aside.last_walk}" if aside.last_walk != aside.walk else ""
    kept = "the version before it is kept" if last else "no version of it could be read"
    return (
        f"walk {aside.walk} read it at {aside.observed_at.isoformat()}{again}, and no table "
        f"can hold it: {aside.reason}; {kept}"
    )


def _observations(rows: list[dict[str, Any]]) -> Iterator[Observation]:
    before: dict[str, Any] | None = None
    for row in rows:
        names = [n for n in row if not n.startswith("_") or n == "_extra"]
        changed = tuple(n for n in names if before and n != "kind" and row[n] != before[n])
        yield Observation(
            observed_at=row["_observed_at"],
            saw=_saw(row, before),
            changed=() if row["_deleted"] else changed,
            walk=row["_walk"],
            kind=row["kind"],
            request_id="" if row["_deleted"] else row["_request_id"],
            updated_at=row.get("updated_at"),
            valid_from=row["_valid_from"],
            valid_to=row["_valid_to"],
        )
        before = row


def _saw(
    row: dict[str, Any], before: dict[str, Any] | None
) -> Literal["first seen", "changed", "unchanged", "gone", "back"]:
    if row["_deleted"]:
        return "gone"
    if row["_repeat"]:
        return "unchanged"
    if before is None:
        return "first seen"
    return "back" if before["_deleted"] else "changed"
