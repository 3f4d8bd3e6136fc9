"""The sandbox's clock, which a test may set and which is the only time the server knows.

The `Date` header, stamps of changes, rate windows and `Retry-After` all come from it, so that
a client whose own clock is off meets a server that disagrees with it (FAILURES B5).
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that starts where it is told and, unless stopped, runs with real time on top."""

    def __init__(self, start: datetime = DEFAULT_START, *, running: bool = True) -> None:
        self._lock = threading.Lock()
        self._running = running
        self.start = self._base = _utc(start)
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        with self._lock:
            return self._now()

    def micros(self) -> int:
        """The present moment as microseconds since 1970, the form in which rows keep stamps."""
        return to_micros(self.now())

    def set(self, moment: datetime) -> None:
        """Move the hands to `moment`, forwards or backwards."""
        with self._lock:
            self._base, self._anchor = _utc(moment), time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move the hands by `seconds`."""
        with self._lock:
            self._base, self._anchor = (
                self._now() + timedelta(seconds=seconds),
                time.monotonic(),
            )

    def _now(self) -> datetime:
        if not self._running:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._anchor)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the sandbox's clock takes aware moments only")
    return moment.astimezone(UTC)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970, exactly.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return (_utc(moment) - EPOCH) // _MICRO


def from_micros(micros: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)
