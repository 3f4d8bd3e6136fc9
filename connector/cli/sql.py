"""`productlane-elt sql`."""

from __future__ import annotations

import csv
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from connector.cli import faults, output

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

SHOWN = 1000
"""Rows of a table on a terminal; whoever wants more wants a file."""


class Form(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def sql(
    query: Annotated[str, typer.Argument(help="What to ask; - reads it from standard input.")],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="Without: table on a terminal, else csv.", show_default=False
        ),
    ] = None,
) -> None:
    """Ask the warehouse in SQL: read-only, also while a sync runs.

    There is a table per stream, every version of its rows under the same name in schema history,
    and the connector's own records in schema meta. "SHOW TABLES" lists them, "DESCRIBE threads"
    the columns of one. Into a pipe or a file the answer goes as CSV with a header line. Times are
    in UTC.
    """
    with faults.answering():
        from connector.published import reading
        from connector.settings import Settings

        text = sys.stdin.read() if query == "-" else query
        chosen = form or (Form.table if sys.stdout.isatty() else Form.csv)
        with reading(Settings.load().data_dir) as con:
            _print(Answer(con, text), chosen)


class Answer:
    """What a query answers. Statements before the last may prepare it: SET, CREATE TEMP TABLE.

    Files and extensions are out of reach: a query that was pasted from somewhere can't write.
    Raises `ConfigurationError` with DuckDB's own words where the query is at fault.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, text: str) -> None:
        con.execute("SET enable_external_access = false; SET lock_configuration = true")
        self._con = con
        with _blaming():
            _only_one(con.extract_statements(text))
            stoppable(con, lambda: con.execute(text))
        self.columns = [(column[0], str(column[1])) for column in con.description or []]

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        """So many rows more; none at the end."""
        with _blaming():
            return stoppable(self._con, lambda: self._con.fetchmany(rows)) if self.columns else []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while batch := self.fetch(10_000):
            yield from batch


def stoppable(con: duckdb.DuckDBPyConnection, act: Callable[[], T]) -> T:
    """Do what may take long, so that Ctrl-C ends it.

    DuckDB 2.0 looks for signals itself, but not in every phase of a query: three of eight queries
    that would have run for hours went on (measured). So a thread asks, and is told to end, again
    and again, since it may not have begun. A handler rather than `KeyboardInterrupt`: that could
    come between any two lines here. Outside the main thread no signal arrives, and nothing is
    to be done about it.
    """
    if threading.current_thread() is not threading.main_thread():
        return act()
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(act)
            while not wait([done], timeout=0.05).done:
                if stopped.is_set():
                    con.interrupt()
    finally:
        signal.signal(signal.SIGINT, before)
    if stopped.is_set():
        raise KeyboardInterrupt
    return done.result()


def _only_one(statements: list[duckdb.Statement]) -> None:
    """One question has one answer: of several, all but the last would go unheard."""
    from duckdb import StatementType

    from connector.errors import ConfigurationError

    if not statements:
        raise ConfigurationError("the query is empty", todo='Ask something, like "FROM threads"')
    if any(one.type == StatementType.SELECT for one in statements[:-1]):
        raise ConfigurationError("there is more than one query", todo="Ask one at a time")


@contextmanager
def _blaming() -> Iterator[None]:
    import duckdb

    from connector.errors import ConfigurationError

    try:
        yield
    except duckdb.Error as fault:
        raise ConfigurationError("the query can't be answered", todo=str(fault)) from None
    except RuntimeError as fault:
        if "interrupted" in str(fault).lower():  # how DuckDB passes Ctrl-C on
            raise KeyboardInterrupt from None
        raise


def _print(answer: Answer, form: Form) -> None:
    from connector.cli.cells import exact, rows_table

    names = [name for name, _ in answer.columns]
    if form is Form.table:
        rows = answer.fetch(SHOWN + 1)
        console = output.out()
        console.print(rows_table(names, rows[:SHOWN], console.width))
        if len(rows) > SHOWN:
            output.say(f"Only the first {SHOWN} rows are shown; `> rows.csv` gets all.", "yellow")
    elif form is Form.json:
        output.document([_object(answer.columns, row) for row in answer])
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([names] if names else [])
        writer.writerows([exact(value) for value in row] for row in answer)


def _object(columns: list[tuple[str, str]], row: tuple[Any, ...]) -> dict[str, Any]:
    """A row as a JSON object, in which JSON stays JSON."""
    import json

    return {
        name: json.loads(value) if kind == "JSON" and value is not None else value
        for (name, kind), value in zip(columns, row, strict=True)
    }
