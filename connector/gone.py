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

Key = tuple[str | None, ...]


def as_text(key: Key) -> str:
    """A key as JSON, the way it is held."""
    return orjson.dumps(key).decode()


@dataclass(frozen=True, slots=True)
class Absence:
    """The keys that were not shown, and how many rows could have been.

    `doubtful` are those that may have been shown all the same, as a record that was set aside
    without a readable key: of children, one under the same parent.
    """

    keys: list[Key]
    total: int
    doubtful: frozenset[Key] = frozenset()


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
    if not rows:
        return Absence([], 0)
    total = con.execute(f"SELECT count(*) FROM {walked}", parameters).fetchall()[0][0]
    parents = {rejected.parent for rejected in staged.rejected if rejected.key is None}
    above = endpoint.key.index(endpoint.parent.column) if endpoint.parent else 0
    doubtful = {key for key in rows if None in parents or key[above] in parents}
    return Absence(rows, total, frozenset(doubtful))


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
    """Tombstones for rows that are gone.

    A tombstone keeps the last values and the interval [`_last_seen_at`, `_noticed_at`]. It is
    ordered by the walk's beginning: whatever was read later than that shows the row alive.
    `noticed_at`: when the last of them was asked for, which may be long after a walk that was
    taken up again.
    """
    if gone:
        _keys(con, "gone", endpoint, gone)
        among = f"gone ON {same_key(endpoint, 'm', 'gone')}"
        rows = _tombstones(con, endpoint, among, staged, noticed_at)
        yield from lake.write_beside("deletions", endpoint.stream, staged.walk, rows)


def write_orphans(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    lake: Lake,
    staged: Staged,
    gone: Sequence[Key],
    noticed_at: datetime | None = None,
) -> Iterator[LakeFile]:
    """Tombstones for the rows under parents that are gone, now or since an earlier full walk.

    Another process may have read some, or landed them, after their parent's tombstone was dated.
    Nobody asks under a parent that is gone, so only the next full walk of the parents finds them.
    """
    if not children_of(endpoint):
        return
    _keys(con, "gone", endpoint, gone)
    _keys(con, "aside", endpoint, _aside(staged))
    con.register("staged", staged.streamed(endpoint.schema))
    for child in children_of(endpoint):
        assert child.parent
        con.execute(f"CREATE OR REPLACE TEMP TABLE lost AS {_lost(child, staged)}")
        among = f'lost ON m."{child.parent.column}" = lost.id'
        rows = _tombstones(con, child, among, staged, noticed_at)
        yield from lake.write_beside("deletions", child.stream, staged.walk, rows)
    con.execute("DROP TABLE lost")


def _lost(child: Endpoint, staged: Staged) -> str:
    """SQL of the ids of a child's parents that are gone.

    One that is in no table may come back with this very walk. A record that was set aside without
    a readable key may be any of them.
    """
    assert child.parent
    if not _is_provable(staged):
        return "SELECT id FROM gone"
    return f"""
        SELECT id FROM gone UNION
        SELECT id FROM (
            SELECT DISTINCT m."{child.parent.column}" AS id FROM main.{child.stream} m
            ANTI JOIN main.{child.parent.stream} p ON p.id = m."{child.parent.column}") o
        ANTI JOIN staged s ON s.id = o.id ANTI JOIN aside a ON a.id = o.id"""


def _is_provable(staged: Staged) -> bool:
    return all(rejected.key is not None for rejected in staged.rejected)


def _tombstones(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    among: str,
    staged: Staged,
    noticed_at: datetime | None,
) -> pa.RecordBatchReader:
    """The live rows `m` that stand in a table, as the lake keeps the fact that they are gone.

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
        FROM main.{endpoint.stream} m SEMI JOIN {among}
        WHERE m._synced_at < $asked""",
        params={
            "asked": staged.asked_at,
            "noticed": noticed_at or staged.answered_at,
            "walk": staged.walk,
            "stream": endpoint.stream,
        },
    ).to_arrow_reader(HELD)
    schema = endpoint.deletions
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
