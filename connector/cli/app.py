"""The commands, in the order in which a newcomer needs them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from connector.cli import (
    check,
    compact,
    contacts,
    demo,
    explain,
    plan,
    rebuild,
    report,
    sandbox,
    sql,
    status,
    streams,
    sync,
    tables,
)

HELP = (
    "Productlane to Parquet and DuckDB: nothing lost, nothing doubled, nothing invented.\n\n"
    "Begin with [bold]demo[/bold], which needs no key. With a key: "
    "[bold]export PRODUCTLANE_API_KEY=pl_v2_...[/bold], then [bold]check[/bold], "
    "[bold]sync[/bold] and [bold]sql[/bold]. Settings come from the environment or from .env in "
    "the working directory."
)

EXIT_CODES = (
    "Exit codes: 0 done, 2 wrong usage or configuration, or a data directory that can't be used, "
    "3 key refused, 4 a stream asked for by name is not readable, 5 API not reachable or kept "
    "failing, 6 some streams (or rows to be written) failed and the others are committed, "
    "130 stopped by Ctrl-C."
)

app = typer.Typer(
    name="productlane-elt",
    help=HELP,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

of_contacts = typer.Typer(
    help="Write contacts back: `contacts push`.", no_args_is_help=True, rich_markup_mode="rich"
)
app.add_typer(of_contacts, name="contacts")


class OfSql(TyperCommand):
    """A command whose argument may begin with a comment, as `sql --list @NAME` prints them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`-- like this` is no option."""
        told = [f"\n{one}" if one.startswith("-- ") else one for one in args]
        return super().parse_args(ctx, told)


def _add(
    command: Callable[..., None],
    example: str,
    to: typer.Typer = app,
    cls: type[TyperCommand] = TyperCommand,
) -> None:
    """Make a function a command; its docstring is the help, its name the name."""
    paragraphs = inspect.getdoc(command) or ""
    flowing = "\n\n".join(part.replace("\n", " ") for part in paragraphs.split("\n\n"))
    epilog = f"Example: [bold cyan]productlane-elt {example}[/bold cyan]"
    to.command(command.__name__, cls=cls, help=flowing, epilog=epilog)(command)


_add(demo.demo, "demo")
_add(check.check, "check")
_add(streams.streams, "streams --json | jq '.streams[].stream'")
_add(plan.plan, "plan --full")
_add(sync.sync, "sync threads --since 2026-01-01")
_add(status.status, "status")
_add(sql.sql, 'sql "SELECT status, count(*) FROM threads GROUP BY ALL"', cls=OfSql)
_add(report.report, "report --output report.html")
_add(tables.tables, "tables thread_metrics")
_add(explain.explain, "explain threads 3e6e3b89-...")
_add(contacts.push, "contacts push --from corrections.csv", to=of_contacts)
_add(compact.compact, "compact")
_add(rebuild.rebuild, "rebuild")
_add(sandbox.sandbox, "sandbox --threads 2000 --churn 30")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"productlane-elt {version('productlane-elt')}")
        raise typer.Exit


@app.callback()
def every_command(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the code an error arose.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Options that hold for every command."""
    from connector.cli import faults

    faults.DEBUG = debug
