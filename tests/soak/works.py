"""What the connector can be told to do in a schedule. One line adds an operation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta, tzinfo
from unittest import mock

import connector.sync as engine
from connector import compaction, listing, slices
from connector.budget import Budget
from connector.lake import Lake
from connector.ledger import StreamOutcome
from connector.settings import Settings
from connector.sync import Order, sync
from connector.warehouse import opened, rebuild
from schemas import STREAMS
from tests.bench import START
from tests.soak.schedule import Work

Sleep = Callable[[float], Awaitable[None]]
Operation = Callable[[Settings, Work, Sleep], list[str]]


def do(work: Work, settings: Settings, skew: float) -> list[str]:
    """Do the work with a clock that is off; returns what went wrong, stream by stream."""
    with client_clock(skew) as sleep, cut_small() if work.sliced else nullcontext():
        return {**SYNCS, **OPERATIONS}[work.op](settings, work, sleep)


def _sync(settings: Settings, work: Work, sleep: Sleep) -> list[str]:
    return _ordered(Order(work.streams), settings, work, sleep)


def _full(settings: Settings, work: Work, sleep: Sleep) -> list[str]:
    return _ordered(Order(work.streams, full=True), settings, work, sleep)


def _window(settings: Settings, work: Work, sleep: Sleep) -> list[str]:
    """Some days again: the backfill of a range of partitions."""
    midnight = START.replace(hour=0) + timedelta(days=1)
    since, until = (midnight - timedelta(days=days) for days in (work.days[0] + 1, work.days[1]))
    return _ordered(Order(work.streams, since=since, until=until), settings, work, sleep)


def _ordered(order: Order, settings: Settings, work: Work, sleep: Sleep) -> list[str]:
    run = asyncio.run(sync(settings, order, publish=work.publish, sleep=sleep))
    failed = [one for one in run.streams if one.outcome != "done"]
    return [f"{one.stream}: {one.error}" for one in failed if not _before_its_parents(one, work)]


def _before_its_parents(one: StreamOutcome, work: Work) -> bool:
    """A child stream alone, before its parents were ever read, is refused, and rightly so."""
    parent = STREAMS[one.stream].parent
    alone = parent is not None and parent.stream not in work.streams
    return alone and "which were never read" in one.error


def _rebuild(settings: Settings, _work: Work, _sleep: Sleep) -> list[str]:
    rebuild(Lake(settings.data_dir))
    return []


def _compact(settings: Settings, _work: Work, _sleep: Sleep) -> list[str]:
    """With two files being many: no schedule is long enough for more."""
    with mock.patch.object(compaction, "MANY", 2), opened(Lake(settings.data_dir)) as warehouse:
        compaction.compact(warehouse)
    return []


SYNCS: dict[str, Operation] = {"sync": _sync, "full": _full, "window": _window}
OPERATIONS: dict[str, Operation] = {"rebuild": _rebuild, "compact": _compact}
"""What is done beside syncs."""


@contextmanager
def cut_small() -> Iterator[None]:
    """With a row being many, and the budget always idle: no schedule is long enough otherwise."""
    with (
        mock.patch.object(slices, "FIRST", 1),
        mock.patch.object(slices, "LEAST", 1),
        mock.patch.object(Budget, "idle", lambda _: True),
        mock.patch.object(listing, "EARLY", 0),
    ):
        yield


@contextmanager
def client_clock(skew: float) -> Iterator[Sleep]:
    """This machine's clock, off by `skew` and moved on by every wait: nothing really sleeps.

    All places where the connector looks at it are replaced: the budget's default, and when a run
    or a compaction was.
    """
    ahead = skew

    def now() -> float:
        return time.time() + ahead

    async def sleep(seconds: float) -> None:
        nonlocal ahead
        ahead += max(seconds, 0.0)
        await asyncio.sleep(0)

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.fromtimestamp(now(), tz)

    defaults = {**(Budget.__init__.__kwdefaults__ or {}), "now": now}
    with (
        mock.patch.object(Budget.__init__, "__kwdefaults__", defaults),
        mock.patch.object(engine, "datetime", Skewed),
        mock.patch.object(compaction, "datetime", Skewed),
    ):
        yield sleep
