"""The ledger: what was walked, landed, compacted, written, run: a JSON line each, oldest first.

A line is the commit point of a landing: files that no line names don't count. Lines are appended
under the lake's lock and reach the disk before anything builds on them; a last line torn by a
crash was never acted on, and is cut off by the next writer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from connector.durable import sync
from connector.errors import DataDirError

FileKind = Literal["rows", "deletions", "rejected", "parents", "missing"]


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file of the lake: its path below the lake's folder, and what must be found there.

    `columns` tells files with the same columns from others: the catalogue may change in between.
    """

    path: str
    kind: FileKind
    stream: str
    rows: int
    bytes: int
    crc32: int
    columns: str


@dataclass(frozen=True, slots=True)
class Landing:
    """What a walk brought, as one line of the ledger. Times are the server's.

    `kind`: `window`, `full`, `children` (under parents whose signals called for it), `rotation`
    (under parents whose turn it was), or `push` (rows that were just written). `closed` is the
    span of `updated_at` that the walk closes, [None, t] from the beginning of time, or None.
    `late`: rows that came under a stamp up to which everything was closed.
    `drifted`: rows that changed under an unmoved `updated_at`, and in how many of them which field.
    `shows_all`: without flags, the list showed the rows of every combination of flags.
    """

    walk: str
    run: str
    stream: str
    kind: Literal["window", "full", "early", "children", "rotation", "push"]
    asked_at: datetime
    answered_at: datetime
    asked_after: datetime | None = None
    asked_before: datetime | None = None
    closed: tuple[datetime | None, datetime] | None = None
    requests: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    missing: int = 0
    unstamped: int = 0
    late: int = 0
    drifted: int = 0
    drifted_fields: dict[str, int] = field(default_factory=dict)
    shows_all: bool = False
    unknown: dict[str, str] = field(default_factory=dict)
    files: tuple[LakeFile, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamOutcome:
    """How one stream fared in a run; `error` is empty where it went well.

    `status`, `code` and `request_id` are the API's, where it was an answer that was the error;
    `todo` is what to do. `error` says all of it in words.
    `stopped`: the run ended before the stream was through; what had landed by then counts.
    `late` and `drifted` are those of its landings.
    """

    stream: str
    outcome: Literal["done", "failed", "skipped", "stopped"]
    rows: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    rejected: int = 0
    requests: int = 0
    error: str = ""
    exit_code: int = 0
    late: int = 0
    drifted: int = 0
    status: int | None = None
    code: str = ""
    request_id: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the connector, as one line of the ledger. Times are this machine's.

    `ended`: it was through (whatever became of single streams), was stopped from outside, or
    failed by what concerns all streams, which `error` says. A killed run leaves no line.
    """

    run: str
    command: str
    started_at: datetime
    ended_at: datetime
    requests: int
    refused: int
    waited: float
    bytes: int
    streams: tuple[StreamOutcome, ...]
    ended: Literal["done", "stopped", "failed"] = "done"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Compaction:
    """Small files that have become larger ones, as one line of the ledger.

    `files` hold every row of the files `replaced` (paths below the lake's folder), and no other.
    """

    walk: str
    compacted_at: datetime
    files: tuple[LakeFile, ...]
    replaced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """An attempt to change a row at the source: a line before the request, and one after it.

    The first, `begun`, is on the disk before the request is sent. `outcome` of the second:
    `done`; `not_done` (the row was read and is as before, or the request was refused by the rate
    limit); `refused` by the API, with its own words in `details`; `unknown` (the row could not be
    read: the next push looks again); `unclear` (it was changed by somebody else since, so nobody
    can tell). `answer_lost`: the outcome was read from the row, as no answer came.
    `before`, `asked` and `after` are values of the row's fields. `noted_at` is this machine's.
    """

    write: str
    run: str
    stream: str
    key: str
    attempt: int
    noted_at: datetime
    os_user: str
    api_key_id: str
    before: dict[str, Any]
    asked: dict[str, Any]
    outcome: Literal["begun", "done", "not_done", "refused", "unknown", "unclear"] = "begun"
    after: dict[str, Any] | None = None
    answer_lost: bool = False
    status: int | None = None
    code: str = ""
    request_id: str = ""
    details: str = ""


Entry = Landing | Run | Compaction | Write
"""What a line of the ledger says."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the ledger has been read: a file, and a place in it."""

    file: str = ""
    offset: int = 0


class Ledger:
    """The JSON lines in `lake/_walks/`, one file a month."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, entry: Entry) -> None:
        """Add a line. It is on the disk when this returns. The lake's lock must be held."""
        self._folder.mkdir(parents=True, exist_ok=True)
        newest = max((path.name for path in self._folder.glob("*.jsonl")), default="")
        # Never before the newest file: the order of lines is the order of commits.
        path = self._folder / max(newest, f"{_written_at(entry):%Y-%m}.jsonl")
        line = orjson.dumps({"type": type(entry).__name__.lower(), **asdict(entry)})
        with path.open("ab") as file:
            file.truncate(_whole(path))
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if path.name != newest:
            sync(self._folder)

    def end(self) -> Position:
        """Behind the last line; a line that is being written, or was torn, may stand before it."""
        newest = max(self._folder.glob("*.jsonl"), default=None)
        return Position(newest.name, newest.stat().st_size) if newest else Position()

    def since(self, position: Position) -> Iterator[tuple[Entry, Position]]:
        """The entries after a position, each with the position behind it."""
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.name < position.file:
                continue
            offset = position.offset if path.name == position.file else 0
            yield from _entries(path, offset)


def _written_at(entry: Entry) -> datetime:
    match entry:
        case Landing():
            return entry.answered_at
        case Run():
            return entry.ended_at
        case Compaction():
            return entry.compacted_at
        case Write():
            return entry.noted_at


def _entries(path: Path, offset: int) -> Iterator[tuple[Entry, Position]]:
    with path.open("rb") as file:
        file.seek(offset)
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            try:
                yield _entry(orjson.loads(line)), Position(path.name, offset)
            except (ValueError, KeyError, TypeError) as fault:
                raise DataDirError(
                    f"ledger line {number} after byte {offset - len(line)} of {path} is damaged",
                    todo="Restore the file from a backup",
                ) from fault


_TIMES = ("asked_at", "answered_at", "asked_after", "asked_before", "started_at", "ended_at",
          "compacted_at", "noted_at")  # fmt: skip


def _entry(found: dict[str, Any]) -> Entry:
    kind = found.pop("type")
    for name in _TIMES:
        if found.get(name):
            found[name] = datetime.fromisoformat(found[name])
    if kind == "run":
        streams = tuple(StreamOutcome(**outcome) for outcome in found.pop("streams"))
        return Run(**found, streams=streams)
    if kind == "write":
        return Write(**found)
    files = tuple(LakeFile(**file) for file in found.pop("files"))
    if kind == "compaction":
        return Compaction(**found | {"files": files, "replaced": tuple(found["replaced"])})
    if closed := found.pop("closed"):
        start, end = closed
        closed = (start and datetime.fromisoformat(start), datetime.fromisoformat(end))
    return Landing(**found, closed=closed, files=files)


def _whole(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        while size:
            step = min(size, 65536)
            file.seek(size - step)
            at = file.read(step).rfind(b"\n")
            if at >= 0:
                return size - step + at + 1
            size -= step
    return 0
