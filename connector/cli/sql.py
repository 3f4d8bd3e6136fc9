"""`productlane-elt sql`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output
from connector.cli.forms import Form

if TYPE_CHECKING:
    from connector.cli.answer import Query


def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            help="SQL; @NAME for a question that we know; - or nothing to read standard input.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", metavar="FILE", help="Read the query from a file."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format",
            help="Without: what the name of --output says, else table on a terminal, else csv.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write there; it appears whole or not at all."
        ),
    ] = None,
    listing: Annotated[
        bool,
        typer.Option("--list", help="List the questions we know; with @NAME, print its SQL."),
    ] = False,
) -> None:
    """Ask the warehouse in SQL: read-only, also while a sync runs.

    There is a table per stream, every version of its rows under the same name in schema history,
    ready-made views in schema analytics, and the connector's own records in schema meta; "tables"
    lists them with what they mean. "sql @" lists questions that are ready to ask, like
    "sql @response-times".

    Into a pipe or a file the answer goes as CSV with a header line, unless --format says else;
    rows are written as they come, however many. Times are in UTC. How fresh the data are is said
    on standard error, where somebody looks.
    """
    with faults.answering():
        if listing or query == "@":
            _list(query)
        else:
            _answer(query, file, form, to)


def _list(query: str | None) -> None:
    from connector.cli.question import named
    from connector.questions import questions

    if query in (None, "@"):
        made = output.table(["question", "asks"])
        for one in questions():
            made.add_row(f"@{one.name}", one.title)
        output.out().print(made)
    else:
        typer.echo(named(str(query).removeprefix("@")).sql.rstrip())


def _answer(query: str | None, file: Path | None, form: Form | None, to: Path | None) -> None:
    from connector.cli import forms, sink
    from connector.cli.answer import Query
    from connector.cli.question import text_of
    from connector.published import reading
    from connector.settings import Settings

    text = text_of(query, file)
    data_dir = Settings.load().data_dir
    if to:
        sink.refuse_ours(to, data_dir)
    chosen = forms.form_of(form, to, on_terminal=sys.stdout.isatty())
    with reading(data_dir) as con, closing(Query(con, text)) as asked:
        with sink.opened(to, binary=chosen is Form.parquet) as stream:
            forms.write(asked, chosen, stream)
        if chosen is Form.table or sys.stderr.isatty():
            _say_how_fresh(asked)


def _say_how_fresh(asked: Query) -> None:
    from connector.cli.answer import stoppable
    from connector.freshness import freshness

    found = stoppable(asked.aside, lambda: freshness(asked.aside, asked.tables()))
    if found:
        output.say(str(found), "dim")
