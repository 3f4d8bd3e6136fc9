"""`productlane-elt sql`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import faults, output

if TYPE_CHECKING:
    import duckdb

SHOWN = 1000
"""Rows of a table on a terminal; whoever wants more wants a file."""


class Form(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def sql(
    query: Annotated[str, typer.Argument(help="One or more statements; - reads standard input.")],
    form: Annotated[
        Form | None,
        typer.Option("--format", help="table on a terminal, else csv.", show_default=False),
    ] = None,
) -> None:
    """Ask the warehouse in SQL: read-only, also while a sync runs.

    Tables: one per stream, the same names in schema history, and the schemas meta and analytics;
    "SHOW ALL TABLES" lists them. On a terminal the answer is a table, into a pipe or file it is
    CSV with a header. Times are in UTC.
    """
    with faults.answering():
        from connector.published import reading
        from connector.settings import Settings

        text = sys.stdin.read() if query == "-" else query
        with reading(Settings.load().data_dir) as con:
            names, fetch = ask(con, text)
            _show(names, fetch, form or (Form.table if sys.stdout.isatty() else Form.csv))


Fetch = Callable[[int], list[tuple[Any, ...]]]


def ask(con: duckdb.DuckDBPyConnection, text: str) -> tuple[list[str], Fetch]:
    """The answer of the last statement: names of columns, and rows by so many at a time.

    Files and extensions are out of reach: a query that was pasted from somewhere can't write.
    """
    import duckdb

    from connector.errors import ConfigurationError

    def guarded(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except duckdb.Error as fault:
            raise ConfigurationError("the query can't be answered", todo=str(fault)) from None

    con.execute("SET enable_external_access = false; SET lock_configuration = true")
    guarded(lambda: con.execute(text))
    names = [column[0] for column in con.description or []]
    return names, lambda rows: guarded(lambda: con.fetchmany(rows)) if names else []


def _show(names: list[str], fetch: Fetch, form: Form) -> None:
    if form is Form.table:
        _as_table(names, fetch)
    elif form is Form.json:
        rows = [dict(zip(names, row, strict=True)) for batch in _batches(fetch) for row in batch]
        output.document(rows)
    else:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        for batch in _batches(fetch):
            writer.writerows([[_cell(value) for value in row] for row in batch])


def _batches(fetch: Fetch) -> Any:
    return iter(lambda: fetch(10_000), [])


def _as_table(names: list[str], fetch: Fetch) -> None:
    rows = fetch(SHOWN + 1)
    console = output.out()
    console.print(rows_table(names, rows[:SHOWN]))
    if len(rows) > SHOWN:
        output.say(f"Only the first {SHOWN} rows are shown; `> rows.csv` gets all.", "yellow")


def rows_table(names: list[str], rows: list[tuple[Any, ...]], title: str = "") -> Any:
    """Rows for people: numbers to the right, nothing for null."""
    numbers = {
        name
        for name, values in zip(names, zip(*rows, strict=True), strict=False)
        if all(isinstance(value, int | float | None) for value in values)
    }
    made = output.table(title, names, numbers=numbers)
    from rich.text import Text

    for row in rows:
        made.add_row(*(Text(_cell(value)) for value in row))
    return made


def _cell(value: Any) -> str:
    import datetime

    import orjson

    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, list | dict):
        return orjson.dumps(value, default=str).decode()
    return str(value)
