"""The demo's folder: its own, made anew by each run, and never anybody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

from connector.errors import DataDirError

MARKER = ".productlane-elt-demo"
"""A file that says: the demo made this folder and may replace it."""


def fresh(folder: Path) -> Path:
    """An empty folder at this place. Raises `DataDirError` if what is there isn't the demo's."""
    try:
        place = folder.resolve()  # of a link, rmtree would remove nothing
        if place.exists() and not _is_ours(place):
            raise DataDirError(
                f"{folder} was not made by the demo, which would replace it",
                todo="Name another folder by --dir",
            )
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, exist_ok=True)
        (place / MARKER).write_text("Made by `productlane-elt demo`, replaced by its next run.\n")
    except OSError as fault:
        raise DataDirError(
            f"{folder} can't be written ({fault.strerror})", todo="Name another folder by --dir"
        ) from None
    return folder


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MARKER).exists() or not any(folder.iterdir()))
