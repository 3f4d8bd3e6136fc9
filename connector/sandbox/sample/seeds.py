"""What every generator is handed: sizes, the span of history, and the ids of other rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connector.sandbox.entropy import Draw
from connector.sandbox.readings import Readings
from connector.sandbox.sample import words

Record = dict[str, Any]
Factory = Callable[["Seeds", int], Record]
"""Draws the n-th record of a stream."""

DAY = 86_400_000_000
HOUR = 3_600_000_000
YEARS = 3 * 365 * DAY
RECENT = 10 * 60 * 1_000_000
"""History ends this long before the sandbox starts, so that a first sync finds settled rows."""


@dataclass(frozen=True)
class Seeds:
    """The facts from which every record of a workspace follows."""

    seed: int
    sizes: dict[str, int]
    start: int
    readings: Readings
    _ids: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def draw(self, stream: str, *numbers: int | str) -> Draw:
        """The draws of one row."""
        return Draw(self.seed, stream, *numbers)

    def ref(self, stream: str, number: int) -> str | None:
        """The id of the n-th row of a stream, or None if the stream has no rows."""
        if stream not in self._ids:
            size = self.sizes.get(stream, 0)
            self._ids[stream] = [self.draw(stream, n).id() for n in range(size)]
        ids = self._ids[stream]
        return ids[number % len(ids)] if ids else None

    def some(self, stream: str, draw: Draw) -> str | None:
        """The id of any row of a stream."""
        return self.ref(stream, draw.below(max(1, self.sizes.get(stream, 0))))

    def stamps(self, stream: str, number: int, draw: Draw) -> tuple[int, int]:
        """When the n-th row was created and last changed.

        History grows towards its end. A few rows in a row share one stamp, and some lie exactly
        on the border of a UTC day or a millisecond before it (FAILURES B2, B3).
        """
        created = self._created(number, max(1, self.sizes.get(stream, 1)), draw)
        return created, self._updated(created, number, draw)

    def _created(self, number: int, size: int, draw: Draw) -> int:
        place = min(number, size)
        if number % 29 in (3, 4, 5):
            place -= number % 29
            return self.at(place / size) // HOUR * HOUR
        moment = self.at((place + draw.unit()) / (size + 1))
        border = {1: 0, 2: -1_000}.get(number % 37)
        return moment if border is None else self.floor(moment // DAY * DAY + border)

    def _updated(self, created: int, number: int, draw: Draw) -> int:
        if draw.chance(0.35):
            return created
        moment = created + int((self.end - created) * draw.unit() ** 3)
        border = {3: 0, 4: -1_000}.get(number % 31)
        if border is not None:
            moment = min(self.end, (moment // DAY + 1) * DAY + border)
        return max(created, self.floor(moment))

    def at(self, share: float) -> int:
        """The moment at which this share of all rows had been created."""
        share = min(1.0, max(0.0, share))
        return self.floor(self.end - YEARS + int(YEARS * share**0.6))

    def floor(self, moment: int) -> int:
        """A moment as finely as stamps are kept."""
        return moment // self.readings.grain * self.readings.grain

    @cached_property
    def end(self) -> int:
        """The newest stamp that history can have."""
        return self.floor(self.start - RECENT)


def full_name(draw: Draw) -> str:
    """A person's name."""
    return f"{draw.pick(words.FIRST)} {draw.pick(words.LAST)}"


def slug(text: str) -> str:
    """A name as it stands in an address.

    >>> slug("Zoë O'Brien")
    'zo.o.brien'
    """
    letters = "".join(c if c.isascii() else "" for c in text.lower())
    return "".join(c if c.isalnum() else "." for c in letters).strip(".")


def sentences(draw: Draw, count: int) -> str:
    """So many sentences in a row."""
    return " ".join(draw.pick(words.SENTENCES) for _ in range(count))
