"""A run of a lake asset: one stretch after the other, and what it says and claims on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime

import dagster as dg

from assets.log import RunLog
from assets.partitions import Stretch, grain, keys_of
from assets.resource import Productlane
from connector.backfill import rows_by_partition, together
from connector.guard import publish_if_sound
from connector.lake import Lake
from connector.ledger import Run
from connector.sync import Order, sync
from connector.warehouse import opened


def bring(
    context: dg.AssetExecutionContext, productlane: Productlane, stretches: Sequence[Stretch]
) -> Generator[dg.AssetMaterialization, None, Run]:
    """Carry out all stretches, or those before one fails: their partitions are claimed then.

    They are not claimed before, since the step's own result claims them all. Claims are yielded:
    Dagster drops what a step has only logged (`log_event`) when the step fails right after.
    """
    log, began = RunLog(context), time.monotonic()
    runs: list[Run] = []
    for stretch in stretches:
        try:
            runs.append(asyncio.run(_ask(productlane, stretch.order, log)))
        except BaseException:
            yield from _claims(context, stretches[len(runs) :], {})
            raise
        (outcome,) = runs[-1].streams
        if outcome.outcome != "done":
            counts = counted(context, productlane)[0] if len(runs) > 1 else {}
            yield from _claims(context, stretches[len(runs) - 1 :], counts)
            break
        if len(stretches) > 1:
            context.log.info(_progress(stretches, runs, time.monotonic() - began))
    return together(runs)


async def _ask(productlane: Productlane, order: Order, log: RunLog) -> Run:
    settings = productlane.settings.with_key()
    identity = await productlane.identity()
    return await sync(
        settings,
        order,
        progress=log,
        identity=identity,
        publish=False,
        publishing=publish_if_sound,
    )


def counted(
    context: dg.AssetExecutionContext, productlane: Productlane
) -> tuple[dict[str, int], datetime | None]:
    """How many rows each partition of the run has now, by its key; and the newest `updated_at`."""
    keys = keys_of(context)
    first = date.fromisoformat(min(keys)) if keys else date.max
    with opened(Lake(productlane.settings.data_dir)) as warehouse:
        found, newest = rows_by_partition(warehouse.con, context.asset_key.path[-1], grain(), first)
    return {key: found.get(date.fromisoformat(key), 0) for key in keys}, newest


def _claims(
    context: dg.AssetExecutionContext, unfinished: Sequence[Stretch], counts: dict[str, int]
) -> Iterator[dg.AssetMaterialization]:
    """What is finished, by this run or the one of which it is a retry."""
    if not unfinished or not unfinished[0].partitions:
        return
    open_keys = {key for stretch in unfinished for key in stretch.partitions}
    for key in keys_of(context):
        if key not in open_keys:
            rows = {"dagster/partition_row_count": counts[key]} if key in counts else {}
            yield dg.AssetMaterialization(context.asset_key, partition=key, metadata=rows)


def _progress(stretches: Sequence[Stretch], runs: Sequence[Run], seconds: float) -> str:
    """Where a backfill stands, and how long the rest will take if it is like what is done."""
    all_of_it, done = together(runs), len(runs)
    keys = stretches[done - 1].partitions
    left = seconds / done * (len(stretches) - done)
    return (
        f"part {done} of {len(stretches)}, {keys[0]} to {keys[-1]}: "
        f"{all_of_it.streams[0].rows} rows so far, {all_of_it.requests} requests, "
        f"{60 * all_of_it.requests / max(seconds, 0.001):.0f} a minute; "
        f"{_lasting(left)} left"
    )


def _lasting(seconds: float) -> str:
    """A time in words.

    >>> _lasting(12), _lasting(150)
    ('12 s', 'about 2 min')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"
