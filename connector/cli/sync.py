"""`productlane-elt sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from connector.cli import faults, output
from connector.cli.options import AsJson, Full, Report, Since, Streams, Until, order_of

if TYPE_CHECKING:
    from connector.ledger import Run
    from connector.settings import Settings
    from connector.sync import Order


def sync(
    streams: Streams = None,
    since: Since = None,
    until: Until = None,
    full: Full = False,
    report: Report = False,
    as_json: AsJson = False,
) -> None:
    """Bring lake and warehouse up to date: all at first, then what is new or has changed.

    Run it as often as you like; what is known already is not stored again. What it will take,
    `plan` says beforehand, with the same options. A DATE is a day like
    2026-01-31 or a date-time like 2026-01-31T12:00Z, in UTC unless it has an offset.
    """
    with faults.answering(as_json=as_json, stopped=faults.GO_ON):
        from connector.outcomes import exit_code
        from connector.settings import Settings

        order = order_of(streams, since, until, full)
        settings = Settings.load()
        tell = _teller() if report else None
        run = carry_out(settings, order)
        code = exit_code(run.streams, by_name=bool(order.streams))
        _report(run, order, settings, code, as_json)
    raise typer.Exit(_passed_on(tell, settings, run, code) if tell else code)


def _teller() -> Callable[[Settings, Run], int]:
    from connector.cli.reporting import reporter

    return reporter("dagster")


def _passed_on(
    tell: Callable[[Settings, Run], int], settings: Settings, run: Run, code: int
) -> int:
    """Tell Dagster, last of all: how the sync ended stands already, whatever comes of this."""
    from connector.errors import ConnectorError

    with faults.answering(stopped="Stopped before all of it was reported to Dagster."):
        try:
            output.say(f"Reported to Dagster in {tell(settings, run)} events.")
        except ConnectorError as fault:
            output.say(f"Error: {fault}", "red")
            return code or fault.exit_code
    return code


def carry_out(settings: Settings, order: Order) -> Run:
    """Do what is ordered while it is watched; if it is cut short, publish what has landed."""
    from connector import sync as engine
    from connector.cli import stopping
    from connector.cli.progress import watching

    try:
        with watching(settings.base_url) as progress:
            return stopping.run(engine.sync(settings, order, progress=progress))
    except BaseException:
        _publish_what_landed(settings.data_dir)
        raise


def _publish_what_landed(data_dir: Path) -> None:
    from contextlib import suppress

    from connector.lake import Lake
    from connector.locks import soon
    from connector.warehouse import publish_if_behind

    if any((data_dir / "lake" / "_walks").glob("*.jsonl")):
        with suppress(Exception):  # what cut the run short is what is to be told
            publish_if_behind(Lake(data_dir), soon)


def _report(run: Run, order: Order, settings: Settings, code: int, as_json: bool) -> None:
    from dataclasses import asdict

    from connector.cli.outcomes import show_outcomes, summary, warnings

    if as_json:
        minutes = round((run.ended_at - run.started_at).total_seconds() / 60, 3)
        output.document(asdict(run) | {"minutes": minutes, "exit_code": code})
    else:
        console = output.out()
        show_outcomes(console, run.streams)
        console.print(summary(run, settings.data_dir), markup=False, soft_wrap=True)
    for warning in [*unheard(order), *warnings(run)]:
        output.say(warning, "yellow")


def unheard(order: Order) -> Iterator[str]:
    """Streams that no window can be asked of, though one was asked for."""
    from schemas import STREAMS

    named = [name for name in order.streams if STREAMS[name].asked != "window"]
    if order.window and named:
        yield (
            f"--since and --until say nothing to {', '.join(named)}: what has no filter on "
            "updated_at is read as without them"
        )
