"""The book of a key: when requests went out, shared by all processes of a machine.

A small file under a lock: a head of a few numbers, and a ring of moments. The lock belongs to the
open file, so a killed holder leaves nothing locked; what it left half written is forgotten.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

from connector.errors import ConfigurationError

MINUTE = 60.0

RING = 2000
"""Moments that are remembered: a minute of the documented limit, and a long queue ahead."""

LONGEST_QUEUE = 120.0
"""Seconds: a place in the queue further ahead than this is a clock that was set back."""

LONGEST_PAUSE = 24 * 3600.0
"""Seconds: a longer pause than this is not believed of any API."""

_KIND = b"plbook02"
_HEAD = struct.Struct("<8sQQddddqddQd")
_MOMENT = struct.Struct("<d")
_SIZE = _HEAD.size + RING * _MOMENT.size


@dataclass(slots=True)
class Head:
    """What the book says beside the moments. All times are this machine's clock, in seconds.

    `taken` counts the requests; `steady` and `fast` are the theoretical arrival times of the next
    one at the two rates (`connector.budget`); `until` ends a pause; `patient_at` is the latest
    place that somebody patient took. `lows` counts pauses in a row for a budget that was said to
    be used up. `minute`, `others` and `others_before` say how many requests of other programs were
    noticed in this minute and in the one before. `limit` is what the API said, at `told_at`, that
    a minute may hold.
    """

    taken: int = 0
    lows: int = 0
    steady: float = 0.0
    fast: float = 0.0
    until: float = 0.0
    patient_at: float = 0.0
    minute: int = 0
    others: float = 0.0
    others_before: float = 0.0
    limit: int = 0
    told_at: float = 0.0

    def notice(self, now: float, others: float) -> None:
        """Keep the most that others were noticed to use in this minute and in the one before."""
        minute = int(now // MINUTE)
        if minute != self.minute:
            self.others_before = self.others if minute == self.minute + 1 else 0.0
            self.minute, self.others = minute, 0.0
        self.others = max(self.others, others, 0.0)

    def noticed(self, now: float) -> float:
        """What others were noticed to use; forgotten if it wasn't noticed again for a minute."""
        age = int(now // MINUTE) - self.minute
        return (max(self.others, self.others_before), self.others, 0.0)[min(max(age, 0), 2)]

    def told(self, now: float) -> int | None:
        """The limit that the API told; forgotten when what it was told for is over."""
        return self.limit if self.limit and now - self.told_at < 2 * MINUTE else None

    def is_sane(self, now: float) -> bool:
        """Can a queue and a pause explain these numbers?"""
        queue = (self.steady, self.fast, self.patient_at)
        return (
            all(0 <= value <= now + LONGEST_QUEUE for value in queue)
            and 0 <= self.until <= now + LONGEST_PAUSE
            and 0 <= self.told_at <= now + LONGEST_QUEUE
            and all(0 <= value < math.inf for value in (self.others, self.others_before))
        )


_numbers = attrgetter(*(field.name for field in fields(Head)))
"""What is written of a head; `astuple` would copy it deeply, three times a request."""


class Book:
    """The open book; read and written only inside `opened`.

    Raises `ConfigurationError` where there can't be one: without it, nobody would keep to a pace.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(self._file, _SIZE)
            self._map = mmap.mmap(self._file, _SIZE)
        except OSError as fault:
            raise ConfigurationError(
                f"the file that all processes share the key's budget in, {path}, can't be used "
                f"({fault.strerror})",
                todo="See to the disk, or set TMPDIR to a folder that can be written to",
            ) from None

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
        os.close(self._file)

    @contextmanager
    def opened(self, now: float) -> Iterator[Head]:
        """The head, locked; what is changed in it is written.

        Numbers that nothing can explain (a torn file, a clock that was set back) are forgotten:
        they would lock everybody out until the clock has caught up.
        """
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            head = self._head(now)
            yield head
            self._map[: _HEAD.size] = _HEAD.pack(_KIND, *_numbers(head))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _head(self, now: float) -> Head:
        kind, *values = _HEAD.unpack_from(self._map)
        head = Head(*values)
        if kind == _KIND and head.is_sane(now) and self.moment(head.taken - 1) <= head.fast:
            return head
        self._map[:] = bytes(_SIZE)
        return Head()

    def moment(self, number: int) -> float:
        """When the request of that number went out, or will; 0 before the first."""
        if number < 0:
            return 0.0
        found: float = _MOMENT.unpack_from(self._map, self._place(number))[0]
        return found

    def enter(self, head: Head, moment: float) -> None:
        """One more request."""
        _MOMENT.pack_into(self._map, self._place(head.taken), moment)
        head.taken += 1

    def since(self, head: Head, moment: float, until: float) -> int:
        """How many requests went out after one moment and not after another."""
        return self._first_after(head, until) - self._first_after(head, moment)

    def _first_after(self, head: Head, moment: float) -> int:
        low, high = max(head.taken - RING, 0), head.taken
        while low < high:
            middle = (low + high) // 2
            if self.moment(middle) > moment:
                high = middle
            else:
                low = middle + 1
        return low

    @staticmethod
    def _place(number: int) -> int:
        return _HEAD.size + number % RING * _MOMENT.size
