"""Figures: what was measured, against what is to be reached; and the command that shows them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

LAST_WORDS = "Exits with 1 if a figure is not reached."
Streams = Annotated[
    list[str],
    typer.Option("--stream", help="Only this one; repeatable.", show_default="all"),
]
"""The option of benchmarks that can do with fewer streams."""


@dataclass(frozen=True)
class Figure:
    """One figure: how it was measured, what was reached and what is to be reached.

    `at_most` says that less is better; `unit` stands behind both numbers.
    """

    name: str
    how: str
    reached: float
    to_reach: float
    at_most: bool = False
    unit: str = ""

    @property
    def is_reached(self) -> bool:
        """Is it as good as it is to be?"""
        return self.reached <= self.to_reach if self.at_most else self.reached >= self.to_reach

    @property
    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        sign = "<=" if self.at_most else ">="
        ratio = f"{self.reached / self.to_reach:.2f}" if self.to_reach else ""
        wanted, found = (f"{_number(n)}{self.unit}" for n in (self.to_reach, self.reached))
        return self.name, self.how, f"{sign} {wanted}", found, ratio


def _number(value: float) -> str:
    """Three digits are as many as a measurement is good for.

    >>> _number(25_004.2), _number(0.9731), _number(3)
    ('25,004', '0.973', '3')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def say(text: str) -> None:
    """A line on standard error: what is going on, and what the figures are made of."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def show(figures: Iterable[Figure]) -> None:
    """The table, on standard output."""
    table = Table("figure", "how", "to reach", "reached", "ratio", box=None, pad_edge=False)
    width = None if sys.stdout.isatty() else 140
    for one in figures:
        table.add_row(*one.cells, style="" if one.is_reached else "red")
    Console(width=width).print(table)


def command(run: Callable[..., list[Figure]]) -> None:
    """Make a benchmark a command: its parameters are the options."""

    @wraps(run)
    def main(**options: Any) -> None:
        figures = run(**options)
        show(figures)
        raise typer.Exit(0 if all(one.is_reached for one in figures) else 1)

    main.__doc__ = f"{run.__doc__}\n\n{LAST_WORDS}"
    typer.run(main)
