"""The warehouse as its readers open it: the published file, read-only, whole and never changing.

For whoever only reads. It imports nothing of the engine, so that looking is quick.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from connector.errors import ConfigurationError, DataDirError

PUBLISHED = "productlane.duckdb"
"""The file in the data directory; `connector.warehouse` puts it there."""


class NotYet(ConfigurationError):
    """There is nothing to read: what there is instead, and what to do."""


def is_under_way(data_dir: Path) -> bool:
    """Does any process walk a list of this data directory? Each holds a lock meanwhile."""
    locks = (data_dir / "lake" / "_locks").glob("*")
    return any(_is_held(lock) for lock in locks if lock.name not in ("lake", "sequence", "writes"))


def _is_held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDONLY)
    except OSError:
        return False  # it went, or is somebody else's
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _not_yet(data_dir: Path) -> NotYet:
    """Why there is no warehouse: nothing was synced, or the first sync goes on, or it is lost."""
    if is_under_way(data_dir):
        return NotYet(
            f"the first sync of {data_dir} is under way, and nothing is published yet",
            todo="Ask again in a minute",
        )
    if any((data_dir / "lake" / "_walks").glob("*.jsonl")):
        return NotYet(
            f"there is a lake in {data_dir}, but no warehouse",
            todo="Run `productlane-elt rebuild`, which makes it from the lake",
        )
    return NotYet(f"there is no warehouse in {data_dir} yet", todo="Run `productlane-elt sync`")


@contextmanager
def reading(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, with times in UTC. A sync may publish meanwhile: this copy stays.

    Raises `NotYet` where there is none, `DataDirError` where it is damaged.
    """
    path = data_dir / PUBLISHED
    if not path.exists():
        raise _not_yet(data_dir)
    try:
        con = duckdb.connect(str(path), read_only=True)
        con.execute("SET TimeZone = 'UTC'; FROM meta.ledger_position")
    except duckdb.Error as fault:
        raise DataDirError(
            f"{path} can't be read: {str(fault).splitlines()[0].rstrip('.!')}",
            todo="`productlane-elt rebuild` makes it again from the lake",
        ) from None
    try:
        yield con
    finally:
        con.close()
