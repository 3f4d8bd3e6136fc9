"""The warehouse's work file: how it is made, opened and removed, and what can be wrong with it.

Nothing here knows what the tables mean.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

import duckdb

from connector import analytics, blank
from connector.errors import DataDirError
from connector.lake import Lake

T = TypeVar("T")

MEMORY = 45
"""Megabytes that DuckDB may hold where rows come from the API; beyond it, it goes to disk. With
42 MB, 100,000 rows that changed among 1,000,000 run out of them."""

FROM_LAKE = 150
"""What it may hold where two threads read a whole lake: a third faster than with 75 MB, and with
600 MB hardly more than that. The process peaks at 310 MB."""

NEXT_TO_NONE = 20
"""What it may hold while Arrow sorts and writes rows."""

MORE = (60, 90, FROM_LAKE, 360, 1440, 5760)
"""What it may hold where that is not enough: hundreds of rows of 30 kB are held at once, or some
hundred thousand parents and what is known of them."""

ROW_GROUP = 20_480
"""Rows that an insert holds uncompressed, per thread: DuckDB's own 122,880 weigh 180 MB."""


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """The work file, blank if there is none or if it was made by another catalogue.

    Then it is filled from the lake, where a stream or column that is declared later finds its past.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        if _journal(path).exists():
            _replay(path)
        con = _attach(path)
        if con.sql("SELECT catalogue FROM meta.ledger_position").fetchall() == [
            (blank.fingerprint(),)
        ]:
            _renew_views(con)
            return con
        con.close()
    remove(path)
    hidden = path.with_name(f".{path.name}")
    hidden.write_bytes(_blank(blank.fingerprint()))
    hidden.replace(path)
    return _attach(path)


def _replay(path: Path) -> None:
    """Put into the work file what its journal holds, with as much memory as that takes.

    A killed process leaves a journal, and one whose memory won't do for the last checkpoint leaves
    it without a word. To replay 38 MB of changed threads among 1,000,000 takes DuckDB 57 MB. Where
    it has too little to commit what it replays, DuckDB says that the transaction failed.
    """
    *some, most = MORE
    for megabytes in some:
        with suppress(duckdb.OutOfMemoryException, duckdb.TransactionException):
            return _take_in(path, megabytes)
    return _take_in(path, most)


def _take_in(path: Path, megabytes: int) -> None:
    con = _attach(path, megabytes)
    try:
        con.execute("CHECKPOINT")
    finally:
        con.close()


@cache
def _blank(catalogue: str) -> bytes:
    """A work file with all tables and no rows. To make its thousand comments takes 0.2 s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.duckdb"
        con = _attach(path)
        try:
            con.execute("BEGIN")
            for statement in blank.create_all():
                con.execute(statement)
            con.execute("INSERT INTO meta.ledger_position VALUES ('', 0, ?, '')", [catalogue])
            con.execute("COMMIT")
            _renew_views(con)
            con.execute("CHECKPOINT")
        finally:
            con.close()
        return path.read_bytes()


def _renew_views(con: duckdb.DuckDBPyConnection) -> None:
    """Put the views of `analytics` in place where there are others, or none; the tables stay."""
    views = analytics.fingerprint()
    if con.sql("SELECT views FROM meta.ledger_position").fetchall() == [(views,)]:
        return
    con.execute("BEGIN")
    for statement in analytics.create_all():
        con.execute(statement)
    con.execute("UPDATE meta.ledger_position SET views = ?", [views])
    con.execute("COMMIT")


def _attach(path: Path, megabytes: int = MEMORY) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"temp_directory": str(path.parent / "spill")})
    try:
        hold_at_most(con, megabytes)
        # The format that clients of 1.4 and 1.5 can read as well (DESIGN, measured).
        con.execute(
            f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS productlane "
            f"(STORAGE_VERSION 'v1.4.0', ROW_GROUP_SIZE {ROW_GROUP})"
        )
        con.execute(
            "USE productlane; SET TimeZone = 'UTC'; SET preserve_insertion_order = false; "
            "SET enable_progress_bar = false"
        )
    except BaseException:
        con.close()  # or the file would stay attached, and nobody else could open it
        raise
    return con


def work_file(lake: Lake) -> Path:
    """Where the work file of a lake lies."""
    return lake.root.parent / "_work" / "warehouse.duckdb"


def remove(path: Path) -> None:
    """Remove a work file, and its journal, if it is there."""
    for name in (path, _journal(path)):
        name.unlink(missing_ok=True)


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def with_room(
    con: duckdb.DuckDBPyConnection, act: Callable[[], T], again: Callable[[], bool] = lambda: True
) -> T:
    """Do something, and `again`, if it may be, with more memory until it has enough."""
    while True:
        try:
            return act()
        except (duckdb.OutOfMemoryException, duckdb.TransactionException) as fault:
            if not (_lacks_memory(fault) and again() and _hold_more(con)):
                raise


def _lacks_memory(fault: duckdb.Error) -> bool:
    """Has DuckDB run out of memory? If it does as it commits, it says the transaction failed."""
    return isinstance(fault, duckdb.OutOfMemoryException) or "used)" in str(fault)


def hold_at_most(con: duckdb.DuckDBPyConnection, megabytes: int) -> None:
    """Have DuckDB keep to so much memory. Raises its OutOfMemoryException if it can't."""
    # Of its own setting DuckDB says no more than "1.3 GiB".
    con.execute(f"SET memory_limit = '{megabytes}MB'; SET VARIABLE megabytes = {megabytes}")


def let_go(con: duckdb.DuckDBPyConnection) -> None:
    """Have DuckDB give up what it holds in memory: all of it is in files, or may go there.

    If it can't, it says that it ran out of memory, and keeps its limit: nothing is lost by that.
    """
    before = _limit(con)
    with suppress(duckdb.OutOfMemoryException):
        hold_at_most(con, NEXT_TO_NONE)
        hold_at_most(con, before)


def _hold_more(con: duckdb.DuckDBPyConnection) -> bool:
    """Go up one step, never down: more may have been needed before. False at the last one."""
    now = _limit(con)
    more = [limit for limit in MORE if limit > now]
    if more:
        hold_at_most(con, more[0])
    return bool(more)


def _limit(con: duckdb.DuckDBPyConnection) -> int:
    """Megabytes that DuckDB may hold now."""
    return int(con.execute("SELECT getvariable('megabytes')").fetchall()[0][0])


@contextmanager
def storage_faults(lake: Lake) -> Iterator[None]:
    """Say what is wrong with disk or files in our own words."""
    folder = lake.root.parent
    try:
        yield
    except (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException) as fault:
        text = str(fault)
        if _lacks_memory(fault):
            raise DataDirError(
                f"some rows below {folder} don't fit {MORE[-1]} MB of memory",
                todo="Report it, please",
            ) from fault
        if "No space" in text or "could not write" in text.lower():
            raise DataDirError(f"the disk of {folder} is full", todo="Free some space") from fault
        raise DataDirError(
            f"a file below {folder} can't be read: {text.splitlines()[0]}",
            todo="If it is the warehouse's, `productlane-elt rebuild` makes it again",
        ) from fault
    except (
        duckdb.SerializationException,
        duckdb.InternalException,
        duckdb.FatalException,
    ) as fault:
        raise DataDirError(
            f"the warehouse's work file below {folder} is damaged",
            todo="`productlane-elt rebuild` makes it again from the lake",
        ) from fault
    except OSError as fault:
        raise DataDirError(
            f"{folder} can't be written: {fault.strerror or fault}",
            todo="Free some space, or see to the folder's permissions",
        ) from fault
