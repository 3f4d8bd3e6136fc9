"""The commands, in the order in which a newcomer needs them."""

from __future__ import annotations

import typer

from connector.cli import check, demo, rebuild, sandbox, sql, status, streams, sync

HELP = (
    "Productlane to Parquet and DuckDB: nothing lost, nothing doubled, nothing invented.\n\n"
    "Begin with [bold]demo[/bold], which needs no key. With a key: "
    "[bold]export PRODUCTLANE_API_KEY=pl_v2_...[/bold], then [bold]check[/bold], "
    "[bold]sync[/bold] and [bold]sql[/bold]. Settings come from the environment or from .env in "
    "the working directory."
)

EXIT_CODES = (
    "Exit codes: 0 done, 2 wrong usage or configuration, 3 key refused, 4 a stream asked for by "
    "name is not readable, 5 API not reachable, 6 some streams failed and the others are "
    "committed, 130 stopped by Ctrl-C."
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


def _example(line: str) -> str:
    return f"Example: [bold cyan]{line}[/bold cyan]"


app.command("demo", epilog=_example("productlane-elt demo"))(demo.demo)
app.command("check", epilog=_example("productlane-elt check"))(check.check)
app.command("streams", epilog=_example("productlane-elt streams --json | jq '.streams[].stream'"))(
    streams.streams
)
app.command("sync", epilog=_example("productlane-elt sync threads --since 2026-01-01"))(sync.sync)
app.command("status", epilog=_example("productlane-elt status"))(status.status)
app.command(
    "sql",
    epilog=_example('productlane-elt sql "SELECT status, count(*) FROM threads GROUP BY ALL"'),
)(sql.sql)
app.command("rebuild", epilog=_example("productlane-elt rebuild"))(rebuild.rebuild)
app.command("sandbox", epilog=_example("productlane-elt sandbox --threads 2000 --churn 30"))(
    sandbox.sandbox
)


@app.callback()
def every_command(
    debug: bool = typer.Option(False, "--debug", help="Show where in the code an error arose."),
) -> None:
    """Options that hold for every command."""
    from connector.cli import faults

    faults.DEBUG = debug
