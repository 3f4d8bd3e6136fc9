"""Pages on their way to the lake, so that a killed walk goes on where it was.

All pages of a walk stand in one file, each framed by its length and checksum. They are not waited
for to be on the disk: what a loss of power tears is seen by its checksum, and asked for again.

A staged walk is taken up again if it asked the very same question, is young enough for its
cursor, and nothing of its stream has landed since: what landed later may have been compared with
less than these pages know (see `locks.WalkLock`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from connector import frames
from connector.decode import Decoded, Rejected
from connector.frames import Frame
from connector.streamed import Streamed

PAGES = "pages.arrow"

YOUNG = timedelta(hours=6)
"""How old a staged walk may be to go on; the life of a cursor is not known (question 27)."""


PIECE = 10
"""Pages a piece: 3.5 MB of threads."""


@dataclass(slots=True)
class Mark:
    """Where a chain of a staged walk stands: its part, its id, and the page that comes next.

    For a slice (`connector.slices`) its border, and what its rows were so far.
    """

    part: int
    chain: str
    cursor: str | None
    has_more: bool
    border: datetime | None = None
    newest: datetime | None = None
    reached: datetime | None = None
    rows: int = 0
    orderly: bool = True

    @property
    def number(self) -> int:
        """Which of the walk's chains it is, from 1 on."""
        return int(self.chain.rpartition(".")[2])


@dataclass(slots=True)
class Staged:
    """The staged pages of one stream's walk, all parts of it, framed in a file.

    `asked_at` is the server's clock when the walk began, `answered_at` at its latest page.
    """

    folder: Path
    file: Path
    walk: str
    question: dict[str, Any]
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    marks: dict[tuple[int, datetime | None], Mark] = field(default_factory=dict)
    pages: int = 0
    rows: int = 0
    unstamped: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    _frames: list[Frame] = field(default_factory=list)
    _handle: int = -1

    def add(self, decoded: Decoded, mark: Mark, asked_at: datetime, answered_at: datetime) -> None:
        """Stage a page. It survives a crash of this process when this returns."""
        note = {
            "mark": _told(mark),
            "asked_at": asked_at.isoformat(),
            "answered_at": answered_at.isoformat(),
            "rejected": [[r.reason, r.record, r.key, r.parent] for r in decoded.rejected],
            "unknown": decoded.unknown,
        }
        frame = frames.add_frame(self.file, _written(decoded.rows, note))
        self._count(frame, decoded.rows, note)

    def _count(self, frame: Frame, rows: pa.RecordBatch, note: dict[str, Any]) -> None:
        mark = _mark(note["mark"])
        self.marks[mark.part, mark.border] = mark
        self.asked_at = self.asked_at or datetime.fromisoformat(note["asked_at"])
        self.answered_at = datetime.fromisoformat(note["answered_at"])
        self.rejected += [Rejected(*rejected) for rejected in note["rejected"]]
        self.unknown = note["unknown"] | self.unknown
        self.pages += 1
        self.rows += rows.num_rows
        if "updated_at" in rows.schema.names:
            self.unstamped += rows.column("updated_at").null_count
        self._frames.append(frame)

    def streamed(self, schema: pa.Schema) -> Streamed:
        """All staged rows, for DuckDB."""
        return Streamed(schema, partial(self.pieces, schema))

    def pieces(self, schema: pa.Schema) -> Iterator[pa.Table]:
        """All staged rows, some pages at a time, mapped into memory: only what is read counts."""
        for start in range(0, len(self._frames), PIECE):
            with pa.memory_map(str(self.file)) as file:
                pages = [_page(file, frame)[0] for frame in self._frames[start : start + PIECE]]
            yield pa.Table.from_batches(pages, schema)

    def so_far(self, walk: str) -> Staged:
        """The pages up to now, to be landed as a walk of its own while this one goes on."""
        folder = self.folder / walk
        folder.mkdir()
        return replace(
            self,
            folder=folder,
            walk=walk,
            rejected=[],
            unknown={},
            _frames=[*self._frames],
            _handle=-1,
        )

    def drop(self) -> None:
        """The walk has landed, or counts no more."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Leave the pages to whoever asks the same question next."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _told(mark: Mark) -> list[Any]:
    times = [one and one.isoformat() for one in (mark.border, mark.newest, mark.reached)]
    return [mark.part, mark.chain, mark.cursor, mark.has_more, times, mark.rows, mark.orderly]


def _mark(told: list[Any]) -> Mark:
    part, chain, cursor, has_more, times, rows, orderly = told
    border, newest, reached = (one and datetime.fromisoformat(one) for one in times)
    return Mark(part, chain, cursor, has_more, border, newest, reached, rows, orderly)


def take_up(root: Path, question: dict[str, Any], landed: str, now: datetime) -> Staged | None:
    """The staged walk of the same question that may go on; dead ones of the stream are removed.

    `landed` is the id of the stream's latest landing. A walk that another process is at is left
    alone: its folder is locked, and the lock dies with its holder.
    """
    found = None
    for folder in sorted(root.glob(f"{question['stream']}-*")):
        staged = _read(folder)
        if staged is None:
            continue
        fits = staged.question == question and staged.walk > landed and not found
        if fits and staged.asked_at and now - staged.asked_at < YOUNG:
            found = staged
        else:
            staged.drop()
    return found


def sweep(root: Path, stream: str) -> None:
    """Remove what dead walks of the stream left; those that are under way are locked."""
    for folder in sorted(root.glob(f"{stream}-*")):
        if staged := _read(folder):
            staged.drop()


def begin(root: Path, walk: str, question: dict[str, Any]) -> Staged:
    """A new staged walk, locked to this process."""
    folder = root / f"{question['stream']}-{walk}"
    folder.mkdir(parents=True)
    handle = os.open(folder / "walk.json", os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, orjson.dumps({"walk": walk, "question": question}))
    return Staged(folder, folder / PAGES, walk, question, _handle=handle)


def _read(folder: Path) -> Staged | None:
    """The staged walk in a folder, locked to this process; None if another one is at it."""
    try:
        handle = os.open(folder / "walk.json", os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except FileNotFoundError:
        return None
    staged = Staged(folder, folder / PAGES, "", {}, _handle=handle)
    try:
        found = orjson.loads(os.pread(handle, 1 << 20, 0))
    except orjson.JSONDecodeError:
        return staged  # killed while it began: fits no question, and is dropped
    staged.walk, staged.question = found["walk"], found["question"]
    if whole := frames.whole(staged.file):
        with pa.memory_map(str(staged.file)) as file:
            for frame in whole:
                staged._count(frame, *_page(file, frame))
    return staged


def _written(rows: pa.RecordBatch, note: dict[str, Any]) -> pa.Buffer:
    schema = rows.schema.with_metadata({"page": orjson.dumps(note)})
    with pa.BufferOutputStream() as made, pa.ipc.new_stream(made, schema) as writer:
        writer.write_batch(rows)
    return made.getvalue()


def _page(file: pa.MemoryMappedFile, frame: Frame) -> tuple[pa.RecordBatch, dict[str, Any]]:
    file.seek(frame.start)
    with pa.ipc.open_stream(file.read_buffer(frame.length)) as reader:
        return reader.read_next_batch(), orjson.loads(reader.schema.metadata[b"page"])


def rejected_table(
    stream: str, rejected: Iterable[Rejected], walk: str, observed_at: datetime
) -> pa.Table:
    """What was set aside, as a table for the lake: stream, key, reason, record, when."""
    found = list(dict.fromkeys(rejected))
    schema = pa.schema(
        [
            ("stream", pa.string()),
            ("key", pa.string()),
            ("reason", pa.string()),
            ("record", pa.string()),
            ("observed_at", pa.timestamp("us", tz="UTC")),
            ("walk", pa.string()),
        ]
    )
    rows = [
        {
            "stream": stream,
            "key": one.key,
            "reason": one.reason,
            "record": one.record,
            "observed_at": observed_at,
            "walk": walk,
        }
        for one in found
    ]
    return pa.Table.from_pylist(rows, schema=schema)
