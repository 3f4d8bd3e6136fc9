"""Locks between processes, which a killed holder can't leave behind."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from connector.errors import DataDirError

POLL = 0.02
"""Seconds between two looks at whether to go on waiting for a lock."""

PATIENCE = 0.5
"""Seconds that a run which is ending waits for another process to let go of the lake."""

GivesUp = Callable[[float], bool]
"""Asked now and then, with the seconds waited so far, whether to wait no longer."""


def never(_: float) -> bool:
    """Wait for as long as it takes."""
    return False


def soon(seconds: float) -> bool:
    """Wait no longer than someone does who has pressed Ctrl-C."""
    return seconds > PATIENCE


class Busy(DataDirError):
    """Another process holds the lake's lock, and there is no time to wait for it."""


class WalkLock:
    """A shared lock on a stream, held while one of its walks is under way."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def contended(self) -> bool:
        """Is another process walking the stream too? Ask with the lake's lock held.

        Then nothing may be dropped as already known: of two walks that overlap, one may have
        seen a row as it was before, and the other may land last with what was between.
        """
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_SH)
        return False


@contextmanager
def flock(path: Path, mode: int, gives_up: GivesUp = never) -> Iterator[int]:
    """Hold a lock on a file; it belongs to the open file, so a killed holder leaves nothing."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as fault:
        raise DataDirError(f"the lock {path} can't be opened ({fault.strerror})") from None
    try:
        _wait_for(handle, mode, gives_up)
        yield handle
    finally:
        os.close(handle)


def _wait_for(handle: int, mode: int, gives_up: GivesUp) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
        return
    # Whoever waits in the kernel is served in turn, and can't be woken. So a thread does, and is
    # left behind by whoever gives up; when it gets the lock, the file is closed, and nobody has it.
    got = threading.Event()

    def wait() -> None:
        with suppress(OSError):  # closed before it began to wait
            fcntl.flock(handle, mode)
            got.set()

    threading.Thread(target=wait, name="lock", daemon=True).start()
    began = time.monotonic()
    while not got.wait(POLL):
        if gives_up(time.monotonic() - began):
            raise Busy("another process is at work on the data", todo="Try again later")
