"""Where and how the commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import orjson
import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.table import Table

WIDE = 200
"""Columns when nobody's terminal sets a limit: a file or a pipe."""

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal obeys, or that turn the order of letters around; not LF and tab."""


def make_ready() -> None:
    """Have all three streams open, and in UTF-8 where it is no terminal that says what it takes.

    One that its caller has closed leads nowhere: else a file that is opened later would take its
    number, and with it what a library writes there.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def out() -> Console:
    """Standard output, for results."""
    return console(sys.stdout)


def err() -> Console:
    """Standard error, for progress, warnings and errors."""
    return console(sys.stderr)


def console(stream: IO[str]) -> Console:
    """Where people read what is written to a stream."""
    from rich.console import Console

    return Console(
        file=stream,
        stderr=stream is sys.stderr,
        width=None if stream.isatty() else WIDE,
        highlight=False,
        emoji=False,
    )


def say(text: str, style: str = "") -> None:
    """One message on standard error, as it is: no markup, no wrapping in the middle of a path."""
    err().print(plain(text), style=style, markup=False, soft_wrap=True)


def waiting(text: str) -> Status:
    """Something that moves on standard error while one waits; on a terminal only."""
    from rich.text import Text

    return err().status(Text(text))


def plain(text: str) -> str:
    r"""Text as a terminal may have it: a customer's can't move the cursor or change colours.

    >>> plain("a\x1b[31mb\r\nc")
    'a�[31mb\nc'
    """
    return COMMANDS.sub("�", text.replace("\r\n", "\n"))


def document(value: Any) -> None:
    """The one JSON document of `--json`, on standard output."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    typer.echo(orjson.dumps(value, default=str, option=options).decode())


def bare_table() -> Table:
    """A table without columns, and without much furniture."""
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)


def table(columns: Iterable[str], *, numbers: Iterable[str] = ()) -> Table:
    """A table of whatever width; the columns of `numbers` are set to the right."""
    right = set(numbers)
    made = bare_table()
    for name in columns:
        if name in right:
            made.add_column(name, justify="right", no_wrap=True)
        else:
            made.add_column(name, overflow="fold")
    return made


def count(number: int | None) -> str:
    """A number for people; nothing for none at all.

    >>> count(1234567), count(0), count(None)
    ('1,234,567', '0', '')
    """
    return "" if number is None else f"{number:,}"


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "request"), counted(1200, "row")
    ('1 request', '1,200 rows')
    """
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


NONE = "·"


def quiet(number: int) -> str:
    """A number among many; zeros would only get in the way of what happened.

    >>> quiet(1200), quiet(0)
    ('1,200', '·')
    """
    return count(number) if number else NONE


def minute(stamp: datetime | None) -> str:
    """A moment among many, in UTC, to the minute.

    >>> minute(datetime(2026, 5, 12, 10, 23, 45, 999, UTC))
    '2026-05-12 10:23'
    """
    return moment(stamp)[:16]


def moment(stamp: datetime | None) -> str:
    """A moment for people, in UTC, to the second.

    >>> moment(datetime(2026, 5, 12, 10, 23, 45, 999, UTC))
    '2026-05-12 10:23:45'
    """
    return "" if stamp is None else f"{stamp.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def iso(stamp: datetime) -> str:
    """A moment as an option takes it, exact.

    >>> iso(datetime(2026, 5, 12, 10, 23, 45, tzinfo=UTC))
    '2026-05-12T10:23:45Z'
    """
    return stamp.astimezone(UTC).isoformat().replace("+00:00", "Z")
