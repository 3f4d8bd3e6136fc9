"""`productlane-elt status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connector.cli import faults, output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.status import LastRun, Status, StreamStatus


def status(as_json: AsJson = False) -> None:
    """Say how the data stand, per stream: rows, how fresh, what is covered, what went wrong.

    It reads the published warehouse and asks the API for nothing.
    """
    with faults.answering(as_json=as_json):
        from dataclasses import asdict

        from connector import status as source
        from connector.settings import Settings

        found = source.status(Settings.load())
        if as_json:
            output.document(asdict(found))
        elif found.published_at is None:
            note = f"Nothing to show: {found.note}"
            output.out().print(note, markup=False, soft_wrap=True)
        else:
            _show(_by_area(found))


COLUMNS = (
    Column("stream"),
    Column("rows", number=True),
    Column("newest updated_at", rank=3),
    Column("last success", rank=1),
    Column("closed up to", rank=4),
    Column("proven from", rank=2),
    Column("set aside", number=True, rank=5),
    Column("held", number=True, rank=5),
    Column(""),
)


def _by_area(found: Status) -> Status:
    """The streams as the catalogue has them, which other commands keep to as well."""
    from dataclasses import replace

    from schemas import STREAMS

    places = {stream: place for place, stream in enumerate(STREAMS)}
    streams = sorted(found.streams, key=lambda one: places.get(one.stream, len(places)))
    return replace(found, streams=tuple(streams))


def _show(found: Status) -> None:
    console = output.out()
    streams = [one for one in found.streams if one.was_read]
    styles = ["yellow" if _is_unwell(one) else "" for one in streams]
    show(console, COLUMNS, [_line(one) for one in streams], styles=styles)
    for one in found.streams:
        for note in _notes(one):
            console.print(note, style="yellow", markup=False, soft_wrap=True)
    for line in _summary(found):
        console.print(line, markup=False, soft_wrap=True)


def _is_unwell(one: StreamStatus) -> bool:
    return bool(one.last_outcome) and one.last_outcome != "done"


def _line(one: StreamStatus) -> list[str]:
    flags = [
        one.last_outcome if _is_unwell(one) else "",
        "gaps" if one.gaps else "",
        "unknown fields" if one.unknown_fields else "",
    ]
    return [
        one.stream,
        output.count(one.rows),
        output.minute(one.newest_updated_at),
        output.minute(one.last_success_at),
        output.minute(one.closed_to),
        output.minute(one.proven_from),
        output.quiet(one.set_aside),
        output.quiet(one.held),
        ", ".join(filter(None, flags)),
    ]


def _notes(one: StreamStatus) -> Iterator[str]:
    """What doesn't fit the table, and what to do about it."""
    if one.last_error:
        yield f"{one.last_outcome}: {one.last_error}"
    for start, end in one.gaps:
        since = f"--since {output.iso(start)} " if start else ""
        yield (
            f"{one.stream}: gap from {output.moment(start) or 'the beginning'} to "
            f"{output.moment(end)}. `productlane-elt sync {one.stream} {since}--until "
            f"{output.iso(end)}` closes it"
        )
    if one.held:
        yield (
            f"{one.stream}: rows that were missing once and are held to be there: "
            f"{output.count(one.held)}. The next `sync --full` decides"
        )
    if one.drifted:
        yield (
            f"{one.stream}: changes without a new updated_at: {output.count(one.drifted)}, in "
            f"{', '.join(one.drifted_fields)}; noticed last {output.moment(one.drift_noticed_at)}. "
            "Only full walks are sure to find such changes"
        )
    if one.late:
        yield (
            f"{one.stream}: rows under a stamp that was closed already (visible late, restored or "
            f"backdated): {output.count(one.late)}. Only full walks are sure to find such rows"
        )
    if one.unasked and one.was_read and one.last_outcome != "skipped":
        yield (
            f"{one.stream}: rows under which nothing was asked so far: "
            f"{output.count(one.unasked)}. `productlane-elt sync {one.stream}` goes on with them"
        )
    if one.set_aside:
        yield (
            f"{one.stream}: records that no table can hold: {output.count(one.set_aside)}, in "
            "meta.rejected_rows"
        )
    if one.unknown_fields:
        names = ", ".join(one.unknown_fields)
        yield f"{one.stream}: fields that the schema doesn't know are in _extra: {names}"


def _summary(found: Status) -> Iterator[str]:
    never = [one.stream for one in found.streams if not one.was_read]
    if missing := [stream for stream in never if not _is_by_name(stream)]:
        yield f"Never read so far: {', '.join(missing)}"
    if unnamed := [stream for stream in never if _is_by_name(stream)]:
        yield f"Read only by a sync that names them: {', '.join(unnamed)}"
    if found.under_way:
        yield "A sync is under way"
    if run := found.last_run:
        yield _last_run(run)
    yield from _rotation(found)
    yield (
        "Proven: every row that is not set aside is as the source had it at some moment since "
        "then. Closed: up to then, no change that moved updated_at is missing"
    )
    published = output.moment(found.published_at)
    yield f"Warehouse: {found.data_dir}/productlane.duckdb, published {published}"
    yield (
        "Times are in UTC: of runs and the warehouse by this machine's clock, all others by the "
        "server's"
    )


def _rotation(found: Status) -> Iterator[str]:
    """How long nobody has looked under what did not move."""
    for one in found.streams:
        if one.oldest_check is None:
            continue
        where = "everywhere else" if one.unasked else "everywhere"
        since = f"{one.stream}: asked for {where} since {output.moment(one.oldest_check)}"
        if one.recheck_days is None:
            yield f"{since}; not by rotation, since PRODUCTLANE_AUDIT_SHARE is 0"
            continue
        named = ", if every sync names it" if _is_by_name(one.stream) else ""
        yield f"{since}, and again within {one.recheck_days:.1f} days by rotation{named}"


def _is_by_name(stream: str) -> bool:
    from schemas import STREAMS

    return stream in STREAMS and STREAMS[stream].by_name


def _last_run(run: LastRun) -> str:
    took = f"{output.counted(run.requests, 'request')} and {run.minutes:.1f} minutes"
    at = f"{output.moment(run.ended_at)}, after {took}"
    match run.ended:
        case "stopped":
            return f"Last run: {run.command}, stopped {at}; the same command goes on where it was"
        case "failed":
            return f"Last run: {run.command}, failed {at}: {run.error}"
        case _:
            return f"Last run: {run.command}, ended {at}"
