"""Assets `lake/<stream>`: a run of one asks the API and appends to the Parquet files.

Annotations are not postponed here: Dagster reads those of an asset's function as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import dagster as dg

from assets.backfill import bring, counted
from assets.checks import scope_check, scope_result
from assets.columns import lake_columns
from assets.failure import explained, facts_of, failure_of
from assets.names import group, lake_key, op_tags, tags
from assets.partitions import Stretch, stretches_of
from assets.resource import Productlane
from connector.lake import Lake
from connector.ledger import Run, StreamOutcome
from connector.sync import Order
from schemas import STREAMS, Endpoint


def lake_asset(endpoint: Endpoint, partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """The asset of a stream's Parquet files.

    Its output is not required: a stream that the key may not read is not materialised, without
    being a failure.
    """
    windowed = endpoint.asked == "window"

    @dg.asset(
        key=lake_key(endpoint.stream),
        deps=[lake_key(endpoint.parent.stream)] if endpoint.parent else [],
        description=f"{endpoint.meaning}. Every version ever seen, in Parquet files.",
        group_name=group(endpoint.area, "lake"),
        tags=tags(endpoint.area, "lake"),
        kinds={"parquet"},
        metadata=_definition(endpoint),
        op_tags=op_tags(endpoint, "lake"),
        check_specs=[scope_check(endpoint)],
        output_required=False,
        partitions_def=partitions if windowed else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def lake(
        context: dg.AssetExecutionContext, productlane: Productlane
    ) -> Iterator[dg.AssetMaterialization | dg.AssetCheckResult | dg.MaterializeResult[None]]:
        with explained():
            stretches = stretches_of(context, endpoint, Lake(productlane.settings.data_dir))
            run = yield from bring(context, productlane, stretches)
        yield from _told(context, productlane, stretches, run)

    return lake


def _definition(endpoint: Endpoint) -> dict[str, Any]:
    """What is known before the first run."""
    return {
        "api_path": f"GET {endpoint.path}",
        "scopes": ", ".join(endpoint.scopes),
        "key": ", ".join(endpoint.key),
        "dagster/column_schema": lake_columns(endpoint),
    }


def _told(
    context: dg.AssetExecutionContext,
    productlane: Productlane,
    stretches: Sequence[Stretch],
    run: Run,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """The end of the step: a materialisation, a failure, or an observation of why neither."""
    (outcome,) = run.streams
    if outcome.outcome == "failed":
        raise failure_of(outcome)
    yield scope_result(outcome)
    if outcome.outcome == "skipped":
        context.log.warning(f"skipped: {outcome.error}")
        facts = {"outcome": "skipped", "reason": outcome.error, **facts_of(outcome)}
        context.log_event(dg.AssetObservation(context.asset_key, metadata=facts))
        return
    if context.assets_def.partitions_def:
        with explained():
            counts, newest = counted(context, productlane)
        if newest:
            context.add_asset_metadata({"newest_updated_at": dg.MetadataValue.timestamp(newest)})
        for key, rows in counts.items():
            context.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=key)
    yield dg.MaterializeResult(metadata=_facts(productlane, stretches, outcome, run))


def _facts(
    productlane: Productlane, stretches: Sequence[Stretch], outcome: StreamOutcome, run: Run
) -> dict[str, Any]:
    folder = productlane.settings.data_dir / "lake" / outcome.stream
    whole = replace(stretches[0].order, until=stretches[-1].order.until)
    return {
        **numbers(outcome, run),
        "window": window_asked(whole),
        "path": dg.MetadataValue.path(folder),
    }


def window_asked(order: Order) -> str:
    """What was asked for, in words: a window of `updated_at`, what is new or moved, or all.

    >>> from datetime import UTC, datetime
    >>> window_asked(Order(("threads",), since=datetime(2026, 1, 31, tzinfo=UTC)))
    'from 2026-01-31 00:00 UTC'
    """
    if order.window:
        bounds = {"from": order.since, "to": order.until}
        return " ".join(f"{word} {at:%Y-%m-%d %H:%M} UTC" for word, at in bounds.items() if at)
    endpoint = STREAMS[order.streams[0]]
    whole = endpoint.asked == "whole" and not endpoint.parent
    return "everything" if order.full or whole else "what is new since the last run"


def numbers(outcome: StreamOutcome, run: Run) -> dict[str, Any]:
    """What a run took and brought, as numbers, so that they plot."""
    return {
        "outcome": outcome.outcome,
        "rows": outcome.rows,
        "new": outcome.new,
        "changed": outcome.changed,
        "deleted": outcome.deleted,
        "rejected": outcome.rejected,
        "late": outcome.late,
        "drifted": outcome.drifted,
        "requests": outcome.requests,
        "refused": run.refused,
        "seconds_waited": run.waited,
        "bytes": run.bytes,
    }
