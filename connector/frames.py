"""A file that grows by whole frames: what was torn, by a crash or the disk, is seen and cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO
from zlib import crc32

HEADER = Struct("<4sIQ48x")
"""A mark, the CRC-32 of the content, its length. Arrow wants what it maps to begin at 64 bytes."""

MARK = b"page"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a frame's content begins, and its length, in bytes."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """Where the next frame's header begins."""
        return self.start + self.length + _gap(self.length)


def add_frame(path: Path, content: bytes) -> Frame:
    """Add a frame. It survives a crash of this process; a full disk leaves the file as it was."""
    header = HEADER.pack(MARK, crc32(content), len(content))
    with path.open("ab") as file:
        begin = file.tell()
        try:
            file.write(b"".join((header, content, bytes(_gap(len(content))))))
            file.flush()
        except OSError:
            os.truncate(path, begin)
            raise
    return Frame(begin + HEADER.size, len(content))


def whole(path: Path) -> list[Frame]:
    """The frames from the first on, up to the first that is torn; from there on all is cut off."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        found = list(_whole(file))
    os.truncate(path, found[-1].end if found else 0)
    return found


def _whole(file: BinaryIO) -> Iterator[Frame]:
    size = os.fstat(file.fileno()).st_size
    while len(header := file.read(HEADER.size)) == HEADER.size:
        mark, check, length = HEADER.unpack(header)
        frame = Frame(file.tell(), length)
        if mark != MARK or frame.start + length > size or crc32(file.read(length)) != check:
            return
        yield frame
        file.seek(frame.end)


def _gap(length: int) -> int:
    return -length % HEADER.size
