"""Values of the warehouse as text: exact for programs, short for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import orjson

from connector.cli import output
from connector.cli.fitting import BETWEEN

if TYPE_CHECKING:
    from rich.table import Table

LONG = 300
"""Characters of a cell on a terminal: texts of threads are long."""

Rows = Sequence[tuple[Any, ...]]


def exact(value: Any) -> str:
    """A value for a program; nothing for null.

    >>> exact(None), exact(["a", "b"]), exact(True)
    ('', '["a","b"]', 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return as_json(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def as_json(value: Any) -> str:
    """A value in JSON: every number in full, and as text what JSON has no type for.

    >>> as_json({"sum": 1 << 64, "at": [Decimal("1.10"), float("nan")]})
    '{"sum":18446744073709551616,"at":[1.10,null]}'
    """
    try:
        return orjson.dumps(value, default=_foreign).decode()
    except TypeError:  # a number beyond 64 bits, as a sum may be, or a key that is no text
        return orjson.dumps(_within_reach(value), default=_foreign).decode()


def _foreign(value: Any) -> Any:
    return orjson.Fragment(exact(value)) if isinstance(value, Decimal) else str(value)


def _within_reach(value: Any) -> Any:
    """The same, of what orjson takes."""
    if isinstance(value, dict):
        return {exact(name): _within_reach(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_within_reach(one) for one in value]
    beyond = isinstance(value, int) and not -(1 << 63) <= value < 1 << 64
    return orjson.Fragment(str(value)) if beyond else value


def short(value: Any) -> str:
    """A value for people: no needless digits, long texts cut, nothing that a terminal obeys.

    >>> short(5.0), short(0.25), short("x" * 999)[-3:]
    ('5', '0.25', 'xx…')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = output.plain(exact(value))
    if isinstance(value, datetime):
        return text.removesuffix("+00:00")
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"


FEW = 3
"""Fewer columns than this are a line each all the same: what is long there is a word itself."""

NARROW = 10
"""Characters that a column needs at least to be readable."""


def rows_table(names: list[str], rows: Rows, width: int) -> Table:
    """Rows for people: a line each, or, where words would have to be broken, a block each."""
    names = [output.plain(name) for name in names]
    columns = list(zip(names, *rows, strict=True)) if rows else [(name,) for name in names]
    needed = sum(max(NARROW, *map(_longest_word, column)) + BETWEEN for column in columns)
    return _lines(names, rows) if needed <= width or len(names) < FEW else _blocks(names, rows)


def _longest_word(value: Any) -> int:
    return max(map(len, short(value).split()), default=0)


def _blocks(names: list[str], rows: Rows) -> Table:
    from rich.text import Text

    made = output.table(["column", "value"])
    for row in rows or [()]:
        for name, value in zip_longest(names, row):
            made.add_row(Text(name), Text(short(value)))
        made.add_section()
    return made


def _lines(names: list[str], rows: Rows) -> Table:
    from rich.text import Text

    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    kinds = [{type(value) for value in column} - {type(None)} for column in columns]
    numbers = [bool(kind) and kind <= {int, float} for kind in kinds]
    made = output.bare_table()
    for name, is_number in zip(names, numbers, strict=True):
        made.add_column(
            Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
        )
    for row in rows:
        made.add_row(*(Text(short(value)) for value in row))
    return made
