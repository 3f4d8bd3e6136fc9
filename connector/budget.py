"""The budget: the requests that a key may still make, shared by all processes of a machine.

A generic cell rate bucket (GCRA) in a file under a lock: two numbers, the theoretical arrival
time of the next request and the moment until which the API told us to wait. Measured (DESIGN 7):
no refusals and 97.5 to 99 % of the budget with 1, 4 and 8 processes. The lock belongs to the open
file, so a killed holder leaves nothing locked.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

RESERVE = 25
"""Requests a minute left to others: the vendor asks to slow down under 5 (REFERENCE 1.6)."""

BURST = 20
"""Requests that may go out at once. Both readings of the burst rule allow far more (1.6)."""

LONGEST_QUEUE = 120.0
"""Seconds: a place in the queue further ahead than this is a clock that was set back."""

LONGEST_PAUSE = 24 * 3600.0
"""Seconds: a longer pause than this is not believed of any API."""

_STATE = struct.Struct("<dd")


class Budget:
    """Paces the GET requests of one key.

    `waited` counts the seconds in which somebody waited, however many did so side by side.
    `limit` is the API's limit per minute; it is corrected by `learn` from the response headers.
    `now` and `sleep` are given by tests.
    """

    def __init__(
        self,
        path: Path,
        *,
        limit: int = 1000,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._now = now
        self._sleep = sleep
        self.learn(limit)
        self.waited = 0.0
        self._waited_until = 0.0

    @classmethod
    def of_key(
        cls, api_key: str, base_url: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> Budget:
        """The budget that every process of this user shares for this key."""
        name = hashlib.sha256(f"{base_url}\n{api_key}".encode()).hexdigest()[:24]
        folder = Path(tempfile.gettempdir()) / f"productlane-elt-{os.getuid()}"
        return cls(folder / f"{name}.budget", sleep=sleep)

    def learn(self, limit: int) -> None:
        """Take the limit per minute from a response's `X-RateLimit-Limit`."""
        self._interval = 60 / max(limit - RESERVE, limit * 0.5, 1)
        self._tolerance = min(BURST, max(limit // 10, 1)) * self._interval

    async def take(self) -> None:
        """Wait until one more request may go out."""
        while True:
            wait, placed = self._reserve()
            if wait > 0:
                await self._wait(wait)
            # Told to wait while waiting: whoever was in the queue asks for a new place, or all
            # of them would go out together when the pause is over.
            if placed and self._pause_left() <= 0:
                return

    async def _wait(self, seconds: float) -> None:
        began = self._now()
        await self._sleep(seconds)
        ended = self._now()
        self.waited += max(ended - max(began, self._waited_until), 0)
        self._waited_until = max(ended, self._waited_until)

    def pause(self, seconds: float) -> None:
        """Stop every process that shares this budget for so long, as `Retry-After` says."""
        with self._locked() as state:
            arrival, until = state
            self._write(arrival, max(until, self._now() + min(seconds, LONGEST_PAUSE)))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _reserve(self) -> tuple[float, bool]:
        """Seconds to wait, and whether a place in the queue was taken."""
        with self._locked() as (arrival, until):
            now = self._now()
            if until > now:
                return until - now, False
            arrival = max(arrival, now)
            self._write(arrival + self._interval, until)
        return arrival - self._tolerance - now, True

    def _pause_left(self) -> float:
        with self._locked() as (_, until):
            return until - self._now()

    def _locked(self) -> _Locked:
        return _Locked(self._file, self._now)

    def _write(self, arrival: float, until: float) -> None:
        os.pwrite(self._file, _STATE.pack(arrival, until), 0)


class _Locked:
    """The file's two numbers, with the lock held.

    Numbers that no queue and no pause can explain (a torn file, a clock that was set back) are
    forgotten: they would lock everybody out until the clock has caught up.
    """

    def __init__(self, file: int, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    def __enter__(self) -> tuple[float, float]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        raw = os.pread(self._file, _STATE.size, 0)
        arrival, until = _STATE.unpack(raw) if len(raw) == _STATE.size else (0.0, 0.0)
        now = self._now()
        return (
            arrival if 0 <= arrival <= now + LONGEST_QUEUE else 0.0,
            until if 0 <= until <= now + LONGEST_PAUSE else 0.0,
        )

    def __exit__(self, *exc: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
