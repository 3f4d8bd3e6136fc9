"""`productlane-elt plan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from connector.cli import faults, output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson, Full, Since, Streams, Until, order_of
from connector.cli.output import count, counted, quiet

if TYPE_CHECKING:
    from connector.plan import Plan
    from connector.planner import StreamPlan


def plan(
    streams: Streams = None,
    since: Since = None,
    until: Until = None,
    full: Full = False,
    as_json: AsJson = False,
) -> None:
    """Say what `sync` with the same options would ask, why, and how long that takes; do nothing.

    It looks at the warehouse, and asks the API whose key it is. Of lists that were never read it
    asks for some pages, and tells from these about how long they are. What the sync then really
    took is what `sync --json`, `status` and meta.runs say.
    """
    with faults.answering(as_json=as_json):
        import asyncio
        from dataclasses import asdict

        from connector.cli.sync import unheard
        from connector.outcomes import exit_code
        from connector.plan import plan as make
        from connector.settings import Settings

        order = order_of(streams, since, until, full)
        settings = Settings.load()
        with output.waiting(f"asking {settings.base_url} ..."):
            made = asyncio.run(make(settings, order))
        code = exit_code(made.streams, by_name=bool(order.streams))
        if as_json:
            output.document(asdict(made) | {"exit_code": code})
        else:
            _show(made)
        for warning in unheard(order):
            output.say(warning, "yellow")
        for one in made.streams:
            if one.error:
                output.say(f"{one.outcome}: {one.error}", "yellow")
    raise typer.Exit(code)


COLUMNS = (
    Column("stream"),
    Column("asks for", least=20),
    Column("requests", number=True),
    Column("at most", number=True, rank=1),
    Column("since", rank=3),
    Column("what it rests on", rank=2, least=30),
)


def _show(made: Plan) -> None:
    console = output.out()
    styles = ["" if one.outcome == "asked" else "yellow" for one in made.streams]
    total = ["all, and whose key it is", "", count(made.requests), count(made.most), "", ""]
    show(console, COLUMNS, [_row(one) for one in made.streams], styles=styles, total=total)
    for line in _summary(made):
        console.print(line, markup=False, soft_wrap=True)


def _row(one: StreamPlan) -> list[str]:
    numbers = [quiet(one.requests), quiet(one.most)]
    return [one.stream, _asks(one), *numbers, output.minute(one.since), one.basis]


def _asks(one: StreamPlan) -> str:
    """What is asked for, in words."""
    match one.asks:
        case "window":
            return f"what changed until {output.minute(one.until)}" if one.until else "what changed"
        case "everything":
            return "everything"
        case "parents":
            turn = f", {count(one.rotated)} by rotation" if one.rotated else ""
            return f"under {count(one.due)} {_parents(one)} that are due{turn}"
        case _:
            return one.outcome


def _parents(one: StreamPlan) -> str:
    from schemas import STREAMS

    parent = STREAMS[one.stream].parent
    assert parent
    return parent.stream


def _summary(made: Plan) -> Iterator[str]:
    about = "" if made.least == made.requests == made.most else "About "
    span = f" ({count(made.least)} to {count(made.most)})" if about else ""
    yield (
        f"{about}{counted(made.requests, 'request')}{span}: {made.minutes:.1f} minutes at "
        f"{count(made.requests_a_minute)} a minute, done at {output.moment(made.finish_at)} UTC if "
        "begun now"
    )
    yield f"Nothing was stored; this plan itself took {counted(made.asked, 'request')}"
