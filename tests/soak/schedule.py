"""What a schedule is: everything that is to happen to a workspace and to its reader, as data.

Printable, and the same for the same seed. One description draws it from a seed, which is cheap,
and from Hypothesis, which can make a failing one smaller (`tests.soak.draws`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """A change in the workspace: to the `pick`-th row that there is then, `size` being its amount.

    What `kind` means is in `tests.soak.changes`.
    """

    kind: str
    stream: str
    pick: int
    size: int


@dataclass(frozen=True, slots=True)
class Between:
    """A change just before the `nth` request of a step that asks for rows of `stream`."""

    stream: str
    nth: int
    change: Change


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault at the `at`-th request below `path`, or, if that is 0, at `percent` of them."""

    kind: str
    path: str
    at: int
    percent: int


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work of the connector (`tests.soak.works`).

    `apart`: in a process of its own. `dies`: that process is killed at its n-th act on the
    `disk`, or when the n-th `request` of the step arrives. `sliced`: its walks are cut whenever
    they can be, and a first one lands after a row.
    """

    op: str
    streams: tuple[str, ...]
    page_size: int
    days: tuple[int, int] = (0, 0)
    publish: bool = True
    apart: bool = False
    sliced: bool = False
    dies: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Time passes, changes happen, then one or two pieces of work are done at once.

    `tick`: seconds that pass with every request.
    """

    pause: float
    tick: float
    before: tuple[Change, ...]
    between: tuple[Between, ...]
    troubles: tuple[Trouble, ...]
    works: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """`skew`: how far the reader's own clock is off. `visible_after`: how late changes show."""

    name: str
    streams: tuple[str, ...]
    threads: int
    readings: tuple[tuple[str, str], ...]
    skew: float
    visible_after: float
    overlap: int
    rebuilt: bool
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(value: Any, name: str = "", depth: int = 0) -> list[str]:
    """A record over several lines, without what is empty."""
    margin = "  " * depth + (f"{name}: " if name else "")
    if isinstance(value, Schedule | Step):
        rest = [
            line
            for one in fields(value)
            if (inner := getattr(value, one.name)) not in ((), 0, 0.0, None, False)
            for line in _lines(inner, one.name, depth + 1)
        ]
        return [f"{margin}{type(value).__name__}", *rest]
    if isinstance(value, tuple) and value and not isinstance(value[0], str | tuple):
        return [margin, *[line for one in value for line in _lines(one, "", depth + 1)]]
    return [f"{margin}{value}"]
