"""A plan: what a sync would ask, why, and what that takes, before anything is done.

It rests on the published warehouse. The API is asked whose key it is, as by every sync, and for
some pages of lists that were never read. Nothing is written. What can't be known beforehand: how
much has changed since the last walk (the past lets guess), rows that are gone (a full walk asks for
each of them by itself), and requests that have to be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.budget import Budget
from connector.client import Client
from connector.identity import Identity, who_am_i
from connector.lake import Lake
from connector.planner import Planner, StreamPlan
from connector.published import PUBLISHED, reading
from connector.settings import Settings
from connector.sync import Order
from connector.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would take. `asked`: the requests that this plan itself has cost.

    `minutes` at `requests_a_minute`, if nothing else uses the key; `finish_at` by this machine's
    clock, if the sync begins at `planned_at`.
    """

    planned_at: datetime
    asked: int
    requests_a_minute: int
    streams: tuple[StreamPlan, ...]
    requests: int
    least: int
    most: int
    minutes: float
    finish_at: datetime


async def plan(
    settings: Settings, order: Order, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Plan:
    """Say what a sync with this order would ask now.

    Raises `KeyRefused`, `DataDirError`, `ConfigurationError`, `Unreachable`, as the sync would.
    """
    key, patient = settings.with_key().api_key, not order.is_ordinary
    budget = Budget.of_key(key, settings.base_url, patient=patient, sleep=sleep)
    try:
        async with Client(settings, budget, sleep=sleep) as client:
            identity = await who_am_i(client)
            with _known(settings, identity) as warehouse:
                streams = await Planner(settings, order, client, identity, warehouse).all()
            return _summed(streams, client.traffic.requests, budget)
    finally:
        budget.close()


@contextmanager
def _known(settings: Settings, identity: Identity) -> Iterator[Warehouse | None]:
    """The published warehouse; None if nothing was synced, or not published, so far."""
    data_dir = settings.data_dir
    if not (data_dir / "lake").is_dir():  # without it, the next sync reads everything
        yield None
        return
    lake = Lake(data_dir)
    if lake.is_taken:
        lake.belong_to(identity.workspace_id)
    if not (data_dir / PUBLISHED).exists():
        yield None
        return
    with reading(data_dir) as con:
        yield Warehouse(con, lake)


def _summed(streams: list[StreamPlan], asked: int, budget: Budget) -> Plan:
    sums = [1 + sum(getattr(s, name) for s in streams) for name in ("requests", "least", "most")]
    minutes = budget.seconds_for(sums[0]) / 60
    now = datetime.now(UTC)
    return Plan(
        planned_at=now,
        asked=asked,
        requests_a_minute=budget.per_minute,
        streams=tuple(streams),
        requests=sums[0],
        least=sums[1],
        most=sums[2],
        minutes=round(minutes, 2),
        finish_at=now + timedelta(minutes=minutes),
    )
