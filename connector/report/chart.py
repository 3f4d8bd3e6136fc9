"""What a chart of the report is: a question, the sentence that answers it, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Rows = list[Row]
Spec = dict[str, Any]
"""A chart in Vega-Lite, without its data."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    `query` gives its rows, `says` the sentence above it, `draws` its marks for a page that is
    `wide` or not. `reads` are the streams that it stands on, for the bound on their age.
    `empty` says what to do where `query` has no rows, or only rows without anything to show.
    """

    key: str
    title: str
    query: str
    reads: tuple[str, ...]
    says: Callable[[Rows], str]
    draws: Callable[[Rows, bool], Spec]
    empty: str
    counts: str = ""
    """The column that is above zero in some row, if there is anything to show."""

    def is_empty(self, rows: Rows) -> bool:
        """Nothing to show: an axis without marks tells nobody anything."""
        return not any(row[self.counts] for row in rows) if self.counts else not rows


def number(value: float | None) -> str:
    """A number for people.

    >>> number(1234567.0), number(3.04), number(2.5), number(None)
    ('1,234,567', '3', '2.5', 'none')
    """
    if value is None:
        return "none"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}".removesuffix(".0")


def counted(value: float, thing: str) -> str:
    """So many things.

    >>> counted(1, "thread"), counted(0, "thread")
    ('1 thread', '0 threads')
    """
    return f"{number(value)} {thing}{'' if value == 1 else 's'}"


def are(value: float, thing: str) -> str:
    """So many things are.

    >>> are(1, "thread"), are(2, "thread")
    ('1 thread is', '2 threads are')
    """
    return f"{counted(value, thing)} {'is' if value == 1 else 'are'}"


def money(value: float) -> str:
    """An amount in the unit that the workspace uses, to three digits.

    >>> money(12638325), money(258), money(43210)
    ('12.6 M', '258', '43.2 k')
    """
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def duration(minutes: float | None) -> str:
    """A span in the largest unit that fits.

    >>> duration(45), duration(150), duration(5312), duration(None)
    ('45 minutes', '2.5 hours', '3.7 days', 'no time yet')
    """
    if minutes is None:
        return "no time yet"
    for size, unit in ((1440, "days"), (60, "hours")):
        if minutes >= size * 1.5:
            return f"{minutes / size:.1f} {unit}"
    return f"{minutes:.0f} minutes"


def day(stamp: datetime) -> str:
    """A day for people.

    >>> day(datetime(2026, 11, 1))
    '1 November 2026'
    """
    return f"{stamp.day} {stamp:%B %Y}"
