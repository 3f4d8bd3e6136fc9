"""The forms in which an answer is written. All but the table go row by row: size is no matter."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from connector.cli import output
from connector.cli.answer import Answer, Query, Row
from connector.cli.wrapped import Counted, Lines
from connector.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 1000
"""Rows of a table on a terminal; whoever wants more wants a file."""

NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
"""How DuckDB's types of numbers begin; they are set to the right."""


class Form(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    md = "md"


def form_of(asked: Form | None, path: Path | None, *, on_terminal: bool) -> Form:
    """The form that is asked for, that the file's name says, or that suits who reads."""
    if asked:
        return asked
    if path is None:
        return Form.table if on_terminal else Form.csv
    named = path.suffix.removeprefix(".").lower()
    if not named or named in Form.__members__:
        return Form(named or "csv")
    forms = ", ".join(Form.__members__)
    raise ConfigurationError(
        f"the name {path.name} doesn't say in what form to write",
        todo=f"Say --format, or end it with one of: {forms}",
    )


def write(query: Query, form: Form, sink: IO[Any]) -> None:
    """Write the answer to a query; `sink` takes bytes for Parquet, text for all others."""
    if form is Form.parquet:
        _parquet(query, sink)
    else:
        WRITERS[form](query.answer(), sink)


def _table(answer: Answer, sink: IO[str]) -> None:
    from connector.cli.cells import rows_table

    rows = answer.fetch(SHOWN + 1)
    console = output.console(sink)
    console.print(rows_table(answer.names, rows[:SHOWN], console.width))
    if len(rows) > SHOWN:
        output.say(f"Only the first {SHOWN} rows are shown; `> rows.csv` gets all.", "yellow")


def _csv(answer: Answer, sink: IO[str]) -> None:
    from connector.cli.cells import exact

    writer = csv.writer(Lines(sink))
    writer.writerows([answer.names] if answer.names else [])
    writer.writerows([exact(value) for value in row] for row in answer)


def _json(answer: Answer, sink: IO[str]) -> None:
    """An array with a line for each row, so that it can be written and read line by line."""
    from connector.cli.cells import as_json

    _refuse_doubles(answer.names)
    before = "[\n"
    for row in answer:
        sink.write(before + as_json(_object(answer.columns, row)))
        before = ",\n"
    sink.write("[]\n" if before == "[\n" else "\n]\n")


def _object(columns: list[tuple[str, str]], row: Row) -> dict[str, Any]:
    """A row as a JSON object, in which JSON stays JSON."""
    return {
        name: _document(value) if kind == "JSON" and value is not None else value
        for (name, kind), value in zip(columns, row, strict=True)
    }


def _document(text: str) -> orjson.Fragment | str:
    """JSON as it is, in one line; a text where only DuckDB takes it for JSON, like `[NaN,]`."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return orjson.Fragment(" ".join(text.splitlines()))


def _markdown(answer: Answer, sink: IO[str]) -> None:
    from connector.cli.cells import exact

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    rules = ("---:" if kind.startswith(NUMBERS) else "---" for _, kind in answer.columns)
    sink.write(line(map(_escaped, answer.names)) + line(rules) if answer.names else "")
    for row in answer:
        sink.write(line(_escaped(exact(value)) for value in row))


def _escaped(text: str) -> str:
    r"""Text that stays in its cell.

    >>> _escaped("a|b\nc")
    'a\\|b<br>c'
    """
    for found, instead in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;")):
        text = text.replace(found, instead)
    return "<br>".join(text.splitlines())


def _parquet(query: Query, sink: IO[bytes]) -> None:
    """Batch by batch, each a row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = query.arrow()
    _refuse_doubles(rows.schema.names)
    try:
        with pq.ParquetWriter(Counted(sink), rows.schema, compression="zstd") as file:
            for batch in rows:
                file.write_batch(batch)
    except pa.ArrowNotImplementedError as fault:
        raise ConfigurationError(
            f"Parquet has no such type: {_unfit(rows.schema)}",
            todo="Cast the column, `column::VARCHAR`, or write another --format",
        ) from fault


def _unfit(schema: pa.Schema) -> str:
    import pyarrow as pa

    odd = [field for field in schema if pa.types.is_interval(field.type)
           or pa.types.is_union(field.type)]  # fmt: skip
    return ", ".join(f"{field.name} ({field.type})" for field in odd or schema)


def _refuse_doubles(names: list[str]) -> None:
    """A reader would keep one of two columns, and not say so."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(
            f"two columns are called {twice[0]}", todo="Tell them apart by AS, or write CSV"
        )


WRITERS: dict[Form, Callable[[Answer, IO[str]], None]] = {
    Form.table: _table,
    Form.csv: _csv,
    Form.json: _json,
    Form.md: _markdown,
}
