"""The warehouse: tables made of the lake, in a private work file, published by rename.

The work file is opened only with the lake's lock held, and whoever opens it first applies what
the ledger has and it has not. So it can be deleted at any time: the next one to open it builds it
again from the lake. Readers only ever see the published copy, which is whole and never changes.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from connector import meta
from connector.lake import Lake
from connector.lakefile import mark_of
from connector.ledger import Compaction, Entry, LakeFile, Landing, Position
from connector.locks import GivesUp, never
from connector.promotion import by_kinds, kinds_of, promotion
from connector.published import PUBLISHED
from connector.versions import Pieces, apply, parquets
from connector.workfile import (
    FROM_LAKE,
    connect,
    hold_at_most,
    remove,
    storage_faults,
    with_room,
    work_file,
)
from schemas import STREAMS, Endpoint

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StreamState:
    """What the warehouse knows of a stream before a walk.

    `closed_to`: everything up to it is closed. `landed`: its latest walk that was whole.
    `stampless`: the last full walk found rows and none had an `updated_at`, so a window would
    ask for nothing.
    `shows_all`: the last full walk proved that the list hides nothing when no flag is set.
    `held`: keys that were absent once and are believed gone if they are absent again.
    """

    closed_to: datetime | None = None
    landed: str = ""
    stampless: bool = False
    shows_all: bool = False
    held: frozenset[str] = frozenset()


class Warehouse:
    """The open work file. Get one from `opened`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self.con = con
        self.lake = lake
        self._made_to_count = 0
        found = con.execute('SELECT file, "offset" FROM meta.ledger_position').fetchall()
        self._position = Position(*found[0])  # how far the ledger has been applied

    # -- what it knows ---------------------------------------------------------------------

    def states(self) -> dict[str, StreamState]:
        """What is closed, landed and held of every stream."""
        closed = self._by_stream(
            "SELECT stream, closed_to FROM meta.windows WHERE closed_from IS NULL"
        )
        landed = self._by_stream(
            "SELECT stream, max(walk) FROM meta.walks WHERE kind <> 'early' GROUP BY stream"
        )
        last = self._by_stream(
            """SELECT stream, arg_max({'stampless': rows > 0 AND unstamped = rows,
                'shows_all': shows_all}, walk)
            FROM meta.walks WHERE kind = 'full' GROUP BY stream"""
        )
        held = self._by_stream("SELECT stream, list(key) FROM meta.missing GROUP BY stream")
        return {
            stream: StreamState(
                closed_to=closed.get(stream),
                landed=landed.get(stream, ""),
                held=frozenset(held.get(stream, ())),
                **last.get(stream, {}),
            )
            for stream in STREAMS
        }

    def _by_stream(self, sql: str) -> dict[str, Any]:
        return dict(self.con.execute(sql).fetchall())

    def held(self, stream: str) -> frozenset[str]:
        """Keys, as JSON, of rows that were absent once and are not yet believed to be gone."""
        found = self.con.execute("SELECT key FROM meta.missing WHERE stream = ?", [stream])
        return frozenset(key for (key,) in found.fetchall())

    def was_read(self, stream: str) -> bool:
        """Has any walk of the stream landed?"""
        found = self.con.execute("SELECT 1 FROM meta.walks WHERE stream = ? LIMIT 1", [stream])
        return bool(found.fetchall())

    def rows(self, stream: str) -> int:
        """How many rows a table has now."""
        return int(self.con.execute(f"SELECT count(*) FROM main.{stream}").fetchall()[0][0])

    def with_room(self, act: Callable[[Warehouse], T]) -> T:
        """Do something here, and again with more memory where it ran out of it.

        Once it has made an entry count, it is not done again: that would count twice.
        """
        before = self._made_to_count
        return with_room(self.con, lambda: act(self), again=lambda: self._made_to_count == before)

    # -- what changes it -------------------------------------------------------------------

    def catch_up(self) -> None:
        """Apply all that the ledger has and the tables have not, in one transaction.

        Raises `DataDirError` where a file of the lake is not what the ledger says it is.
        """
        found = self._unapplied()
        for file in self._new_files(found):
            self.lake.verify(file)
        if found:
            hold_at_most(self.con, FROM_LAKE)
        self._advance(found, {})
        [(newest,)] = self.con.execute("SELECT max(walk) FROM meta.walks").fetchall()
        self.lake.follow(newest or "")

    def is_overtaken(self) -> bool:
        """Is there a landing to apply whose files have been compacted since with older ones?

        Such a work file comes from a backup. What it lacks can't be told from what it has.
        """
        entries = [entry for entry, _ in self._unapplied()]
        lacking = {f.path for one in entries if isinstance(one, Landing) for f in one.files}
        return not self._is_blank() and not lacking.isdisjoint(_replaced(entries))

    def commit(self, entry: Entry, arrivals: dict[str, Pieces] | None = None) -> None:
        """Make an entry count: a line in the ledger, and its rows in the tables.

        `arrivals` are the rows of a stream that the landing's files hold, where they are still at
        hand: reading thousands of new files back would take longer than writing them.
        """
        self._made_to_count += 1
        self.lake.commit(entry)
        self._advance(self._unapplied(), arrivals or {})

    def _unapplied(self) -> list[tuple[Entry, Position]]:
        return list(self.lake.ledger.since(self._position))

    def _is_blank(self) -> bool:
        return self._position == Position()

    def _new_files(self, found: list[tuple[Entry, Position]]) -> list[LakeFile]:
        """The files to apply. What compactions wrote is known already, but to a blank warehouse."""
        entries = [entry for entry, _ in found]
        replaced = _replaced(entries)
        kinds = (Landing, Compaction) if self._is_blank() else (Landing,)
        files = [file for one in entries if isinstance(one, kinds) for file in one.files]
        return [file for file in files if file.path not in replaced]

    def _advance(self, found: list[tuple[Entry, Position]], arrivals: dict[str, Pieces]) -> None:
        if found:
            with_room(self.con, partial(self._advance_at_once, found, arrivals))

    def _advance_at_once(
        self, found: list[tuple[Entry, Position]], arrivals: dict[str, Pieces]
    ) -> None:
        position = found[-1][1]
        with self._transaction():
            self._apply([entry for entry, _ in found], self._new_files(found), arrivals)
            self.con.execute(
                'UPDATE meta.ledger_position SET file = ?, "offset" = ?',
                [position.file, position.offset],
            )
        self._position = position

    def checkpoint(self) -> None:
        """Have the work file hold everything, and nothing stand beside it."""
        with_room(self.con, lambda: self.con.execute("CHECKPOINT"))

    def publish(self) -> None:
        """Put a copy where readers look. Readers of the copy before keep it until they close it."""
        self.checkpoint()
        target = self.lake.root.parent / PUBLISHED
        hidden = target.with_name(f".{PUBLISHED}.{os.getpid()}")
        # The lake's lock is held, so nobody else is copying: these are of processes that died.
        for left in target.parent.glob(f".{PUBLISHED}.*"):
            left.unlink()
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

    def _apply(
        self, entries: list[Entry], new: list[LakeFile], arrivals: dict[str, Pieces]
    ) -> None:
        files: dict[tuple[str, str], list[LakeFile]] = defaultdict(list)
        for file in new:
            files[file.stream, file.kind].append(file)
        for endpoint in STREAMS.values():
            stream = endpoint.stream
            if files[stream, "rows"] or files[stream, "deletions"]:
                rows = arrivals.get(stream) or self._pieces(
                    endpoint, endpoint.schema, files[stream, "rows"]
                )
                deletions = self._pieces(endpoint, endpoint.deletions, files[stream, "deletions"])
                apply(self.con, endpoint, rows, deletions, streamed=stream in arrivals)
            meta.set_aside(self.con, self._paths(files[stream, "rejected"]))
            meta.remember_parents(self.con, self._paths(files[stream, "parents"]))
            meta.hold(self.con, self._paths(files[stream, "missing"]))
        for stream in _maybe_gone(files):
            meta.forget_parents(self.con, stream)
        for entry in entries:
            meta.record(self.con, entry)
        meta.release(self.con)

    def _paths(self, files: list[LakeFile]) -> list[str]:
        return [self.lake.path(file) for file in files]

    def _pieces(self, endpoint: Endpoint, schema: pa.Schema, files: list[LakeFile]) -> Pieces:
        """The rows in some files, with the columns of `schema`.

        Files with other columns are read apart: DuckDB would read all of them as it does the first.
        """
        mark = mark_of(schema)
        alike = self._paths([file for file in files if file.columns == mark])
        doubtful = self._paths([file for file in files if file.columns != mark])
        old = by_kinds(endpoint, doubtful)
        alike += old.pop(kinds_of(schema), [])
        pieces = [*parquets(alike)]
        if old:
            name = f"promoted_{files[0].kind}"
            self.con.register(name, promotion(endpoint, schema, old))
            pieces.append(f"FROM {name}")
        return lambda: iter(pieces)


def _maybe_gone(files: dict[tuple[str, str], list[LakeFile]]) -> set[str]:
    """The streams of which some rows went, or were asked under, perhaps before they went."""
    found = {stream for (stream, kind), some in files.items() if kind == "deletions" and some}
    asked = {stream for (stream, kind), some in files.items() if kind == "parents" and some}
    return found | {parent.stream for one in asked if (parent := STREAMS[one].parent)}


def _replaced(entries: list[Entry]) -> set[str]:
    return {path for one in entries if isinstance(one, Compaction) for path in one.replaced}


@contextmanager
def opened(lake: Lake, gives_up: GivesUp = never) -> Iterator[Warehouse]:
    """The warehouse, up to date with the ledger, with the lake's lock held.

    Raises `DataDirError` where disk or file won't do, `Busy` as `Lake.locked` does.
    """
    with lake.locked(gives_up), storage_faults(lake):
        work = work_file(lake)
        con = connect(work)
        try:
            if Warehouse(con, lake).is_overtaken():
                con.close()
                remove(work)
                con = connect(work)
            warehouse = Warehouse(con, lake)
            warehouse.catch_up()
            yield warehouse
        finally:
            con.close()


def publish_if_behind(lake: Lake, gives_up: GivesUp = never) -> bool:
    """Publish, unless what readers see has all that the ledger has, and the views of today."""
    with opened(lake, gives_up) as warehouse:
        if not is_behind(warehouse):
            return False
        warehouse.publish()
        return True


def is_behind(warehouse: Warehouse) -> bool:
    """Does the copy that readers see lack anything that the ledger has, or the views of today?"""
    return _marks_of_file(warehouse.lake.root.parent / PUBLISHED) != _marks(warehouse.con)


def _marks(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """What tells one warehouse from another: ledger applied so far, catalogue, views."""
    return con.sql("FROM meta.ledger_position").fetchall()


def _marks_of_file(published: Path) -> list[tuple[object, ...]] | None:
    try:
        with duckdb.connect(str(published), read_only=True) as con:
            return _marks(con)
    except duckdb.Error:
        return None  # not there, or damaged: it is replaced


def rebuild(lake: Lake) -> None:
    """The warehouse again, from the lake alone. The old one stays until the new one is whole."""
    with lake.locked(), storage_faults(lake):
        work = work_file(lake)
        fresh = work.with_suffix(".rebuild")
        remove(fresh)
        try:
            _fill(fresh, lake)
            remove(work)
            fresh.replace(work)
        finally:
            remove(fresh)


def _fill(path: Path, lake: Lake) -> None:
    con = connect(path)
    try:
        warehouse = Warehouse(con, lake)
        warehouse.catch_up()
        warehouse.checkpoint()
    finally:
        con.close()
