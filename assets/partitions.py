"""Spans of `updated_at`: the partitions, and what a run over some of them asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dotenv import dotenv_values

from assets.names import MODE_TAG
from connector.backfill import stretches
from connector.lake import Lake, oldest_day
from connector.settings import DEFAULT_START, Grain, Settings
from connector.sync import Order
from schemas import Endpoint

START = "PRODUCTLANE_START_DATE"
GRAIN = "PRODUCTLANE_PARTITION_GRAIN"


def declared(*names: str) -> Settings:
    """The settings that count while the code location loads, and no other.

    They are read by themselves, so that another setting that is wrong is reported by the run that
    needs it, in the log of that run, and not by a code location that doesn't load.
    """
    from_file = dotenv_values(".env")
    return Settings.load(
        {name: os.environ.get(name) or from_file.get(name) or "" for name in names}
    )


def start_date() -> date:
    """The first day of the first partition: as set, or, if so set, the first that the lake has.

    That only moves back: the process of a run looks later than the server that launched it, when
    an empty lake has got its first days, and must know every partition that the server knew.
    """
    settings = declared(START, "PRODUCTLANE_DATA_DIR")
    if settings.start_date:
        return settings.start_date
    return min(oldest_day(settings.data_dir) or DEFAULT_START, DEFAULT_START)


def grain() -> Grain:
    """How long a partition is."""
    return declared(GRAIN).grain


def begin_of(day: date, grain: Grain) -> date:
    """The first day of the partition that a day is in; its ISO date is the partition's key.

    >>> [begin_of(date(2026, 2, 25), grain).isoformat() for grain in ("day", "week", "month")]
    ['2026-02-25', '2026-02-23', '2026-02-01']
    """
    if grain == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if grain == "week" else day


def spans(start: date, grain: Grain) -> dg.TimeWindowPartitionsDefinition:
    """One partition for each UTC day, week (from Monday) or month of `updated_at`.

    From the one that `start` is in to the one that is going on, as far as it is.
    """
    first = begin_of(start, grain).isoformat()
    if grain == "month":
        return dg.MonthlyPartitionsDefinition(first, end_offset=1, timezone="UTC")
    if grain == "week":
        return dg.WeeklyPartitionsDefinition(first, end_offset=1, timezone="UTC", day_offset=1)
    return dg.DailyPartitionsDefinition(first, end_offset=1, timezone="UTC")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is asked for at a time, and the partitions that it makes current."""

    order: Order
    partitions: tuple[str, ...] = ()


def stretches_of(
    context: dg.AssetExecutionContext, endpoint: Endpoint, lake: Lake
) -> list[Stretch]:
    """What a run asks of a stream: by its mode, or by the partitions that it was asked for.

    A run that was launched without either is for what is new, as a sync is.
    """
    mode = context.run.tags.get(MODE_TAG)
    command = f"dagster {mode or 'materialize'}"
    if mode == "reconcile":
        return [Stretch(Order((endpoint.stream,), full=True, command=command))]
    keys = keys_of(context)
    if mode == "sync" or endpoint.asked != "window" or not keys:
        return [Stretch(Order((endpoint.stream,), command=command))]
    asked = [key for key in keys if key not in claimed_before(context)]
    return [
        _stretch(context.assets_def.partitions_def, endpoint, part, command)
        for part in stretches(lake, endpoint.stream, asked or keys)
    ]


def keys_of(context: dg.AssetExecutionContext) -> list[str]:
    """The partitions that a run was asked for, if any."""
    names_any = context.has_partition_key or context.has_partition_key_range
    return list(context.partition_keys) if names_any else []


def claimed_before(context: dg.AssetExecutionContext) -> set[str]:
    """The partitions that the run of which this one is a retry had finished before it failed."""
    if not context.run.parent_run_id:
        return set()
    found = context.instance.get_records_for_run(
        context.run.parent_run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    events = [record.event_log_entry.dagster_event for record in found.records]
    return {
        event.partition
        for event in events
        if event and event.partition and event.asset_key == context.asset_key
    }


def _stretch(
    definition: dg.PartitionsDefinition | None,
    endpoint: Endpoint,
    keys: Sequence[str],
    command: str,
) -> Stretch:
    assert isinstance(definition, dg.TimeWindowPartitionsDefinition)
    since = definition.time_window_for_partition_key(keys[0]).start
    until = definition.time_window_for_partition_key(keys[-1]).end
    # The end of today lies ahead: no upper bound then, so that a server whose clock is ahead of
    # ours hides nothing.
    end = until if until <= datetime.now(UTC) else None
    order = Order((endpoint.stream,), since=since, until=end, command=command)
    return Stretch(order, tuple(keys))
