"""Tables that fit the terminal: what matters least goes first, and no name is broken.

When all columns have no room side by side, headings take a line a word; then columns go that say
nothing; then those that matter least, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.cli import output

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod
    from rich.table import Table

Rows = Sequence[Sequence[str]]
BETWEEN = 2
"""Spaces between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people; `number` is set to the right.

    `rank`: 0 stays whatever happens, the highest goes first. `least`: its text may be wrapped
    at words, down to so many characters; without, it never is.
    """

    name: str
    number: bool = False
    rank: int = 0
    least: int = 0


def show(
    console: Console,
    columns: Sequence[Column],
    rows: Rows,
    *,
    styles: Sequence[str] = (),
    total: Sequence[str] = (),
) -> None:
    """Print rows, each perhaps in a style, and their total; say what there was no room for."""
    kept, tall = fit(columns, [*rows, *([total] if total else [])], console.width)
    made = _table([columns[place] for place in kept], tall)
    for number, row in enumerate(rows):
        made.add_row(*(row[place] for place in kept), style=styles[number] if styles else "")
    if total:
        made.add_section()
        made.add_row(*(total[place] for place in kept), style="bold")
    console.print(made)
    left = [c.name for at, c in enumerate(columns) if at not in kept and _speaks(rows, at)]
    if left:
        console.print(f"No room for: {', '.join(left)}.\n", style="dim")


def fit(columns: Sequence[Column], rows: Rows, width: int) -> tuple[list[int], bool]:
    """The places of the columns that have room, and whether headings take several lines.

    >>> names = [Column("stream"), Column("rows read", number=True, rank=1)]
    >>> [fit(names, [["tags", "15"]], width) for width in (20, 14, 5)]
    [([0, 1], False), ([0, 1], True), ([0], True)]
    """
    everything = _those_that_speak(columns, rows, lambda column: column.name)
    if _width(columns, rows, everything, tall=False) <= width:
        return everything, False
    for kept in _fewer_and_fewer(columns, rows, everything):
        if _width(columns, rows, kept, tall=True) <= width:
            break
    return kept, True


def _those_that_speak(
    columns: Sequence[Column], rows: Rows, spared: Callable[[Column], object]
) -> list[int]:
    """The columns that say something in any row, and those that are spared from having to."""
    return [at for at, one in enumerate(columns) if spared(one) or _speaks(rows, at)]


def _fewer_and_fewer(
    columns: Sequence[Column], rows: Rows, everything: list[int]
) -> Iterator[list[int]]:
    yield everything
    kept = _those_that_speak(columns, rows, lambda column: not column.rank)
    yield kept
    for place in sorted(kept, key=lambda place: -columns[place].rank):
        if columns[place].rank:
            kept = [other for other in kept if other != place]
            yield kept


def _speaks(rows: Rows, place: int) -> bool:
    return any(row[place] not in ("", "0", output.NONE) for row in rows)


def _width(columns: Sequence[Column], rows: Rows, kept: list[int], *, tall: bool) -> int:
    return sum(_needed(columns[at], [row[at] for row in rows], tall) + BETWEEN for at in kept)


def _needed(column: Column, cells: list[str], tall: bool) -> int:
    from rich.cells import cell_len

    lines = [*_heading(column, tall), *cells]
    longest = max(map(cell_len, lines))
    if not column.least:
        return longest
    word = max((cell_len(word) for line in lines for word in line.split()), default=0)
    return min(longest, max(column.least, word))


def _table(columns: Sequence[Column], tall: bool) -> Table:
    made = output.bare_table()
    for one in columns:
        heading = "\n".join(_heading(one, tall))
        justify: JustifyMethod = "right" if one.number else "left"
        made.add_column(heading, justify=justify, no_wrap=not one.least, overflow="fold")
    return made


def _heading(column: Column, tall: bool) -> list[str]:
    """Its lines; where text is wrapped, so is the heading."""
    return column.name.split() if tall and not column.least else [column.name]
