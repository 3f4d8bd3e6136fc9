"""A push: all changes of a plan, one after the other, and what became of each.

One by one, and not side by side: a row is written as soon as it was read, so little can come in
between, and a key has one write a second anyway.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field, replace

from connector import errors, runs
from connector.budget import Budget
from connector.client import Client
from connector.identity import Identity, who_am_i
from connector.lake import Lake
from connector.ledger import Run, Write
from connector.locks import WalkLock
from connector.push.audit import Audit
from connector.push.observed import Batch
from connector.push.plan import Plan
from connector.push.writing import Result, Writing
from connector.settings import Settings
from connector.turns import Turns
from connector.warehouse import Warehouse
from schemas import STREAMS, Writable

LAND_EVERY = 30.0
"""Seconds between landings, so that what was written is soon to be queried."""

COMMAND = "contacts push"


@dataclass(slots=True)
class Pushing:
    """A push under way, and after it what came of it: `results`, and `run`.

    `settled` are attempts of earlier runs that had no outcome yet. `tell` is called after each
    change. `publishing` is as in `sync`, and may refuse. Raises `KeyRefused`, `NotReadable` (a
    scope is missing), `Unreachable` and `DataDirError`; what was done before that is in `results`,
    recorded, and, unless that was refused, published.
    """

    settings: Settings
    plan: Plan
    tell: Callable[[Pushing], None] = lambda _: None
    publishing: Callable[[Warehouse], None] = lambda warehouse: warehouse.publish()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    timeout: float = 60.0
    results: list[Result] = field(default_factory=list)
    settled: list[Write] = field(default_factory=list)
    seconds_left: float = 0.0
    run: Run | None = None
    _landed: float = field(default_factory=time.monotonic)

    @property
    def counts(self) -> Counter[str]:
        """How many changes came out how."""
        return Counter(result.outcome for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 if every row is as asked, 6 if some are not."""
        return 0 if set(self.counts) <= {"written", "already"} else 6

    async def carry_out(self) -> None:
        """Do it."""
        lake = Lake(self.settings.data_dir)
        begun = runs.begin(COMMAND)
        key, address = self.settings.with_key().api_key, self.settings.base_url
        async with AsyncExitStack() as stack:
            reads = stack.enter_context(closing(Budget.of_key(key, address, sleep=self.sleep)))
            writes = stack.enter_context(closing(Budget.of_writes(key, address, sleep=self.sleep)))
            reader, writer = (
                Client(self.settings, budget, sleep=self.sleep, timeout=self.timeout)
                for budget in (reads, writes)
            )
            await stack.enter_async_context(reader)
            await stack.enter_async_context(writer)
            identity = await who_am_i(reader)
            lake.belong_to(identity.workspace_id)
            _require_scopes(identity, self.plan.writable)
            await self._with(lake, begun, identity, reader, writer)

    async def _with(
        self, lake: Lake, begun: Run, identity: Identity, reader: Client, writer: Client
    ) -> None:
        writable = self.plan.writable
        endpoint = STREAMS[writable.stream]
        batch = Batch(begun.run, endpoint)
        audit = Audit(lake, begun.run, identity.api_key_id, writable.stream)
        writing = Writing(writable, str(endpoint.detail), reader, writer, audit, batch)
        turns = Turns(lake, self.publishing)
        with lake.walking(writable.stream) as lock:
            try:
                await self._settle(writing, turns)
                await self._all(writing, turns, lock)
            except BaseException as fault:
                self.run = runs.cut_short(_ended(begun, reader, writer), fault)
                with suppress(Exception):  # what cut the run short is what is to be told
                    await self._finish(batch, turns, lock, self.run)
                raise
            self.run = _ended(begun, reader, writer)
            await self._finish(batch, turns, lock, self.run)

    async def _settle(self, writing: Writing, turns: Turns) -> None:
        """Find out what became of the attempts of runs that were killed or lost the network."""
        async with writing.audit.alone():
            for write in await turns.take(writing.audit.left_open):
                self.settled.append(await writing.settle(write))

    async def _all(self, writing: Writing, turns: Turns, lock: WalkLock) -> None:
        changes = self.plan.changes
        for number, change in enumerate(changes, start=1):
            self.results.append(await writing.carry_out(change))
            self.seconds_left = writing.writer.budget.seconds_for(len(changes) - number)
            self.tell(self)
            if writing.stopped:
                raise asyncio.CancelledError
            if time.monotonic() - self._landed > LAND_EVERY:
                await turns.take(lambda warehouse: writing.batch.land(warehouse, lock))
                self._landed = time.monotonic()

    async def _finish(self, batch: Batch, turns: Turns, lock: WalkLock, run: Run) -> None:
        def finish(warehouse: Warehouse) -> None:
            batch.land(warehouse, lock)
            warehouse.commit(run)
            self.publishing(warehouse)

        try:
            await turns.take(finish)
        finally:
            await turns.close()


def _require_scopes(identity: Identity, writable: Writable) -> None:
    """Say it before anything is sent."""
    lacking = [scope for scope in writable.scopes if scope not in identity.scopes]
    if lacking:
        raise errors.NotReadable(
            f"the key lacks the scope {', '.join(lacking)}; nothing was sent",
            todo="Grant it to the key, or make another key for writing",
            stream=writable.stream,
        )


def _ended(begun: Run, reader: Client, writer: Client) -> Run:
    """What it took, of both kinds of requests. It has brought no stream up to date."""
    run, traffic, budget = runs.ended(begun, reader, ()), writer.traffic, writer.budget
    return replace(
        run,
        requests=run.requests + traffic.requests,
        refused=run.refused + traffic.refused,
        waited=round(run.waited + budget.waited, 3),
        bytes=run.bytes + traffic.bytes,
    )
