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
from assets.published import latest_outcomes
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
            found = list(staleness(con, wanted))
            latest = latest_outcomes(con)
        now, limit = datetime.now(UTC), settings.stale_after
        yield from (judged(one, now, limit, latest.get(one.stream)) for one in found)

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


def judged(
    one: Staleness, now: datetime, limit: timedelta, latest: str | None
) -> dg.AssetCheckResult:
    """Fresh enough? What the key could never read makes no promise, and breaks none.

    `latest` is how the stream fared in its latest run: one that was asked for and has never come
    through is stale from its first day.
    """
    age = one.age(now)
    times = {"fresh_to": one.fresh_to, "proven_from": one.proven_from}
    metadata = {name: shown(at) for name, at in times.items() if at}
    if age is not None:
        metadata["hours_old"] = round(age / timedelta(hours=1), 2)
    waived = not one.was_read and latest in (None, "skipped")
    passed = waived or (age is not None and age <= limit)
    return dg.AssetCheckResult(
        asset_key=warehouse_key(one.stream),
        check_name=FRESH,
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=None if passed else _words(one.stream, age, limit),
        metadata={**metadata, "limit_hours": round(limit / timedelta(hours=1), 2)},
    )


def _words(stream: str, age: timedelta | None, limit: timedelta) -> str:
    """What is the matter, and what to do."""
    hour = timedelta(hours=1)
    how = f"Its rows are {age / hour:.1f} hours old" if age else "It was never read to the end"
    return (
        f"{how}; {limit / hour:g} hours are allowed. The latest runs of `sync` say what keeps it; "
        f"`productlane-elt sync {stream}` brings it up to date."
    )


def _spec(stream: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        FRESH,
        asset=warehouse_key(stream),
        description="What readers see is no older than PRODUCTLANE_STALE_HOURS. The backfill of an "
        "old day doesn't count.",
    )
