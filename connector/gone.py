"""Rows that a complete walk did not show, and the tombstones of those that are gone.

Every function here works inside an open warehouse, with the lake's lock held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import orjson
import pyarrow as pa

from connector.buckets import HELD
from connector.lake import Lake
from connector.ledger import LakeFile
from connector.staging import Staged
from connector.tables import own, quoted, same_key
from connector.versions import children_of
from schemas import Endpoint
from schemas.endpoint import STAMP

Key = tuple[str | None, ...]


def as_text(key: Key) -> str:
    """A key as JSON, the way it is held."""
    return orjson.dumps(key).decode()


@dataclass(frozen=True, slots=True)
class Absence:
    """The keys that were not shown, and how many rows could have been.

    `provable`: no record was set aside without a readable key; one that was may be any of them.
    """

    keys: list[Key]
    total: int
    provable: bool


def absent(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    staged: Staged,
    checked: pa.Table | None = None,
) -> Absence:
    """The rows that complete walks did not show.

    `checked` are the parents that were walked (`parent_id`, `checked_at`); without, the whole
    list was. Only rows that were last read before their walk began count: a younger one may have
    come after its place in the walk. A record that was set aside under a readable key was there.
    """
    con.register("staged", staged.streamed(endpoint.schema))
    shown = _keys(con, "aside", endpoint, _aside(staged))
    if checked is not None and endpoint.parent:
        con.register("checked", checked)
        span = (
            f'main.{endpoint.stream} m JOIN checked c ON m."{endpoint.parent.column}" '
            "= c.parent_id WHERE m._synced_at < c.checked_at"
        )
    else:
        span = f"main.{endpoint.stream} m WHERE m._synced_at < $asked"
    walked = f"(SELECT {quoted(endpoint.key, 'm.')} FROM {span}) w"
    parameters = {} if checked is not None else {"asked": staged.asked_at}
    rows = con.execute(
        f"""
        SELECT {quoted(endpoint.key)} FROM {walked}
        ANTI JOIN staged s ON {same_key(endpoint, "w", "s")}
        ANTI JOIN {shown} a ON {same_key(endpoint, "w", "a")} ORDER BY ALL""",
        parameters,
    ).fetchall()
    provable = all(rejected.key is not None for rejected in staged.rejected)
    if not rows:
        return Absence([], 0, provable)
    total = con.execute(f"SELECT count(*) FROM {walked}", parameters).fetchall()[0][0]
    return Absence(rows, total, provable)


def _aside(staged: Staged) -> list[Key]:
    return [tuple(orjson.loads(r.key)) for r in staged.rejected if r.key is not None]


def _keys(
    con: duckdb.DuckDBPyConnection, name: str, endpoint: Endpoint, keys: Sequence[Key]
) -> str:
    columns = [[key[i] for key in keys] for i in range(len(endpoint.key))]
    arrays = [pa.array(column, pa.string()) for column in columns]
    con.register(name, pa.table(arrays, names=list(endpoint.key)))
    return name


def write_gone(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    lake: Lake,
    staged: Staged,
    gone: Sequence[Key],
    noticed_at: datetime | None = None,
) -> Iterator[LakeFile]:
    """Tombstones for rows that are gone, and for the rows that hang under them.

    A tombstone keeps the last values and the interval [`_last_seen_at`, `_noticed_at`]. It is
    ordered by the walk's beginning: whatever was read later than that shows the row alive.
    `noticed_at`: when the last of them was asked for, which may be long after a walk that was
    taken up again.
    """
    if not gone:
        return
    noticed_at = noticed_at or staged.answered_at
    _keys(con, "gone", endpoint, gone)
    under = [(c, f'm."{c.parent.column}" = gone.id') for c in children_of(endpoint) if c.parent]
    for one, condition in [(endpoint, same_key(endpoint, "m", "gone")), *under]:
        rows = _tombstones(con, one, condition, staged, noticed_at)
        yield from lake.write_beside("deletions", one.stream, staged.walk, rows)


def _tombstones(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    condition: str,
    staged: Staged,
    noticed_at: datetime | None,
) -> pa.RecordBatchReader:
    """The live rows `m` that stand in table `gone`, as the lake keeps the fact that they are gone.

    They stream through: many may go at once, with all that hung under them. They were seen last
    when their present version was read, or by the last full walk before this one that missed
    nothing.
    """
    found = con.sql(
        f"""
        SELECT {quoted(own(endpoint), "m.")}, m._extra, m._hash, $asked AS _observed_at,
            $walk AS _walk, m._request_id,
            greatest(m._synced_at, (
                SELECT max(w.asked_at) FROM meta.walks w WHERE w.stream = $stream
                    AND w.kind = 'full' AND w.missing = 0 AND w.asked_at < $asked)
            ) AS _last_seen_at,
            $noticed AS _noticed_at
        FROM main.{endpoint.stream} m SEMI JOIN gone ON {condition}
        WHERE m._synced_at < $asked""",
        params={
            "asked": staged.asked_at,
            "noticed": noticed_at,
            "walk": staged.walk,
            "stream": endpoint.stream,
        },
    ).to_arrow_reader(HELD)
    schema = endpoint.schema.append(pa.field("_last_seen_at", STAMP))
    schema = schema.append(pa.field("_noticed_at", STAMP))
    return pa.RecordBatchReader.from_batches(schema, (rows.cast(schema) for rows in found))


def write_held(
    lake: Lake, endpoint: Endpoint, held: Sequence[Key], walk: str
) -> Iterator[LakeFile]:
    """Rows that were absent but are not believed to be gone."""
    table = pa.table(
        {
            "stream": pa.array([endpoint.stream] * len(held), pa.string()),
            "key": pa.array([as_text(key) for key in held], pa.string()),
            "walk": pa.array([walk] * len(held), pa.string()),
        }
    )
    yield from lake.write_beside("missing", endpoint.stream, walk, table.to_reader())
