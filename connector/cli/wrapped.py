"""Streams as those who write to them want them."""

from __future__ import annotations

from typing import IO


class Lines:
    """Takes lines that end in CR LF, and passes them on with LF alone.

    Python 3.11 quotes a CR only where the end of a line has one; bare, it ends a row for others.
    """

    def __init__(self, sink: IO[str]) -> None:
        self._sink = sink

    def write(self, line: str) -> int:
        """One line."""
        return self._sink.write(f"{line[:-2]}\n")


class Counted:
    """A stream that knows how much it was given, which a pipe doesn't and Parquet has to."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._at = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """All of it."""
        self._sink.write(data)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes so far."""
        return self._at

    def flush(self) -> None:
        """On to whoever reads."""
        self._sink.flush()

    def close(self) -> None:
        """The stream itself belongs to somebody else."""
        self.closed = True
