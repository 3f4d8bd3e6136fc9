"""The input of a push: a CSV file, or a SELECT on the warehouse; judged here for form alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb

from connector.errors import ConfigurationError

HEADER = 1
"""The line of a file's header, to which faults of a whole column are put down."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with the input, and where; `what` quotes no value."""

    line: int
    column: str
    what: str

    def told(self, unit: str) -> str:
        """As a person reads it.

        >>> Problem(3, "email", "is no e-mail address").told("line")
        'line 3, email: is no e-mail address'
        """
        return f"{unit} {self.line}{f', {self.column}' if self.column else ''}: {self.what}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the input, under the number by which its author finds it. None is no value."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """All of it, with what could not be read. `unit`: what a file calls a line is a query's row."""

    unit: Literal["line", "row"]
    columns: list[str]
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def from_csv(path: Path) -> Input:
    """A CSV file in UTF-8 with a header. An empty cell is no value; space around one is dropped.

    Raises `ConfigurationError` where the file is not there or not such a file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise ConfigurationError(f"{path} can't be read ({fault.strerror})") from None
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{path} is not UTF-8 (line {line})", todo="Save it as CSV in UTF-8"
        ) from None
    records = _records(path, text)
    _, header = next(records, (HEADER, []))
    columns = [name.strip() for name in header]
    if not any(columns):
        raise ConfigurationError(f"{path} is empty", todo="Its first line names the columns")
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        raise ConfigurationError(
            f"the cells of {path} must be separated by commas", todo="Save it as CSV with commas"
        )
    found = Input("line", columns)
    for number, cells in records:
        _take(found, number, cells)
    return found


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins; blank lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    began = HEADER
    try:
        for cells in reader:
            if any(cells):
                yield began, cells
            began = reader.line_num + 1
    except csv.Error as fault:
        raise ConfigurationError(
            f"{path} is not CSV from line {began} on ({fault})", todo="See to its quotes"
        ) from None


def _take(found: Input, number: int, cells: list[str]) -> None:
    if len(cells) != len(found.columns):
        what = f"has {len(cells)} cells, and the header {len(found.columns)}"
        found.problems.append(Problem(number, "", what))
        return
    values = {name: cell.strip() for name, cell in zip(found.columns, cells, strict=True)}
    for name, value in values.items():
        if value.lower() == "null":
            what = "null clears nothing: no field can be cleared; an empty cell leaves it alone"
            found.problems.append(Problem(number, name, what))
    kept = {n: v if v and v.lower() != "null" else None for n, v in values.items()}
    found.lines.append(Line(number, kept))


def from_sql(con: duckdb.DuckDBPyConnection, query: str) -> Input:
    """What a SELECT finds in the warehouse; its rows are counted from 1 on, and NULL is no value.

    Files, extensions and settings are out of its reach. Raises `ConfigurationError` with DuckDB's
    own words where the query is at fault.
    """
    con.execute("SET enable_external_access = false; SET lock_configuration = true")
    try:
        kinds = [one.type for one in con.extract_statements(query)]
        if kinds != [duckdb.StatementType.SELECT]:
            raise ConfigurationError("--sql takes one SELECT, and nothing else")
        con.execute(query)
        columns = [str(column[0]) for column in con.description or []]
        rows = con.fetchall()
    except duckdb.Error as fault:
        raise ConfigurationError("the query can't be answered", todo=str(fault)) from None
    lines = [
        Line(number, dict(zip(columns, row, strict=True)))
        for number, row in enumerate(rows, start=1)
    ]
    return Input("row", columns, lines)
