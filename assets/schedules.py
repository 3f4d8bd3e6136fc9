"""The schedules `sync` and `reconcile`, which lose nothing at midnight and after an outage.

Both are off until somebody switches them on in the UI (or sets `default_status` here): a newcomer
without a key must not find a page of failed runs. Each tick asks for ONE run over a range of
partitions. The range only says which days the run makes current; what is asked of the API follows
from the run's mode and from the windows that are closed, so a range that is too narrow costs
colour in the UI and never a row.
"""

from __future__ import annotations

import time
from datetime import UTC, date, timedelta

import dagster as dg

from assets import published
from assets.freshness import freshness_selection
from assets.names import MODE_TAG, Mode, lake_key, scheduled, view_key, warehouse_key
from assets.partitions import begin_of, grain, start_date
from connector.analytics import VIEWS
from connector.settings import Settings

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""A run that is not even in the queue is none: its daemon died before it got there. Only a tick
that is not skipped submits it, since Dagster looks for the run of its tick then."""

LONGEST = timedelta(days=31)
"""How far back a tick reaches. Each partition of each asset costs Dagster 18 ms (DESIGN): the whole
time since 2022 took minutes on a first run. Days before that stay grey until a backfill, which
they don't need: a sync asks for everything since the last closed window, however long ago."""

SILENCE = timedelta(hours=1)
"""A started run that has written no line for so long has died with its machine. Dagster leaves it
"started" for ever (unless `assets.launcher` watches it), and without this no tick would run again.
The longest silence of a run that lives is the API's: 30 refusals of a minute each."""


def target() -> dg.AssetSelection:
    """What syncs keep up to date: the tables, their files, the checks in their steps, the views."""
    streams = [endpoint.stream for endpoint in scheduled()]
    keys = [*map(lake_key, streams), *map(warehouse_key, streams), *map(view_key, VIEWS)]
    return dg.AssetSelection.assets(*keys) - freshness_selection()


def sync_schedule() -> dg.ScheduleDefinition:
    """Every 15 minutes: what is new, over the days from the first unclosed one to today."""

    @dg.schedule(
        name="sync", cron_schedule="*/15 * * * *", target=target(), execution_timezone="UTC"
    )
    def sync(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Bring everything up to date; what has happened since the last closed window is asked."""
        return _request(context, "sync")

    return sync


def reconcile_schedule() -> dg.ScheduleDefinition:
    """Every night: a full walk, which finds deletions, over the same days as a sync.

    It closes the days of an outage, so no later sync would make them current.
    """

    @dg.schedule(
        name="reconcile", cron_schedule="30 2 * * *", target=target(), execution_timezone="UTC"
    )
    def reconcile(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Walk everything and find what was deleted."""
        return _request(context, "reconcile")

    return reconcile


def _first_unclosed(today: date) -> date:
    """The first day that a run makes current; if nothing is closed yet, as far back as it may."""
    streams = [endpoint.stream for endpoint in scheduled() if endpoint.asked == "window"]
    first = published.first_unclosed(Settings.load().data_dir, streams) or date.min
    return min(today, max(first, start_date(), today - LONGEST))


def _request(context: dg.ScheduleEvaluationContext, mode: Mode) -> dg.RunRequest | dg.SkipReason:
    if run_id := going_on(context.instance, mode, time.time()):
        return dg.SkipReason(f"an earlier {mode} is still going on: run {run_id}")
    today = context.scheduled_execution_time.astimezone(UTC).date()
    return dg.RunRequest(tags={MODE_TAG: mode, **_range(_first_unclosed(today), today)})


def _range(first: date, last: date) -> dict[str, str]:
    """The tags of a range of partitions; none before the first partition has begun.

    Dagster fails a run over a partition that there isn't; one without a range brings all the rows.
    """
    if begin_of(first, grain()) < begin_of(start_date(), grain()):
        return {}
    return {
        "dagster/asset_partition_range_start": begin_of(first, grain()).isoformat(),
        "dagster/asset_partition_range_end": begin_of(last, grain()).isoformat(),
    }


def going_on(instance: dg.DagsterInstance, mode: Mode, now: float) -> str | None:
    """The id of an unfinished run of this mode, unless it has been silent for too long."""
    found = dg.RunsFilter(tags={MODE_TAG: mode}, statuses=UNFINISHED)
    alive = (run.run_id for run in instance.get_runs(found) if _is_alive(instance, run, now))
    return next(alive, None)


def _is_alive(instance: dg.DagsterInstance, run: dg.DagsterRun, now: float) -> bool:
    if run.status == dg.DagsterRunStatus.QUEUED:
        return True  # nobody has begun it, so it has nothing to say
    newest = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    said_at = newest[0].timestamp if newest else 0.0
    return now - said_at < SILENCE.total_seconds()
