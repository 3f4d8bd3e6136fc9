"""The budget: the requests that a key may still make, shared by all processes of a machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.book import LONGEST_PAUSE, MINUTE, Book, Head
from connector.pace import RESERVE, Pace

WRITES = 60
"""Writes a minute that a key may make (REFERENCE 1.6)."""

WRITES_LEFT = 5
"""Of them, those left to others: the vendor asks to slow down under so many."""

SHARE = 10
"""Somebody patient gets one place in so many, however many others wait."""

BUSY = 0.9
"""Seconds' worth of a burst's requests in one second that are as good as can be had.

With 0.7, and 24 slices instead of 32, a first load at 1 s an answer used 0.93 of what a key may,
now 0.99; at 120 ms 1.45 times as much as 1000 a minute, now 1.65, by the burst (measured).
"""

LATE = 2.0
"""Seconds by which a request may reach the API later than it was sent."""

LOWS = 3
"""After so many pauses in a row for a budget said to be used up, that is no longer believed."""


class Budget:
    """Paces the requests of one key: those that read or, in a book of their own, that write.

    Whoever is `patient` (a backfill, a full walk) takes what others leave, with no burst.
    `waited` counts the seconds in which somebody waited, however many did so side by side.
    `limit` is the API's limit per minute until its answers say another (`learn`), which all
    processes then keep to: one that began with too low a limit would wait behind all that went
    before.
    `now` and `sleep` are given by tests.
    """

    def __init__(
        self,
        path: Path,
        *,
        limit: int = 1000,
        reserve: int = RESERVE,
        patient: bool = False,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._book = Book(path)
        self._now = now
        self._sleep = sleep
        self._pace = Pace(limit, reserve)
        self.patient = patient
        self.waited = 0.0
        self._waited_until = 0.0

    @classmethod
    def of_key(
        cls,
        api_key: str,
        base_url: str,
        *,
        patient: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Budget:
        """The budget that every process of this user shares for this key."""
        return cls(_book_of(api_key, base_url, "budget"), patient=patient, sleep=sleep)

    @classmethod
    def of_writes(
        cls,
        api_key: str,
        base_url: str,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> Budget:
        """What every process of this user may write with this key; the API counts it apart."""
        book = _book_of(api_key, base_url, "writes")
        return cls(book, limit=WRITES, reserve=WRITES_LEFT, sleep=sleep)

    @property
    def per_minute(self) -> int:
        """Requests a minute that this budget lets through in the long run."""
        now = self._now()
        with self._opened(now) as head:
            return self._pace.per_minute(head, now)

    def seconds_for(self, requests: int) -> float:
        """How long so many requests take from now on, if nobody else asks."""
        now = self._now()
        with self._opened(now) as head:
            return self._pace.seconds(head, now, requests, patient=self.patient)

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

    def idle(self) -> bool:
        """Could more requests go out than do? None is waited for, and the last second had few."""
        now = self._now()
        with self._opened(now) as head:
            opens = self._pace.opens(self._book, head, now, patient=self.patient)
            if max(opens, head.until) > now:
                return False
            return self._book.since(head, now - 1.0, now) * self._pace.fast < BUSY

    def pause(self, seconds: float) -> None:
        """Stop every process that shares this budget for so long, as `Retry-After` says.

        Within our own bounds nothing is refused: somebody else wants more than was noticed.
        """
        now = self._now()
        with self._opened(now) as head:
            if head.until <= now:
                head.notice(now, head.noticed(now) + self._pace.limit / 10)
            head.until = max(head.until, now + min(seconds, LONGEST_PAUSE))

    def learn(self, limit: int, remaining: int | None = None, reset: float = 0.0) -> None:
        """Take what a response says of the limit per minute, what remains of it, and for how long.

        What is used beyond our own requests is used by others. Our own are counted over a whole
        minute, and the server's window may be younger, so that is the least that others used.
        Where nearly nothing remains, everybody waits for the `reset`, in seconds from now; but
        not for ever: an API that says so each time and answers all the same is not believed.
        """
        now = self._now()
        with self._opened(now) as head:
            head.limit, head.told_at, self._pace.limit = limit, now, limit
            if remaining is None or not 0 <= remaining <= limit:
                return
            if head.lows < LOWS:
                ours = self._book.since(head, now - MINUTE - LATE, now)
                head.notice(now, limit - remaining - ours)
            if remaining >= max(limit // 100, 5):
                head.lows = 0
            elif head.until <= now and 0 < reset <= MINUTE and head.lows < LOWS:
                head.until = now + reset
                head.lows += 1

    def close(self) -> None:
        """Let go of the file."""
        self._book.close()

    @contextmanager
    def _opened(self, now: float) -> Iterator[Head]:
        """The book's head, locked, with the limit that the API told any process last."""
        with self._book.opened(now) as head:
            self._pace.limit = head.told(now) or self._pace.limit
            yield head

    async def _wait(self, seconds: float) -> None:
        began = self._now()
        await self._sleep(seconds)
        ended = self._now()
        self.waited += max(ended - max(began, self._waited_until), 0)
        self._waited_until = max(ended, self._waited_until)

    def _reserve(self) -> tuple[float, bool]:
        """Seconds to wait, and whether a place in the queue was taken."""
        now = self._now()
        with self._opened(now) as head:
            if head.until > now:
                return head.until - now, False
            at = self._place(head, now)
            if at is None:
                patiently = self._opens(head, now, patient=True)
                return min(patiently - now, 1.0), False
            self._pace.enter(self._book, head, now, at)
            return at - now, True

    def _place(self, head: Head, now: float) -> float | None:
        """The next place in the queue; none for somebody patient, as a rule.

        They go when they may at once, and take one place in `SHARE` ahead, so as not to starve.
        """
        at = self._opens(head, now, patient=False)
        if not self.patient:
            return at
        if self._opens(head, now, patient=True) <= now:
            at = now
        elif at < head.patient_at + SHARE * self._pace.interval(head, now):
            return None
        head.patient_at = at
        return at

    def _opens(self, head: Head, now: float, *, patient: bool) -> float:
        return max(self._pace.opens(self._book, head, now, patient=patient), now)

    def _pause_left(self) -> float:
        now = self._now()
        with self._opened(now) as head:
            return head.until - now


def _book_of(api_key: str, base_url: str, kind: str) -> Path:
    name = hashlib.sha256(f"{base_url}\n{api_key}".encode()).hexdigest()[:24]
    folder = Path(tempfile.gettempdir()) / f"productlane-elt-{os.getuid()}"
    return folder / f"{name}.{kind}"
