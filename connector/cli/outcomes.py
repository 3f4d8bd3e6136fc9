"""What a run did, for people: a table, a summary, warnings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli import output
from connector.cli.output import count, quiet

if TYPE_CHECKING:
    from rich.table import Table

    from connector.ledger import Run, StreamOutcome

STYLES = {"done": "", "skipped": "yellow", "failed": "red"}
COUNTED = ("rows read", "new", "changed", "deleted", "set aside", "requests")


def outcomes_table(outcomes: Iterable[StreamOutcome], title: str = "") -> Table:
    """A line per stream, and their sum."""
    made = output.table(title, ["stream", *COUNTED, "outcome"], numbers=COUNTED)
    sums = [0] * len(COUNTED)
    for one in outcomes:
        numbers = (one.rows, one.new, one.changed, one.deleted, one.rejected, one.requests)
        sums = [total + number for total, number in zip(sums, numbers, strict=True)]
        made.add_row(one.stream, *map(quiet, numbers), one.outcome, style=STYLES[one.outcome])
    made.add_section()
    made.add_row("all", *map(count, sums), style="bold")
    return made


def summary(run: Run, data_dir: Path) -> str:
    """How long it took, what it cost, and where it is."""
    seconds = (run.ended_at - run.started_at).total_seconds()
    refused = f", {count(run.refused)} refused for the rate limit" if run.refused else ""
    waited = f", {run.waited:.0f} s waited for the rate limit" if run.waited >= 1 else ""
    return (
        f"{seconds:.1f} s, {count(run.requests)} requests{refused}{waited}, "
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
