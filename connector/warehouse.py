"""The warehouse: tables made of the lake, in a private work file, published by rename.

The work file is opened only with the lake's lock held, and whoever opens it first applies what
the ledger has and it has not. So it can be deleted at any time: the next one to open it builds it
again from the lake. Readers only ever see the published copy, which is whole and never changes.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from connector import tables
from connector.errors import DataDirError
from connector.lake import Lake
from connector.ledger import LakeFile, Landing, Position, Run
from connector.tables import quoted
from connector.versions import apply, children_of
from schemas import STREAMS, Endpoint

PUBLISHED = "productlane.duckdb"
MEMORY = "192MB"
"""What DuckDB may hold; beyond it, it goes to disk."""


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
        held = self.con.execute("SELECT key FROM meta.missing WHERE stream = ?", [stream])
        return StreamState(
            closed[0][0] if closed else None,
            landed[0][0] or "",
            bool(last and last[0][0]),
            bool(last and last[0][1]),
            frozenset(key for (key,) in held.fetchall()),
        )

    def due(
        self,
        child: Endpoint,
        before: datetime,
        lag: timedelta,
        *,
        everything: bool,
        limit: int,
        skip: Sequence[str] = (),
    ) -> list[Due]:
        """Parents to ask under: new, moved, or moved so shortly before they were last asked that
        a child may not have been visible yet. Each once a run: `before` is the run's beginning.
        The most recently moved come first; `skip` are ids that have just been tried in vain.
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
                checked_at IS NULL OR (checked_at < $before AND (
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

    def catch_up(self, *, verify: bool = True) -> None:
        """Apply all that the ledger has and the tables have not, in one transaction."""
        file, offset = self.con.sql('SELECT file, "offset" FROM meta.ledger_position').fetchall()[0]
        entries = list(self.lake.ledger.since(Position(file, offset)))
        if not entries:
            return
        landings = [entry for entry, _ in entries if isinstance(entry, Landing)]
        if verify:
            for landing in landings:
                for found in landing.files:
                    self.lake.verify(found)
        with self._transaction():
            self._apply_files([found for landing in landings for found in landing.files])
            self._record(landings, [entry for entry, _ in entries if isinstance(entry, Run)])
            position = entries[-1][1]
            self.con.execute(
                'UPDATE meta.ledger_position SET file = ?, "offset" = ?',
                [position.file, position.offset],
            )

    def commit(self, landing: Landing) -> None:
        """Make a landing count: a line in the ledger, and its rows in the tables."""
        self.lake.commit(landing)
        self.catch_up(verify=False)

    def publish(self) -> None:
        """Put a copy where readers look. Readers of the copy before keep it until they close it."""
        self.con.execute("CHECKPOINT")
        target = self.lake.root.parent / PUBLISHED
        hidden = target.with_name(f".{PUBLISHED}.{os.getpid()}")
        try:
            shutil.copyfile(_work_file(self.lake), hidden)
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

    def _apply_files(self, files: Iterable[LakeFile]) -> None:
        paths: dict[tuple[str, str], list[str]] = defaultdict(list)
        for file in files:
            paths[file.stream, file.kind].append(self.lake.path(file))
        for endpoint in STREAMS.values():
            stream = endpoint.stream
            deletions = paths[stream, "deletions"]
            apply(self.con, endpoint, paths[stream, "rows"], deletions)
            if found := paths[stream, "rejected"]:
                self._set_aside(found)
            if found := paths[stream, "parents"]:
                self._remember_parents(found)
            if found := paths[stream, "missing"]:
                self._hold(found)
            if deletions:
                self._forget_parents(stream)

    def _set_aside(self, files: list[str]) -> None:
        """Each unreadable record once, as it was first seen."""
        self.con.execute(
            """INSERT INTO meta.rejected_rows
            SELECT stream, key, reason, record, observed_at, walk
            FROM read_parquet($files, hive_partitioning = false) r
            WHERE NOT EXISTS (FROM meta.rejected_rows k
                WHERE k.stream = r.stream AND k.record = r.record)
            QUALIFY row_number() OVER (PARTITION BY stream, record ORDER BY walk) = 1""",
            {"files": files},
        )

    def _remember_parents(self, files: list[str]) -> None:
        self.con.execute(
            """CREATE OR REPLACE TEMP TABLE asked AS
            SELECT stream, parent_id, signal, checked_at, rows
            FROM read_parquet($files, hive_partitioning = false)
            QUALIFY row_number() OVER (
                PARTITION BY stream, parent_id ORDER BY checked_at DESC, walk DESC) = 1""",
            {"files": files},
        )
        self.con.execute("""
            DELETE FROM asked USING meta.parents p
            WHERE p.stream = asked.stream AND p.parent_id = asked.parent_id
                AND p.checked_at > asked.checked_at;
            DELETE FROM meta.parents p USING asked a
            WHERE p.stream = a.stream AND p.parent_id = a.parent_id;
            INSERT INTO meta.parents FROM asked; DROP TABLE asked""")

    def _forget_parents(self, stream: str) -> None:
        """Under a parent that was gone and may come back, everything is to be asked again."""
        for child in children_of(stream):
            self.con.execute(
                f"""DELETE FROM meta.parents p USING past.{stream} d
                WHERE p.stream = ? AND d._deleted AND NOT d._repeat AND d.id = p.parent_id
                    AND d._observed_at >= p.checked_at""",
                [child.stream],
            )

    def _hold(self, files: list[str]) -> None:
        self.con.execute(
            """INSERT INTO meta.missing SELECT stream, key, walk
            FROM read_parquet($files, hive_partitioning = false)""",
            {"files": files},
        )
        self.con.execute("""DELETE FROM meta.missing m WHERE walk < (
            SELECT max(walk) FROM meta.missing n WHERE n.stream = m.stream)""")

    def _record(self, landings: list[Landing], runs: list[Run]) -> None:
        for one in landings:
            self._insert(
                "walks",
                one.walk,
                one.run,
                one.stream,
                one.kind,
                one.asked_at,
                one.answered_at,
                one.asked_after,
                one.asked_before,
                one.requests,
                one.rows,
                one.new,
                one.changed,
                one.deleted,
                one.missing,
                one.unstamped,
                one.drifted,
                one.shows_all,
            )
            if one.closed:
                self._close(one.stream, *one.closed)
            for name, kind in one.unknown.items():
                self._note_field(one, name, kind)
            if one.kind == "full" and not one.missing:
                self.con.execute("DELETE FROM meta.missing WHERE stream = ?", [one.stream])
        for run in runs:
            self._insert(
                "runs",
                run.run,
                run.command,
                run.started_at,
                run.ended_at,
                run.requests,
                run.refused,
                run.waited,
                run.bytes,
            )
            for s in run.streams:
                self._insert(
                    "run_streams",
                    run.run,
                    run.ended_at,
                    s.stream,
                    s.outcome,
                    s.rows,
                    s.new,
                    s.changed,
                    s.deleted,
                    s.rejected,
                    s.requests,
                    s.error,
                )

    def _insert(self, table: str, *values: object) -> None:
        marks = ", ".join("?" * len(values))
        self.con.execute(f"INSERT INTO meta.{table} VALUES ({marks})", list(values))

    def _close(self, stream: str, start: datetime | None, end: datetime) -> None:
        """Add a span to the closed ones and join what touches; the order of adding is no matter."""
        touching = """stream = $stream AND coalesce(closed_from, '-infinity') <= $end
            AND closed_to >= coalesce($start, '-infinity'::TIMESTAMPTZ)"""
        values = {"stream": stream, "start": start, "end": end}
        joined = self.con.execute(
            f"""SELECT nullif(least(min(coalesce(closed_from, '-infinity')),
                    coalesce($start, '-infinity'::TIMESTAMPTZ)), '-infinity'),
                greatest(max(closed_to), $end) FROM meta.windows WHERE {touching}""",
            values,
        ).fetchall()[0]
        self.con.execute(f"DELETE FROM meta.windows WHERE {touching}", values)
        self._insert("windows", stream, *joined)

    def _note_field(self, landing: Landing, name: str, kind: str) -> None:
        known = self.con.execute(
            "SELECT 1 FROM meta.schema_changes WHERE stream = ? AND field = ?",
            [landing.stream, name],
        ).fetchall()
        if not known:
            self._insert(
                "schema_changes", landing.stream, name, kind, landing.answered_at, landing.walk
            )


@contextmanager
def opened(lake: Lake) -> Iterator[Warehouse]:
    """The warehouse, up to date with the ledger, with the lake's lock held.

    Raises `DataDirError` where disk or file won't do.
    """
    with lake.locked(), storage_faults(lake):
        con = _connect(_work_file(lake))
        try:
            warehouse = Warehouse(con, lake)
            _prepare(warehouse)
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
        work = _work_file(lake)
        fresh = work.with_suffix(".rebuild")
        _remove(fresh)
        con = _connect(fresh)
        try:
            _prepare(Warehouse(con, lake))
            con.execute("CHECKPOINT")
        finally:
            con.close()
        _remove(work)
        fresh.replace(work)


def _prepare(warehouse: Warehouse) -> None:
    con = warehouse.con
    if not con.sql("FROM duckdb_schemas() WHERE schema_name = 'meta'").fetchall():
        con.execute("BEGIN")
        for statement in tables.create_all():
            con.execute(statement)
        con.execute("INSERT INTO meta.ledger_position VALUES ('', 0, '')")
        con.execute("COMMIT")
    warehouse.catch_up()


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(path.parent / "spill"),
    }
    con = duckdb.connect(config=config)
    try:
        # The format that clients of 1.4 and 1.5 can read as well (DESIGN, measured).
        con.execute(
            f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS productlane "
            "(STORAGE_VERSION 'v1.4.0')"
        )
        con.execute(
            "USE productlane; SET TimeZone = 'UTC'; SET preserve_insertion_order = false; "
            "SET enable_progress_bar = false"
        )
    except BaseException:
        con.close()  # or the file would stay attached, and nobody else could open it
        raise
    return con


def _work_file(lake: Lake) -> Path:
    return lake.root.parent / "_work" / "warehouse.duckdb"


def _remove(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}.wal")):
        name.unlink(missing_ok=True)


@contextmanager
def storage_faults(lake: Lake) -> Iterator[None]:
    """Say what is wrong with disk or files in our own words."""
    folder = lake.root.parent
    try:
        yield
    except (duckdb.IOException, duckdb.TransactionException) as fault:
        text = str(fault)
        if "No space" in text or "could not write" in text.lower():
            raise DataDirError(f"the disk of {folder} is full", todo="Free some space") from fault
        raise DataDirError(
            f"a file below {folder} can't be read: {text.splitlines()[0]}",
            todo="If it is the warehouse's, `productlane-elt rebuild` makes it again",
        ) from fault
    except (
        duckdb.SerializationException,
        duckdb.InternalException,
        duckdb.FatalException,
    ) as fault:
        raise DataDirError(
            f"the warehouse's work file below {folder} is damaged",
            todo="`productlane-elt rebuild` makes it again from the lake",
        ) from fault
    except OSError as fault:
        raise DataDirError(
            f"{folder} can't be written: {fault.strerror or fault}",
            todo="Free some space, or see to the folder's permissions",
        ) from fault
