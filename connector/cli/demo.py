"""`productlane-elt demo`: tells the story of `connector.demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output
from connector.cli.output import count, counted, quiet

if TYPE_CHECKING:
    from rich.console import Console

    from connector.ledger import Run
    from connector.sandbox import Sandbox
    from connector.settings import Settings

NEXT = """\
All of it is in {dir}/ and stays there until the next demo:
  {dir}/productlane.duckdb   for DuckDB and everything that reads it
  {dir}/lake/threads/        Parquet, one folder a day

Ask something yourself:
  PRODUCTLANE_DATA_DIR={dir} {command} sql "FROM companies LIMIT 1"
  PRODUCTLANE_DATA_DIR={dir} {command} sql @
  PRODUCTLANE_DATA_DIR={dir} {command} status

See it in Dagster: start a sandbox, which prints its settings as export lines,
  {command} sandbox
paste those into another terminal, and there
  export DAGSTER_HOME=$PWD/.dagster && mkdir -p "$DAGSTER_HOME"
  cp deploy/dagster.yaml "$DAGSTER_HOME/"
  {dagster} dev

With a key of your own:
  export PRODUCTLANE_API_KEY=pl_v2_...
  {command} check && {command} sync"""


def demo(
    threads: Annotated[
        int, typer.Option(min=10, max=20_000, help="Size of the invented workspace.")
    ] = 300,
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the data go; replaced by each demo.")
    ] = Path("demo-data"),
) -> None:
    """Do the whole job on this machine, no key needed: the place to begin.

    A Productlane sandbox is started, read in full, changed, and read again; then every field is
    compared with it, and five questions are answered in SQL. Takes about half a minute.
    """
    with faults.answering(stopped="Stopped. Run the demo again whenever you like."):
        from connector.demo.folder import fresh
        from connector.sandbox import Sandbox
        from connector.settings import Settings

        console = output.out()
        with Sandbox(threads) as box:
            # So small a workspace may lose a third of a list in one merger: no brake on that.
            settings = Settings(
                api_key=box.key, base_url=box.url, data_dir=fresh(folder), loss_brake=1
            )
            proven = _story(console, box, settings)
        _questions(console, settings)
        _heading(console, "What to try next")
        console.print(_next(folder), markup=False, soft_wrap=True)
    raise typer.Exit(0 if proven else 1)


def _next(folder: Path) -> str:
    from shlex import quote

    from connector.cli.invoked import as_called

    return NEXT.format(dir=quote(str(folder)), command=as_called(), dagster=as_called("dagster"))


def _story(console: Console, box: Sandbox, settings: Settings) -> bool:
    from connector.demo.story import an_afternoon

    _heading(console, f"An invented workspace at {box.url}")
    console.print(
        f"{count(len(box.workspace.ids('threads')))} threads, "
        f"{count(len(box.workspace.ids('contacts')))} contacts, "
        f"{count(len(box.workspace.ids('companies')))} companies. Nothing leaves this machine, "
        "and nothing slows it down: a real key has 1,000 requests a minute."
    )
    runs = [_sync(console, settings, "The first sync reads everything")]
    proven = _prove(console, box, settings)
    _heading(console, "Two hours pass in the workspace")
    for happening in an_afternoon(box):
        console.print(f"- {happening}", markup=False)
    runs.append(_sync(console, settings, "The next sync asks for what is new or has changed"))
    runs.append(_sync(console, settings, "A full walk finds what is gone and what moved silently"))
    proven = _prove(console, box, settings) and proven
    _totals(console, runs, settings)
    return proven


def _heading(console: Console, text: str) -> None:
    console.print(f"\n[bold cyan]{text}[/]", soft_wrap=True)


def _sync(console: Console, settings: Settings, title: str) -> Run:
    from connector.cli.sync import carry_out
    from connector.sync import Order
    from schemas import STREAMS

    _heading(console, title)
    run = carry_out(settings, Order(streams=tuple(STREAMS), full="full" in title.split()))
    seconds = (run.ended_at - run.started_at).total_seconds()
    sums = {
        name: sum(getattr(one, name) for one in run.streams)
        for name in ("rows", "new", "changed", "deleted")
    }
    console.print(
        f"{counted(sums['rows'], 'row')} read: {count(sums['new'])} new, {count(sums['changed'])} "
        f"changed, {count(sums['deleted'])} deleted; "
        f"{counted(run.requests, 'request')}, {seconds:.1f} s"
    )
    return run


def _prove(console: Console, box: Sandbox, settings: Settings) -> bool:
    from connector.demo.proof import prove
    from connector.published import reading

    with reading(settings.data_dir) as con:
        proof = prove(box.workspace, con, settings.data_dir / "lake")
    if proof.holds:
        console.print(
            f"[green]Proven:[/] {proof.tables} tables, {count(proof.rows)} rows, "
            f"{count(proof.values)} values equal what the API lists; so do tags and external ids "
            "as rows; the Parquet files alone agree."
        )
    else:
        console.print("[red]Not equal:[/]")
        for difference in proof.differences:
            console.print(f"  {difference}", markup=False, soft_wrap=True)
    return proof.holds


def _totals(console: Console, runs: list[Run], settings: Settings) -> None:
    """What the three runs did to each table."""
    from connector.cli.fitting import Column, show
    from connector.published import reading

    numbers = ("rows now", "new", "changed", "deleted", "requests")
    columns = [Column("table"), *(Column(name, number=True, rank=1) for name in numbers)]
    rows = []
    with reading(settings.data_dir) as con:
        for outcomes in zip(*(run.streams for run in runs), strict=True):
            stream = outcomes[0].stream
            now, deleted = con.execute(
                f"SELECT (SELECT count(*) FROM main.{stream}), "
                f"(SELECT count(*) FROM history.{stream} WHERE _deleted)"
            ).fetchall()[0]
            new, changed, asked = (
                sum(getattr(one, name) for one in outcomes)
                for name in ("new", "changed", "requests")
            )
            rows.append([stream, *map(quiet, (now, new, changed, deleted, asked))])
    show(console, columns, rows)


def _questions(console: Console, settings: Settings) -> None:
    from connector.cli.cells import rows_table
    from connector.demo.questions import QUESTIONS
    from connector.published import reading

    with reading(settings.data_dir) as con:
        for title, query in QUESTIONS:
            _heading(console, title)
            console.print(query, style="dim", markup=False, soft_wrap=True)
            found = con.execute(query)
            names = [column[0] for column in found.description or []]
            console.print(rows_table(names, found.fetchall(), console.width))
