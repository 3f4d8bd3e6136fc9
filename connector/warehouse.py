"""The warehouse: tables made of the lake, in a private work file, published by rename.

The work file is opened only with the lake's lock held, and whoever opens it first applies what
the ledger has and it has not. So it can be deleted at any time: the next one to open it builds it
again from the lake. Readers only ever see the published copy, which is whole and never changes.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from connector import meta
from connector.buckets import HELD
from connector.lake import Lake
from connector.ledger import LakeFile, Landing, Position, Run
from connector.promotion import promoted
from connector.published import PUBLISHED
from connector.tables import quoted
from connector.versions import apply, parquet
from connector.workfile import connect, remove, storage_faults, work_file
from schemas import STREAMS, Endpoint


@dataclass(frozen=True, slots=True)
class StreamState:
    """What the warehouse knows of a stream before a walk.

    `closed_to`: everything up to it is closed. `landed`: its latest walk. `stampless`: the last
    full walk found rows and none had an `updated_at`, so a window would ask for nothing.
    `shows_all`: the last full walk proved that the list hides nothing when no flag is set.
    `held`: keys that were absent once and are believed gone if they are absent again.
    """

    closed_to: datetime | None = None
    landed: str = ""
    stampless: bool = False
    shows_all: bool = False
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """A parent under which to ask: its id, its signal, and what fills the query, if anything."""

    parent_id: str
    signal: str
    query: str | None


class Warehouse:
    """The open work file. Get one from `opened`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self.con = con
        self.lake = lake

    # -- what it knows ---------------------------------------------------------------------

    def state(self, stream: str) -> StreamState:
        """What is closed, landed and held of a stream."""
        closed = self.con.execute(
            "SELECT closed_to FROM meta.windows WHERE stream = ? AND closed_from IS NULL", [stream]
        ).fetchall()
        landed = self.con.execute(
            "SELECT max(walk) FROM meta.walks WHERE stream = ?", [stream]
        ).fetchall()
        last = self.con.execute(
            """SELECT rows > 0 AND unstamped = rows, shows_all FROM meta.walks
            WHERE stream = ? AND kind = 'full' ORDER BY walk DESC LIMIT 1""",
            [stream],
        ).fetchall()
        return StreamState(
            closed[0][0] if closed else None,
            landed[0][0] or "",
            bool(last and last[0][0]),
            bool(last and last[0][1]),
            self.held(stream),
        )

    def held(self, stream: str) -> frozenset[str]:
        """Keys, as JSON, of rows that were absent once and are not yet believed to be gone."""
        found = self.con.execute("SELECT key FROM meta.missing WHERE stream = ?", [stream])
        return frozenset(key for (key,) in found.fetchall())

    def due(
        self,
        child: Endpoint,
        before: datetime,
        lag: timedelta,
        *,
        everything: bool,
        limit: int,
        skip: Sequence[str] = (),
        again: Sequence[str] = (),
    ) -> list[Due]:
        """Parents to ask under: new, moved, or moved so shortly before they were last asked that
        a child may not have been visible yet. Each once a run: `before` is the run's beginning.
        The most recently moved come first; `skip` are ids that have just been tried in vain,
        `again` those that are asked for a second look, whatever else holds.
        """
        parent = child.parent
        assert parent
        stamps = quoted(parent.signal, "p.")
        signal = " || '|' || ".join(
            f"coalesce(epoch_us(p.\"{column}\")::VARCHAR, '')" for column in parent.signal
        )
        query = f'p."{parent.query[1]}"' if parent.query else "NULL"
        rows = self.con.execute(
            f"""
            WITH asked AS (
                SELECT p.id, {signal} AS signal, {query} AS query, c.checked_at,
                    c.signal AS signal_before, greatest({stamps}) AS moved_at
                FROM main.{parent.stream} p
                LEFT JOIN meta.parents c ON c.stream = $stream AND c.parent_id = p.id)
            SELECT id, signal, query FROM asked
            WHERE id NOT IN (SELECT unnest($skip::VARCHAR[])) AND (
                id IN (SELECT unnest($again::VARCHAR[]))
                OR checked_at IS NULL OR (checked_at < $before AND (
                    $everything OR signal <> signal_before
                    OR moved_at BETWEEN checked_at - $lag AND checked_at)))
            ORDER BY moved_at DESC NULLS LAST, id LIMIT $limit""",
            {
                "stream": child.stream,
                "before": before,
                "everything": everything,
                "lag": lag,
                "limit": limit,
                "skip": list(skip),
                "again": list(again),
            },
        ).fetchall()
        return [Due(*row) for row in rows]

    def rows(self, stream: str) -> int:
        """How many rows a table has now."""
        return int(self.con.sql(f"SELECT count(*) FROM main.{stream}").fetchall()[0][0])

    def position(self) -> tuple[str, int]:
        """How far the ledger has been applied."""
        file, offset = self.con.sql('SELECT file, "offset" FROM meta.ledger_position').fetchall()[0]
        return file, offset

    # -- what changes it -------------------------------------------------------------------

    def catch_up(self) -> None:
        """Apply all that the ledger has and the tables have not, in one transaction.

        Raises `DataDirError` where a file of the lake is not what the ledger says it is.
        """
        found = list(self.lake.ledger.since(Position(*self.position())))
        for entry, _ in found:
            for file in entry.files if isinstance(entry, Landing) else ():
                self.lake.verify(file)
        self._advance(found, {})

    def commit(self, entry: Landing | Run, arrivals: dict[str, list[str]] | None = None) -> None:
        """Make a landing or a run count: a line in the ledger, and its rows in the tables.

        `arrivals` are the rows of a stream that the landing's files hold, as SQL, where they are
        still at hand: reading thousands of new files back would take longer than writing them.
        """
        self.lake.commit(entry)
        self._advance(list(self.lake.ledger.since(Position(*self.position()))), arrivals or {})

    def _advance(
        self, found: list[tuple[Landing | Run, Position]], arrivals: dict[str, list[str]]
    ) -> None:
        if not found:
            return
        position = found[-1][1]
        with self._transaction():
            self._apply([entry for entry, _ in found], arrivals)
            self.con.execute(
                'UPDATE meta.ledger_position SET file = ?, "offset" = ?',
                [position.file, position.offset],
            )

    def publish(self) -> None:
        """Put a copy where readers look. Readers of the copy before keep it until they close it."""
        self.con.execute("CHECKPOINT")
        target = self.lake.root.parent / PUBLISHED
        hidden = target.with_name(f".{PUBLISHED}.{os.getpid()}")
        try:
            shutil.copyfile(work_file(self.lake), hidden)
            hidden.chmod(0o444)
            # A journal that a writer left beside the old copy must not be replayed on the new.
            target.with_name(f"{PUBLISHED}.wal").unlink(missing_ok=True)
            hidden.replace(target)
        finally:
            hidden.unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.con.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        self.con.execute("COMMIT")

    def _apply(self, entries: list[Landing | Run], arrivals: dict[str, list[str]]) -> None:
        landings = [entry for entry in entries if isinstance(entry, Landing)]
        files: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
        for file in (file for landing in landings for file in landing.files):
            files[file.stream, file.kind].append(file)
        for endpoint in STREAMS.values():
            stream = endpoint.stream
            rows = arrivals.get(stream) or self._pieces(endpoint, files[stream, "rows"])
            deletions = self._pieces(endpoint, files[stream, "deletions"])
            apply(self.con, endpoint, rows, deletions)
            meta.set_aside(self.con, self._paths(files[stream, "rejected"]))
            meta.remember_parents(self.con, self._paths(files[stream, "parents"]))
        for stream in {s for (s, kind), found in files.items() if kind == "deletions" and found}:
            meta.forget_parents(self.con, stream)
        for entry in entries:
            if isinstance(entry, Landing):
                meta.record_landing(self.con, entry, self.lake)
            else:
                meta.record_run(self.con, entry)

    def _paths(self, files: list[LakeFile]) -> list[str]:
        return [self.lake.path(file) for file in files]

    def _pieces(self, endpoint: Endpoint, files: list[LakeFile]) -> list[str]:
        """SQL of the rows in some files, so many files at a time as fit memory."""
        pieces: list[list[LakeFile]] = [[]]
        held = 0
        for file in files:
            if held + file.rows > HELD and pieces[-1]:
                pieces.append([])
                held = 0
            pieces[-1].append(file)
            held += file.rows
        return [
            promoted(self.con, endpoint, parquet(self._paths(piece))) for piece in pieces if piece
        ]


@contextmanager
def opened(lake: Lake) -> Iterator[Warehouse]:
    """The warehouse, up to date with the ledger, with the lake's lock held.

    Raises `DataDirError` where disk or file won't do.
    """
    with lake.locked(), storage_faults(lake):
        con = connect(work_file(lake))
        try:
            warehouse = Warehouse(con, lake)
            warehouse.catch_up()
            yield warehouse
        finally:
            con.close()


def publish_if_behind(lake: Lake) -> bool:
    """Publish, unless the copy that readers see already has all that the ledger has."""
    with opened(lake) as warehouse:
        if _position(lake.root.parent / PUBLISHED) == warehouse.position():
            return False
        warehouse.publish()
        return True


def _position(published: Path) -> tuple[str, int] | None:
    try:
        with duckdb.connect(str(published), read_only=True) as con:
            return Warehouse(con, Lake(published.parent)).position()
    except duckdb.Error:
        return None  # not there, or damaged: it is replaced


def rebuild(lake: Lake) -> None:
    """The warehouse again, from the lake alone. The old one stays until the new one is whole."""
    with lake.locked(), storage_faults(lake):
        work = work_file(lake)
        fresh = work.with_suffix(".rebuild")
        remove(fresh)
        con = connect(fresh)
        try:
            Warehouse(con, lake).catch_up()
            con.execute("CHECKPOINT")
        finally:
            con.close()
        remove(work)
        fresh.replace(work)
