"""`productlane-elt contacts`: what can be written back of contacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.push.plan import Plan
    from connector.settings import Settings

AGAIN = (
    "Stopped after the write under way. Every attempt is in meta.writes; run the same command "
    "again to go on: what is as asked is not written again."
)
OF_A_QUERY = (
    " A query that builds on what it changes, like 'N ' || name, would change it a second time: "
    "have it leave out what is done."
)


def push(
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE.csv", help="CSV in UTF-8, with a header."),
    ] = None,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="QUERY", help="A SELECT on the warehouse.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write; without, only show what would change.")
    ] = False,
    resubscribe: Annotated[
        bool, typer.Option("--resubscribe", help="Allow is_subscribed to become true again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Change contacts at Productlane to what your rows say; first, show what would change.

    Columns: id or email says whom; email (beside an id: the new address), name, is_subscribed, and
    one of company_id, company_name, company_external_id say what is to be. An empty cell, or NULL,
    leaves a field alone.

    All rows are checked first, against the warehouse: if one is wrong, all that is wrong is
    listed and nothing is sent. With --apply, each contact is read before it is written; one that
    is as asked is left alone, and one that has changed since the last sync is reported. Every
    attempt is kept in meta.writes, with the values before and after. The API takes 60 writes a
    minute.
    """
    with faults.answering(as_json=as_json, stopped="Stopped. Nothing was sent."):
        from connector.settings import Settings

        settings = Settings.load()
        plan = _checked(settings, source, sql, resubscribe)
    stopped = AGAIN + OF_A_QUERY if sql else AGAIN
    with faults.answering(as_json=as_json, stopped=stopped) as done:
        if plan.problems:
            code = 2
            _refuse(plan, as_json)
        elif apply:
            code = _apply(settings, plan, as_json, done)
        else:
            code = 0
            _show(plan, as_json)
    raise typer.Exit(code)


def _checked(settings: Settings, source: Path | None, sql: str | None, resubscribe: bool) -> Plan:
    from connector.cli.answer import stoppable
    from connector.errors import ConfigurationError
    from connector.published import reading
    from connector.push.checking import check
    from connector.push.source import from_csv, from_sql
    from schemas import WRITABLE

    if (source is None) == (sql is None):
        raise ConfigurationError("a push takes its rows from --from or from --sql")
    with reading(settings.data_dir) as con:
        found = from_csv(source) if source else stoppable(con, lambda: from_sql(con, sql or ""))
        return check(con, WRITABLE["contacts"], found, resubscribe=resubscribe)


def _refuse(plan: Plan, as_json: bool) -> None:
    from dataclasses import asdict

    for problem in plan.problems:
        output.say(problem.told(plan.unit), "red")
    number = output.counted(len(plan.problems), "problem")
    output.say(f"{number}, so nothing was sent. Correct the input and run it again.", "red")
    if as_json:
        problems = [asdict(problem) for problem in plan.problems]
        output.document({"problems": problems, "unit": plan.unit, "exit_code": 2})


def _show(plan: Plan, as_json: bool) -> None:
    from connector.cli.pushed import plan_facts, show_plan

    if as_json:
        output.document(plan_facts(plan) | {"applied": False, "exit_code": 0})
    else:
        show_plan(output.out(), plan)
        if plan.changes:
            output.say("Nothing was sent. --apply writes it.", "yellow")


def _apply(settings: Settings, plan: Plan, as_json: bool, done: dict[str, object]) -> int:
    from connector.cli import stopping
    from connector.cli.pushed import pushed_facts, show_plan, show_pushed, watching
    from connector.push.pushing import Pushing

    if not as_json:
        show_plan(output.out(), plan)
    pushing = Pushing(settings, plan)
    try:
        with watching(pushing):
            stopping.run(pushing.carry_out())
    except BaseException:
        show_pushed(output.err(), pushing)
        done |= pushed_facts(pushing)
        raise
    if as_json:
        output.document(pushed_facts(pushing))
    else:
        show_pushed(output.out(), pushing)
    return pushing.exit_code
