"""A push for people and programs: what it would change, how far it is, what came of it.

The values of customers stand here because whoever ran the command asked for them; they go to
standard output, and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connector.cli import output
from connector.cli.cells import short
from connector.cli.output import count, counted
from connector.cli.progress import SELDOM

if TYPE_CHECKING:
    from rich.console import Console

    from connector.push.plan import Change, Plan
    from connector.push.pushing import Pushing
    from connector.push.writing import Result

SHOWN = 1000
"""Changes that a terminal is shown; `--json` has them all."""

WORDS = {
    "written": "written",
    "already": "already as asked",
    "conflict": "changed at Productlane since the last sync, not written",
    "gone": "gone",
    "refused": "refused",
    "failed": "failed",
}


def show_plan(console: Console, plan: Plan) -> None:
    """Each change, field by field, and how much of it there is."""
    from rich.text import Text

    made = output.table([plan.unit, "contact", "field", "is", "shall be"], numbers=[plan.unit])
    for change in plan.changes[:SHOWN]:
        for name in change.new:
            values = (plan.shown(name, of[name]) for of in (change.old, change.new))
            made.add_row(
                count(change.line),
                *(Text(short(text)) for text in (change.address, name, *values)),
            )
    if plan.changes:
        console.print(made)
    if len(plan.changes) > SHOWN:
        output.say(f"Only the first {SHOWN} contacts are shown; --json has all.", "yellow")
    console.print(
        f"{counted(plan.lines, plan.unit)}: {counted(len(plan.changes), 'contact')} to change, "
        f"{count(plan.unchanged)} as asked already. The warehouse has every change up to "
        f"{output.moment(plan.current_to) or 'no known moment'}.",
        soft_wrap=True,
    )


def plan_facts(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "lines": plan.lines,
        "unchanged": plan.unchanged,
        "current_to": plan.current_to,
        "changes": [_change_facts(change) for change in plan.changes],
    }


def _change_facts(change: Change) -> dict[str, Any]:
    fields = {name: {"is": change.old[name], "shall_be": change.new[name]} for name in change.new}
    return {"line": change.line, "id": change.key, "email": change.address, "fields": fields}


def show_pushed(console: Console, pushing: Pushing) -> None:
    """How many changes came out how; and each that is not as asked, with the reason."""
    from rich.text import Text

    for result in pushing.results:
        if result.why:
            line = f"{pushing.plan.unit} {result.change.line}: {result.outcome}: {result.why}"
            said = f" ({result.details})" if result.details and not console.stderr else ""
            console.print(Text(short(line + said)), soft_wrap=True)
    for write in pushing.settled:
        console.print(f"An attempt of run {write.run} turned out: {write.outcome}.")
    attempts = ". Every attempt: meta.writes" if pushing.results else ""
    console.print(f"{_summary(pushing)}{attempts}", soft_wrap=True)


def _summary(pushing: Pushing) -> str:
    found = [f"{count(number)} {WORDS[name]}" for name, number in pushing.counts.items()]
    if left := len(pushing.plan.changes) - len(pushing.results):
        found.append(f"{count(left)} not tried")
    return ", ".join(found) or "Nothing was to be written"


def pushed_facts(pushing: Pushing) -> dict[str, Any]:
    """What came of it, for programs."""
    run = pushing.run
    return plan_facts(pushing.plan) | {
        "applied": True,
        "changes": [_result_facts(result) for result in pushing.results],
        "outcomes": dict(pushing.counts),
        "settled": [{"write": one.write, "outcome": one.outcome} for one in pushing.settled],
        "run": asdict(run) if run else None,
        "exit_code": pushing.exit_code,
    }


def _result_facts(result: Result) -> dict[str, Any]:
    told = ("outcome", "why", "details", "answer_lost")
    return _change_facts(result.change) | {name: getattr(result, name) for name in told}


@contextmanager
def watching(pushing: Pushing) -> Iterator[None]:
    """Say on standard error how far it is: all the time on a terminal, else now and then."""
    console = output.err()
    if not console.is_interactive:
        told = [time.monotonic()]

        def tell(now: Pushing) -> None:
            if time.monotonic() - told[0] >= SELDOM:
                told[0] = time.monotonic()
                output.say(_progress(now))

        pushing.tell = tell
        yield
        return
    with console.status(_progress(pushing)) as status:
        pushing.tell = lambda now: status.update(_progress(now))
        yield


def _progress(pushing: Pushing) -> str:
    done, all_of_them = len(pushing.results), len(pushing.plan.changes)
    left = f" · {pushing.seconds_left / 60:.0f} min to go" if pushing.seconds_left >= 60 else ""
    return f"{count(done)} of {counted(all_of_them, 'contact')} · {_summary(pushing)}{left}"
