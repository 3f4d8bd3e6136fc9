"""Where an answer goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from connector.errors import ConfigurationError
from connector.published import PUBLISHED


@contextmanager
def opened(path: Path | None, *, binary: bool) -> Iterator[IO[Any]]:
    """A stream to write to. Raises `ConfigurationError` for a terminal, and where it can't be."""
    if path is None or _is_stdout(path):
        if binary and sys.stdout.isatty():
            raise ConfigurationError(
                "Parquet is no text for a terminal",
                todo="Name a file, `--output rows.parquet`, or send it on, `> rows.parquet`",
            )
        yield sys.stdout.buffer if binary else sys.stdout
        sys.stdout.flush()
        return
    try:
        special = path.exists() and not path.is_file()  # /dev/null, a FIFO: nothing to put in place
        with _open(path, binary) if special else _whole(path.resolve(), binary) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise ConfigurationError(f"{path} can't be written ({fault.strerror})") from None


def _is_stdout(path: Path) -> bool:
    """Is it where standard output goes? To open it again would cut off what `>>` is to keep."""
    return path.exists() and os.path.samestat(path.stat(), os.fstat(1))


@contextmanager
def _whole(path: Path, binary: bool) -> Iterator[IO[Any]]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _open(part, binary) as stream:
            if path.exists():
                shutil.copymode(path, part)  # before a word is in it: a private file stays so
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
