"""The lake: an append-only log of observations in Parquet, and the only truth.

A landing writes files under hidden names, renames them into place when all are on the disk, and
then adds one line to the ledger. What a crash leaves between the two is named in a marker
beforehand and removed by whoever takes the lock next; the walk's pages are still staged, so nothing
is lost by it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path

import orjson
import pyarrow as pa

from connector.buckets import Days
from connector.durable import reveal, write_durably
from connector.errors import ConfigurationError, DataDirError
from connector.lakefile import Rows, crc32_of, mark_of, write_hidden
from connector.ledger import Compaction, Entry, FileKind, LakeFile, Ledger
from connector.locks import GivesUp, WalkLock, flock, never
from schemas import Endpoint

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


class Lake:
    """The folder `lake/` of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "lake"
        self.ledger = Ledger(self.root / "_walks")
        self._hidden: list[Path] = []
        self._newest = 0
        try:
            for folder in ("_walks", "_staging", "_locks"):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise DataDirError(
                f"the data directory {data_dir} can't be written ({fault.strerror})",
                todo="Set PRODUCTLANE_DATA_DIR to a folder of yours",
            ) from None

    def belong_to(self, workspace: str) -> None:
        """Be of this workspace from now on; raise `ConfigurationError` if it is another's.

        Two workspaces in one lake would look like one whose rows all went and came.
        """
        # Two first syncs at once would both write the file, under one hidden name.
        with flock(self.root / "_locks" / "sequence", fcntl.LOCK_EX):
            if not self.is_taken:
                write_durably(self._workspace, orjson.dumps({"workspace_id": workspace}))
        known = orjson.loads(self._workspace.read_bytes())["workspace_id"]
        if known != workspace:
            raise ConfigurationError(
                f"{self.root} holds workspace {known}, and the key is for {workspace}",
                todo="Set PRODUCTLANE_DATA_DIR to another folder, or use the other key",
            )

    @property
    def is_taken(self) -> bool:
        """Is it already known whose workspace this is? Then at least one run has begun well."""
        return self._workspace.exists()

    @contextmanager
    def locked(self, gives_up: GivesUp = never) -> Iterator[None]:
        """Hold the lake's lock: one landing, publication or rebuild at a time, over processes.

        The lock belongs to the open file, so a killed holder leaves nothing locked. Raises `Busy`
        if another process has it and `gives_up` says, told how many seconds were waited, that
        this is enough.
        """
        with flock(self.root / "_locks" / "lake", fcntl.LOCK_EX, gives_up):
            self._recover()
            yield

    @contextmanager
    def walking(self, stream: str) -> Iterator[WalkLock]:
        """Make it known that a walk of the stream is under way."""
        with flock(self.root / "_locks" / stream, fcntl.LOCK_SH) as handle:
            yield WalkLock(handle)

    def next_walk(self) -> str:
        """A new walk's id; ids sort in the order in which walks began."""
        with flock(self.root / "_locks" / "sequence", fcntl.LOCK_EX) as handle:
            walk = f"{max(_number(os.pread(handle, 32, 0)), self._newest) + 1:010d}"
            os.pwrite(handle, walk.encode(), 0)
        return walk

    def follow(self, walk: str) -> None:
        """Let new ids come after that of a walk that has landed.

        A loss of power sets the counter back, and whoever tidies up locks removes it: files of
        new walks would then take the places of old ones.
        """
        staged = (path.name.rpartition("-")[2] for path in (self.root / "_staging").glob("*-*"))
        self._newest = max(self._newest, *map(_number, (walk.encode(), *map(str.encode, staged))))

    def path(self, file: LakeFile) -> str:
        """Where a file of the ledger lies."""
        return str(self.root / file.path)

    def verify(self, file: LakeFile) -> None:
        """Raise `DataDirError` unless the file is there, to the last bit."""
        path = self.root / file.path
        if not path.exists():
            what = "is missing"
        elif path.stat().st_size != file.bytes or crc32_of(path) != file.crc32:
            what = "is damaged"
        else:
            return
        raise DataDirError(
            f"the lake's file {path} {what}", todo="Restore it from a backup; nothing was changed"
        )

    # -- landing: all with the lock held ---------------------------------------------------

    def begin(self, walk: str, replaced: Sequence[str] = ()) -> None:
        """Name the landing whose files are about to appear, and the files that go by it.

        What one has left that ran out of memory is cleared away: it is done again.
        """
        self._recover()
        write_durably(self._marker, orjson.dumps({"walk": walk, "replaced": replaced}))

    def commit(self, entry: Entry) -> None:
        """The landing, the compaction or the run counts from here on, and its files are shown."""
        reveal(self._hidden)
        self._hidden.clear()
        self.ledger.append(entry)
        if isinstance(entry, Compaction):
            self._remove(entry.replaced)
        self._marker.unlink(missing_ok=True)

    def write_rows(self, endpoint: Endpoint, walk: str, days: Days) -> Iterator[LakeFile]:
        """Write the rows of each day to its folder.

        A first load makes a file for every day of years. A second thread for them saves a third
        of a second per thousand, but both then wait for Python's lock: a quarter more of the
        processor's time, which other walks could use (measured).
        """
        partition = "updated_date" if endpoint.asked == "window" else "snapshot_date"
        folder = self.root / endpoint.stream
        for day, rows in days:
            path = folder / f"{partition}={day or HIVE_NULL}" / f"{walk}.parquet"
            yield self._write(path, "rows", endpoint.stream, endpoint.schema, rows)

    def write_again(
        self, like: LakeFile, walk: str, schema: pa.Schema, rows: Iterable[pa.RecordBatch]
    ) -> LakeFile:
        """Write rows that the lake has already to another file in the folder of one of theirs."""
        path = (self.root / like.path).with_name(f"{walk}.parquet")
        written = self._write(path, like.kind, like.stream, schema, rows)
        return replace(written, columns=like.columns)

    def write_beside(
        self, kind: FileKind, stream: str, walk: str, rows: pa.RecordBatchReader
    ) -> Iterator[LakeFile]:
        """Write one of the connector's own records, if there is anything in it."""
        filled = (batch for batch in rows if batch.num_rows)
        if first := next(filled, None):
            path = self.root / f"_{kind}" / stream / f"{walk}.parquet"
            yield self._write(path, kind, stream, rows.schema, chain([first], filled))

    def _write(
        self, path: Path, kind: FileKind, stream: str, schema: pa.Schema, rows: Rows
    ) -> LakeFile:
        self._hidden.append(path)
        written = write_hidden(path, schema, rows)
        relative = path.relative_to(self.root).as_posix()
        return LakeFile(relative, kind, stream, *written, mark_of(schema))

    @property
    def _workspace(self) -> Path:
        return self.root / "_workspace.json"

    @property
    def _marker(self) -> Path:
        return self.root / "_staging" / "landing.json"

    def _recover(self) -> None:
        """Remove the files of a landing that a crash kept from its line in the ledger.

        Of a compaction that has its line, the files go that it replaced.
        """
        self._hidden.clear()
        if not self._marker.exists():
            return
        found = orjson.loads(self._marker.read_bytes())
        if self._is_committed(found["walk"]):
            self._remove(found["replaced"])
        else:
            for pattern in ("*/*/{}*.parquet", "*/*/.{}*.parquet"):
                for path in self.root.glob(pattern.format(found["walk"])):
                    path.unlink()
        self._marker.unlink()

    def _remove(self, paths: Sequence[str]) -> None:
        for path in paths:
            (self.root / path).unlink(missing_ok=True)

    def _is_committed(self, walk: str) -> bool:
        newest = sorted((self.root / "_walks").glob("*.jsonl"))[-1:]
        needle = f'"walk":"{walk}"'.encode()
        return any(needle in path.read_bytes() for path in newest)


def _number(text: bytes) -> int:
    """What a counter says; one that a loss of power has filled with NULs says nothing."""
    digits = text.strip(b"\0")
    return int(digits) if digits.isdigit() else 0


def oldest_day(data_dir: Path) -> date | None:
    """The first day of `updated_at` that a lake has, by its folders' names: no file is opened.

    Of rows without a stamp, and of a lake that is not there, nothing.
    """
    folders = (data_dir / "lake").glob("[a-z]*/updated_date=*")
    named = (folder.name.removeprefix("updated_date=") for folder in folders)
    days = (name for name in named if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name))
    return min(map(date.fromisoformat, days), default=None)
