"""Assets `lake/<stream>`: a run of one asks the API and appends to the Parquet files.

Annotations are not postponed here: Dagster reads those of an asset's function as they are.
"""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from assets.columns import lake_columns
from assets.failure import explained, failure_of
from assets.log import RunLog
from assets.names import lake_key, op_tags
from assets.partitions import daily, order_of
from assets.resource import Productlane
from connector.ledger import Run, StreamOutcome
from connector.sync import Order, sync
from schemas import STREAMS, Endpoint


def lake_asset(endpoint: Endpoint, start: date) -> dg.AssetsDefinition:
    """The asset of a stream's Parquet files.

    Its output is not required: a stream that the key may not read is not materialised, without
    being a failure.
    """
    windowed = endpoint.asked == "window"

    @dg.asset(
        key=lake_key(endpoint.stream),
        deps=[lake_key(endpoint.parent.stream)] if endpoint.parent else [],
        description=f"{endpoint.meaning}. Every version ever seen, in Parquet files.",
        group_name=endpoint.area,
        kinds={"parquet"},
        metadata=_definition(endpoint),
        op_tags=op_tags(endpoint, "lake"),
        output_required=False,
        partitions_def=daily(start) if windowed else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def lake(
        context: dg.AssetExecutionContext, productlane: Productlane
    ) -> Iterator[dg.MaterializeResult[None]]:
        with explained():
            order = order_of(context, endpoint)
            run = asyncio.run(_bring(productlane, order, RunLog(context)))
        yield from _told(context, productlane, order, run)

    return lake


async def _bring(productlane: Productlane, order: Order, log: RunLog) -> Run:
    settings = productlane.settings.with_key()
    identity = await productlane.identity()
    return await sync(settings, order, progress=log, identity=identity, publish=False)


def _definition(endpoint: Endpoint) -> dict[str, Any]:
    """What is known before the first run."""
    return {
        "api_path": f"GET {endpoint.path}",
        "scopes": ", ".join(endpoint.scopes),
        "key": ", ".join(endpoint.key),
        "dagster/column_schema": lake_columns(endpoint),
    }


def _told(
    context: dg.AssetExecutionContext, productlane: Productlane, order: Order, run: Run
) -> Iterator[dg.MaterializeResult[None]]:
    """The end of the step: a materialisation, a failure, or an observation of why neither."""
    (outcome,) = run.streams
    if outcome.outcome == "failed":
        raise failure_of(outcome)
    if outcome.outcome == "skipped":
        context.log.warning(f"skipped: {outcome.error}")
        facts = {"outcome": "skipped", "reason": outcome.error}
        context.log_event(dg.AssetObservation(context.asset_key, metadata=facts))
        return
    folder = productlane.settings.data_dir / "lake" / outcome.stream
    metadata = {**_numbers(outcome, run), "window": window_asked(order)}
    yield dg.MaterializeResult(metadata={**metadata, "path": dg.MetadataValue.path(folder)})


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


def _numbers(outcome: StreamOutcome, run: Run) -> dict[str, Any]:
    return {
        "outcome": outcome.outcome,
        "rows": outcome.rows,
        "new": outcome.new,
        "changed": outcome.changed,
        "deleted": outcome.deleted,
        "rejected": outcome.rejected,
        "requests": outcome.requests,
        "refused": run.refused,
        "seconds_waited": run.waited,
        "bytes": run.bytes,
    }
