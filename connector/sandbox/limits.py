"""Rate limits per key and method class, per minute and per burst (REFERENCE 1.6)."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from connector.sandbox.clock import Clock
from connector.sandbox.readings import Readings
from connector.sandbox.refusal import Refusal

WRITES_PER_MINUTE = 60
BURST_SECONDS = 10


class _Window(Protocol):
    cap: int
    seconds: int

    def room(self, now: float) -> int: ...
    def take(self, now: float) -> None: ...
    def opens(self, now: float) -> float: ...


class _Fixed:
    """Counts within calendar windows: all of a sudden there is room again."""

    def __init__(self, cap: int, seconds: int) -> None:
        self.cap, self.seconds, self._index, self._count = cap, seconds, -1, 0

    def room(self, now: float) -> int:
        index = int(now // self.seconds)
        if index != self._index:
            self._index, self._count = index, 0
        return self.cap - self._count

    def take(self, now: float) -> None:
        self._count += 1

    def opens(self, now: float) -> float:
        return (now // self.seconds + 1) * self.seconds


class _Sliding:
    """Remembers each request for the length of the window."""

    def __init__(self, cap: int, seconds: int) -> None:
        self.cap, self.seconds, self._taken = cap, seconds, deque[float]()

    def room(self, now: float) -> int:
        while self._taken and not now - self.seconds < self._taken[0] <= now:
            self._taken.popleft()
        return self.cap - len(self._taken)

    def take(self, now: float) -> None:
        self._taken.append(now)

    def opens(self, now: float) -> float:
        return (self._taken[0] if self._taken else now) + self.seconds


@dataclass(frozen=True)
class Allowance:
    """What the X-RateLimit headers say."""

    limit: int
    remaining: int
    reset: int


class Limits:
    """The counters of all keys."""

    def __init__(self, clock: Clock, readings: Readings, gets_per_minute: int) -> None:
        self._clock, self._readings = clock, readings
        self._caps = {True: gets_per_minute, False: WRITES_PER_MINUTE}
        self._windows: dict[tuple[str, bool], tuple[_Window, _Window]] = {}
        self._lock = threading.Lock()

    def untouched(self, method: str) -> Allowance:
        """The headers of a response that no key is charged for."""
        cap = self._caps[method == "GET"]
        return Allowance(cap, cap, math.ceil(self._now() + 60))

    def charge(self, key: str, method: str) -> tuple[Allowance, Refusal | None]:
        """Count one request, or refuse it with 429; refused requests are not counted."""
        with self._lock:
            now = self._now()
            minute, burst = self._of(key, method == "GET")
            full = next((w for w in (minute, burst) if w.room(now) < 1), None)
            if full is None:
                minute.take(now)
                burst.take(now)
            left = max(0, minute.room(now))
            allowance = Allowance(minute.cap, left, math.ceil(minute.opens(now)))
            return allowance, None if full is None else _refusal(full, now)

    def _now(self) -> float:
        return self._clock.micros() / 1e6

    def _of(self, key: str, is_get: bool) -> tuple[_Window, _Window]:
        if (key, is_get) not in self._windows:
            cap = self._caps[is_get]
            rate = self._readings.burst == "rate"
            burst = max(1, cap * 2 * BURST_SECONDS // 60) if rate else cap * 2
            kind = _Fixed if self._readings.window == "fixed" else _Sliding
            self._windows[key, is_get] = (kind(cap, 60), kind(burst, BURST_SECONDS))
        return self._windows[key, is_get]


def _refusal(window: _Window, now: float) -> Refusal:
    span = "1m" if window.seconds == 60 else f"{window.seconds}s"
    refusal = Refusal(
        429, "rate_limited", "Too many requests.", {"limit": window.cap, "window": span}
    )
    refusal.retry_after = max(1, math.ceil(window.opens(now) - now))
    return refusal
