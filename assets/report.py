"""`productlane-elt sync --report`: a run of the command line, as Dagster's pages show it.

The command line finds `reporter` by the name that the distribution gives it (an entry point), so
that nothing of the connector knows Dagster.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from assets.checks import evaluation, result_of, scope_result
from assets.failure import facts_of
from assets.freshness import judged
from assets.lake import numbers
from assets.names import lake_key, scheduled, warehouse_key
from assets.partitions import grain, spans, start_date
from assets.schedules import LONGEST
from assets.warehouse import measured
from connector.backfill import rows_by_partition
from connector.checks import look
from connector.errors import ConfigurationError
from connector.ledger import Run, StreamOutcome
from connector.published import reading
from connector.settings import Settings
from connector.staleness import staleness
from schemas import STREAMS

Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def reporter() -> Callable[[Settings, Run], int]:
    """What tells Dagster of a run, and says in how many events; before the run, so that it is sure.

    Raises `ConfigurationError` without a `DAGSTER_HOME`.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or "-")
    if not home.is_absolute() or not home.is_dir():
        raise ConfigurationError(
            "DAGSTER_HOME is not the absolute path of a folder",
            todo="Export the one with which Dagster runs",
        )
    return report


def report(settings: Settings, run: Run) -> int:
    """Tell the instance what a run has brought. What was synced stays so, if that fails."""
    try:
        with dg.DagsterInstance.get() as instance:
            found = list(events(instance, settings, run))
            for event in found:
                instance.report_runless_asset_event(event)
    except ConfigurationError:
        raise
    except Exception as fault:  # Dagster's storage may fail in any way, and quote what it holds
        raise ConfigurationError(
            f"the sync is done, but Dagster could not be told ({type(fault).__name__})",
            todo="See whether Dagster itself works with this DAGSTER_HOME",
        ) from fault
    return len(found)


def events(instance: dg.DagsterInstance, settings: Settings, run: Run) -> Iterator[Event]:
    """Of each stream: how it fared, the partitions that are closed, its table, and its checks.

    A check counts for the table that was told of before it.
    """
    with reading(settings.data_dir) as con:
        for outcome in run.streams:
            yield from _of_lake(con, instance, run, outcome)
    for outcome in run.streams:
        if outcome.outcome == "done":
            table = measured(settings, STREAMS[outcome.stream])
            yield dg.AssetMaterialization(warehouse_key(outcome.stream), metadata=table)
    yield from map(evaluation, checked(settings, run))


def checked(settings: Settings, run: Run) -> Iterator[dg.AssetCheckResult]:
    """What the same checks say as in a run of Dagster's, of the copy that readers have.

    The command line publishes without them, so an error is told here, and too late.
    """
    done, now = {one.stream for one in run.streams if one.outcome == "done"}, datetime.now(UTC)
    with reading(settings.data_dir) as con:
        ages = {a.stream: a for a in staleness(con, (e for e in scheduled() if e.stream in done))}
        for outcome in run.streams:
            if outcome.outcome in ("done", "skipped"):
                yield scope_result(outcome)
            if outcome.stream not in done:
                continue
            endpoint = STREAMS[outcome.stream]
            yield from (result_of(endpoint, finding) for finding in look(con, endpoint))
            if age := ages.get(endpoint.stream):
                yield judged(age, now, settings.stale_after, outcome.outcome)


def _of_lake(
    con: duckdb.DuckDBPyConnection, instance: dg.DagsterInstance, run: Run, outcome: StreamOutcome
) -> Iterator[Event]:
    key, facts = lake_key(outcome.stream), _facts(run, outcome)
    if outcome.outcome != "done":
        yield dg.AssetObservation(key, metadata=facts)
    elif STREAMS[outcome.stream].asked != "window":
        yield dg.AssetMaterialization(key, metadata=facts)
    else:
        yield dg.AssetObservation(key, metadata=facts)
        known = instance.get_materialized_partitions(key)
        for day, rows in closed(con, run, outcome.stream, known).items():
            counted = facts | {"dagster/partition_row_count": rows}
            yield dg.AssetMaterialization(key, partition=day, metadata=counted)


def _facts(run: Run, outcome: StreamOutcome) -> dict[str, Any]:
    reason = {"reason": outcome.error, **facts_of(outcome)} if outcome.error else {}
    return {**numbers(outcome, run), **reason, "run": run.run, "command": run.command}


def closed(
    con: duckdb.DuckDBPyConnection, run: Run, stream: str, known: set[str]
) -> dict[str, int]:
    """The closed partitions that this run has read again or that Dagster doesn't know; their rows.

    No older ones than a schedule would claim, but for those that were asked for.
    """
    windows = con.execute(
        "SELECT coalesce(closed_from, make_timestamptz(0)), closed_to FROM meta.windows "
        "WHERE stream = ?",
        [stream],
    ).fetchall()
    asked = con.execute(
        "SELECT asked_after, asked_before FROM meta.walks "
        "WHERE run = ? AND stream = ? AND asked_after IS NOT NULL",
        [run.run, stream],
    ).fetchall()
    definition, found = spans(start_date(), grain()), {}
    reach = max((end for _, end in windows), default=datetime.now(UTC)) - LONGEST
    rows, _ = rows_by_partition(con, stream, grain(), date.min)
    for key in definition.get_partition_keys():
        span = definition.time_window_for_partition_key(key)
        read = any(span.end > a and (b is None or span.start < b) for a, b in asked)
        new = key not in known and span.end > reach
        if (read or new) and any(a <= span.start and span.end <= b for a, b in windows):
            found[key] = rows.get(date.fromisoformat(key), 0)
    return found
