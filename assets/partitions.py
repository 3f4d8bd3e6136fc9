"""Days of `updated_at`: the partitions, and what a run over some of them asks for."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import dagster as dg
from dotenv import dotenv_values

from assets.names import MODE_TAG
from connector.settings import Settings
from connector.sync import Order
from schemas import Endpoint

START = "PRODUCTLANE_START_DATE"


def start_date() -> date:
    """The first partition: the one setting that counts while the code location loads.

    It is read by itself, so that another setting that is wrong is reported by the run that needs
    it, in the log of that run, and not by a code location that doesn't load.
    """
    value = os.environ.get(START) or dotenv_values(".env").get(START) or ""
    return Settings.load({START: value}).start_date


def daily(start: date) -> dg.DailyPartitionsDefinition:
    """One partition for each UTC day of `updated_at`, from `start` to today, as far as it is."""
    return dg.DailyPartitionsDefinition(start.isoformat(), end_offset=1, timezone="UTC")


def order_of(context: dg.AssetExecutionContext, endpoint: Endpoint) -> Order:
    """What a run asks of a stream: by its mode, or by the partitions that it was asked for."""
    mode = context.run.tags.get(MODE_TAG)
    command = f"dagster {mode or 'materialize'}"
    if mode == "reconcile":
        return Order((endpoint.stream,), full=True, command=command)
    if mode == "sync" or endpoint.asked != "window":
        return Order((endpoint.stream,), command=command)
    since, until = context.partition_time_window
    # The end of today lies ahead: no upper bound then, so that a server whose clock is ahead of
    # ours hides nothing.
    end = until if until <= datetime.now(UTC) else None
    return Order((endpoint.stream,), since=since, until=end, command=command)
