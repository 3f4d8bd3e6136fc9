"""Whether readers see what is new: a check of its own for each table, on a schedule of its own.

Dagster's freshness policies know assets and no partitions, so the backfill of an old day turns them
green. These checks ask for the newest closed moment instead. They run apart from the syncs, since
it is when no sync gets through that they are needed.

Annotations are not postponed here: Dagster reads those of a check's function as they are.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.checks import shown
from assets.failure import explained
from assets.names import scheduled, warehouse_key
from assets.resource import Productlane
from connector.published import reading
from connector.staleness import Staleness, staleness

FRESH = "is_fresh"


def freshness_checks() -> dg.AssetChecksDefinition:
    """One step for all tables that schedules keep up to date, or for those that are chosen."""

    @dg.multi_asset_check(
        name="freshness", specs=[_spec(e.stream) for e in scheduled()], can_subset=True
    )
    def freshness(
        context: dg.AssetCheckExecutionContext, productlane: Productlane
    ) -> Iterator[dg.AssetCheckResult]:
        settings = productlane.settings
        chosen = {key.asset_key for key in context.selected_asset_check_keys}
        wanted = [e for e in scheduled() if warehouse_key(e.stream) in chosen]
        with explained(), reading(settings.data_dir) as con:
            found = [staleness(con, endpoint) for endpoint in wanted]
        now = datetime.now(UTC)
        yield from (judged(one, now, settings.stale_after) for one in found)

    return freshness


def freshness_selection() -> dg.AssetSelection:
    """Only these checks; no asset."""
    return dg.AssetSelection.checks(
        *(dg.AssetCheckKey(warehouse_key(e.stream), FRESH) for e in scheduled())
    )


def freshness_schedule() -> dg.ScheduleDefinition:
    """Every hour, whatever became of the syncs. It asks nothing of the API."""
    return dg.ScheduleDefinition(
        name="freshness",
        cron_schedule="10 * * * *",
        target=freshness_selection(),
        execution_timezone="UTC",
    )


def judged(one: Staleness, now: datetime, limit: timedelta) -> dg.AssetCheckResult:
    """Fresh enough? What the key could never read makes no promise, and breaks none."""
    age = one.age(now)
    times = {"fresh_to": one.fresh_to, "proven_from": one.proven_from}
    metadata = {name: shown(at) for name, at in times.items() if at}
    if age is not None:
        metadata["hours_old"] = round(age / timedelta(hours=1), 2)
    return dg.AssetCheckResult(
        asset_key=warehouse_key(one.stream),
        check_name=FRESH,
        passed=not one.was_read or (age is not None and age <= limit),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={**metadata, "limit_hours": round(limit / timedelta(hours=1), 2)},
    )


def _spec(stream: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        FRESH,
        asset=warehouse_key(stream),
        description="What readers see is no older than PRODUCTLANE_STALE_HOURS. The backfill of an "
        "old day doesn't count.",
    )
