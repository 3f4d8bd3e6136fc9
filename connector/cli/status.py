"""`productlane-elt status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connector.cli import faults, output
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.status import Status, StreamStatus


def status(as_json: AsJson = False) -> None:
    """Say how the data stand, per stream: rows, how fresh, what is covered, what went wrong.

    It reads the published warehouse and asks the API for nothing.
    """
    with faults.answering(as_json=as_json):
        from dataclasses import asdict

        from connector import status as source
        from connector.settings import Settings

        found = source.status(Settings.load().data_dir)
        if as_json:
            output.document(asdict(found))
        elif found.published_at is None:
            output.out().print(f"There are no data in {found.data_dir} yet.", soft_wrap=True)
            output.out().print("Next: `productlane-elt sync`, or `productlane-elt demo`.")
        else:
            _show(found)


def _show(found: Status) -> None:
    numbers = ["rows", "set aside", "held"]
    made = output.table(
        "",
        ["stream", "rows", "newest updated_at", "last success", "closed up to", *numbers[1:], ""],
        numbers=numbers,
    )
    for one in found.streams:
        if one.was_read:
            made.add_row(*_line(one), style="" if not one.last_error else "yellow")
    output.out().print(made)
    for note in _notes(found):
        output.out().print(note, markup=False, soft_wrap=True)


def _line(one: StreamStatus) -> list[str]:
    flag = "; ".join(
        filter(
            None,
            [
                one.last_outcome if one.last_error else "",
                f"{len(one.gaps)} gaps" if one.gaps else "",
                f"{len(one.unknown_fields)} unknown fields" if one.unknown_fields else "",
            ],
        )
    )
    return [
        one.stream,
        output.count(one.rows),
        output.moment(one.newest_updated_at),
        output.moment(one.last_success_at),
        output.moment(one.closed_to),
        output.count(one.set_aside) if one.set_aside else "·",
        output.count(one.held) if one.held else "·",
        flag,
    ]


def _notes(found: Status) -> Iterator[str]:
    """What doesn't fit the table."""
    for one in found.streams:
        for start, end in one.gaps:
            since = f"--since {output.iso(start)} " if start else ""
            yield (
                f"gap: {one.stream} is not covered from {output.moment(start) or 'the beginning'} "
                f"to {output.moment(end)}: sync {one.stream} {since}--until {output.iso(end)}"
            )
        if one.unknown_fields:
            yield f"fields that the schema doesn't know, kept in {one.stream}._extra: " + ", ".join(
                one.unknown_fields
            )
        if one.last_error:
            yield f"{one.last_outcome}: {one.last_error}"
    if never := [one.stream for one in found.streams if not one.was_read]:
        yield f"Not synced so far: {', '.join(never)}"
    if run := found.last_run:
        yield (
            f"Last run: {run.command}, ended {output.moment(run.ended_at)} UTC, "
            f"{output.count(run.requests)} requests"
        )
    published = output.moment(found.published_at)
    yield f"Warehouse: {found.data_dir}/productlane.duckdb, as of {published} UTC"
