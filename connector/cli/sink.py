"""Where an answer goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from connector.errors import ConfigurationError
from connector.published import PUBLISHED


@contextmanager
def opened(path: Path | None, *, binary: bool) -> Iterator[IO[Any]]:
    """A stream to write to. Raises `ConfigurationError` for a terminal."""
    if path is None:
        if binary and sys.stdout.isatty():
            raise ConfigurationError(
                "Parquet is no text for a terminal",
                todo="Name a file, `--output rows.parquet`, or send it on, `> rows.parquet`",
            )
        yield sys.stdout.buffer if binary else sys.stdout
        sys.stdout.flush()
        return
    special = path.exists() and not path.is_file()  # /dev/null, a FIFO: nothing to put in place
    with _open(path, binary) if special else _whole(path, binary) as stream:
        yield stream


@contextmanager
def _whole(path: Path, binary: bool) -> Iterator[IO[Any]]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _open(part, binary) as stream:
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _open(path: Path, binary: bool) -> IO[Any]:
    return path.open("wb") if binary else path.open("w", encoding="utf-8", newline="")


def refuse_ours(path: Path, data_dir: Path) -> None:
    """Raise `ConfigurationError` for a file that is the connector's own."""
    place = path.resolve()
    if place == (data_dir / PUBLISHED).resolve() or (data_dir / "lake").resolve() in place.parents:
        raise ConfigurationError(f"{path} is the connector's own", todo="Name another file")
