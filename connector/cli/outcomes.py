"""What a run did, for people: its streams, a summary, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.fitting import Column, show
from connector.cli.output import count, counted, quiet

if TYPE_CHECKING:
    from rich.console import Console

    from connector.ledger import Run, StreamOutcome

STYLES = {"done": "", "skipped": "yellow", "failed": "red", "stopped": "yellow"}
COLUMNS = (
    Column("stream"),
    Column("rows read", number=True, rank=1),
    Column("new", number=True, rank=2),
    Column("changed", number=True, rank=2),
    Column("deleted", number=True, rank=2),
    Column("set aside", number=True, rank=2),
    Column("requests", number=True, rank=3),
    Column("outcome"),
)


def show_outcomes(console: Console, outcomes: Iterable[StreamOutcome]) -> None:
    """A line per stream, and their sum."""
    outcomes = list(outcomes)
    numbers = [_numbers(one) for one in outcomes]
    rows = [
        [one.stream, *map(quiet, found), one.outcome]
        for one, found in zip(outcomes, numbers, strict=True)
    ]
    total = ["all", *(count(sum(column)) for column in zip(*numbers, strict=True)), ""]
    show(console, COLUMNS, rows, styles=[STYLES[one.outcome] for one in outcomes], total=total)


def _numbers(one: StreamOutcome) -> tuple[int, ...]:
    return one.rows, one.new, one.changed, one.deleted, one.rejected, one.requests


def summary(run: Run, data_dir: Path) -> str:
    """How long it took, what it cost, and where it is."""
    seconds = (run.ended_at - run.started_at).total_seconds()
    refused = f", {count(run.refused)} refused for the rate limit" if run.refused else ""
    waited = f", {run.waited:.0f} s waited for the rate limit" if run.waited >= 1 else ""
    return (
        f"{seconds:.1f} s, {counted(run.requests, 'request')}{refused}{waited}, "
        f"{run.bytes / 1e6:.1f} MB read. Warehouse: {data_dir / 'productlane.duckdb'}"
    )


def warnings(run: Run) -> Iterable[str]:
    """What the table can't say: why a stream was left out or failed, and rows set aside."""
    for one in run.streams:
        if one.error:
            yield f"{one.outcome}: {one.error}"
    if aside := [one.stream for one in run.streams if one.rejected]:
        yield (
            f"Rows that no table can hold were set aside ({', '.join(aside)}): "
            'productlane-elt sql "FROM meta.rejected_rows"'
        )
