"""One child stream in one run: a walk under each parent that is due, landed in rounds.

First the parents whose signal calls for it; then, in an ordinary sync, some of the others by
rotation. A round that is cut short lands what it has: the parents that were walked to the end.

`GET /threads/{id}?expand=messages,comments` would answer in one request what the two lists answer
in two. It is not used, since it can't be shown at run time to be complete (REFERENCE, open question
26). The inlined arrays come without a page, a total or a `has_more`; an array cut off at some
number, age or channel looks like a short conversation, and rows that it lacks would be taken for
deleted. To compare it with the lists costs more than the lists, and what holds for the threads
compared says nothing of a longer one. At best it would save half of the requests under threads
that moved, which are few.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import orjson

from connector import absence, errors, gone, staging
from connector.absence import Verdict
from connector.context import Context
from connector.forecast import Forecast
from connector.gone import Absence
from connector.landing import Walked, land
from connector.ledger import Landing
from connector.locks import Busy, WalkLock
from connector.parents import Due, find_due
from connector.rotation import Rotation
from connector.rounds import Kind, Round, ask_under
from connector.unbroken import unbroken
from connector.walk import Window
from connector.warehouse import Warehouse
from schemas import STREAMS, Endpoint

ROUND = 1000
"""Parents a round: about a minute of the budget, which is what a kill may cost."""

AHEAD = 20
"""Rounds of parents that are looked up at a time: among 1,000,000 it takes 1 s to find any."""

WORKERS = 24
"""Parents asked under at a time. At 16 requests a second, this fills the budget up to 1.5 s. If so
many in a row can't be read, it is not their own trouble."""


@dataclass(slots=True)
class Children:
    """A child stream: asks under every parent that is due, each once."""

    context: Context
    endpoint: Endpoint
    _tried: list[str] = field(default_factory=list)
    _faults: list[errors.ConnectorError] = field(default_factory=list)
    _in_a_row: int = 0

    async def run(self) -> list[Landing]:
        """Rounds until no parent is due; then a second look where much was lost at once.

        A parent under which nothing can be read fails the stream in the end, and not the others.
        """
        landings = []
        lake = self.context.lake
        with lake.walking(self.endpoint.stream) as lock:
            staging.sweep(lake.root / "_staging", self.endpoint.stream)
            while due := await self.context.with_warehouse(self._due):
                rounds = [due[at : at + ROUND] for at in range(0, len(due), ROUND)]
                landings += [await self._round(some, lock) for some in rounds]
            if self.context.rotates:
                landings += await self._rotate(lock)
            if any(one.missing for one in landings):
                due = await self.context.with_warehouse(self._held)
                landings.append(await self._round(due, lock))
        if self._faults:
            raise self._faults[0]
        return landings

    async def _rotate(self, lock: WalkLock) -> list[Landing]:
        """Rounds under parents that were not asked for the longest, as many as the share allows."""
        landings: list[Landing] = []
        left = await self.context.with_warehouse(self._allowance)
        while left > 0 and (due := await self.context.with_warehouse(partial(self._oldest, left))):
            landings.append(await self._round(due, lock, "rotation"))
            left -= landings[-1].requests
        return landings

    def _allowance(self, warehouse: Warehouse) -> int:
        now = self.context.client.heard_at or self.context.identity.at
        return self._rotation.allowance(warehouse.con, self.endpoint.stream, now)

    def _oldest(self, left: int, warehouse: Warehouse) -> list[Due]:
        began = self.context.identity.at
        return self._rotation.find_oldest(
            warehouse.con, self.endpoint, began, left, ROUND, self._tried
        )

    @property
    def _rotation(self) -> Rotation:
        return Rotation.of(self.context.settings)

    def _held(self, warehouse: Warehouse) -> list[Due]:
        """The parents of rows that are held: what is absent again is gone.

        No child can be asked for by itself, and its parent may not be due again before the next
        full walk.
        """
        stream = self.endpoint.stream
        held = warehouse.held(stream)
        self.context.states[stream] = replace(self.context.states[stream], held=held)
        return find_due(
            warehouse.con,
            self.endpoint,
            self.context.identity.at,
            self.context.settings.lag,
            everything=False,
            limit=len(held),
            skip=self._tried,
            again=sorted({orjson.loads(key)[0] for key in held}),
        )

    def _due(self, warehouse: Warehouse) -> list[Due]:
        assert self.endpoint.parent
        parent, child = self.endpoint.parent.stream, self.endpoint.stream
        if not warehouse.was_read(parent):
            # Nothing is due, but not because all is known.
            raise errors.ParentUnread(
                f"it is asked for under each of the {parent}, which were never read",
                todo=f"Run `productlane-elt sync {parent} {child}`",
            )
        self._expect(warehouse)
        return find_due(
            warehouse.con,
            self.endpoint,
            self.context.identity.at,
            self.context.settings.lag,
            everything=self.context.everything,
            limit=ROUND * AHEAD,
            skip=self._tried,
        )

    def _expect(self, warehouse: Warehouse) -> None:
        """Say how much there is to ask: what was asked, and what is due still."""
        stream, context = self.endpoint.stream, self.context
        forecast = Forecast(warehouse.con, context.settings, context.identity.at)
        due = forecast.due(self.endpoint, everything=context.everything)
        context.expect(stream, context.client.traffic.by_stream[stream] + due.pages)

    async def _round(self, due: list[Due], lock: WalkLock, kind: Kind = "children") -> Landing:
        work = Round(self.context.lake.next_walk(), kind, list(reversed(due)))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(WORKERS, len(due))):
                    group.create_task(self._worker(work, len(due)))
        except BaseException:
            if work.answered:
                with suppress(Busy):  # another process lands: what was read is asked for again
                    await unbroken(asyncio.create_task(self._land(work, lock)))
            raise
        self._tried += work.tried(self.context.identity.at)
        return await self._land(work, lock)

    async def _worker(self, work: Round, total: int) -> None:
        while work.waiting:
            due = work.waiting.pop()
            try:
                answered = await ask_under(self.context, self.endpoint, due, work.walk)
            except (errors.NotFound, errors.NotOffered) as refusal:
                # The parent is gone since it was listed; the next full walk will say so.
                if isinstance(refusal, errors.NotOffered) and not await self._is_gone(due):
                    raise
                work.gone.append(due.parent_id)
                continue
            except (errors.Unreachable, errors.BadQuestion, errors.CursorRefused) as fault:
                work.failed.append(due.parent_id)
                self._faults.append(fault)
                self._in_a_row += 1
                if self._in_a_row >= WORKERS:
                    raise
                continue
            self._in_a_row = 0
            work.answered.append(answered)
            self.context.rows[self.endpoint.stream] += answered.rows
            left = len(work.waiting)
            self.context.tell(self.endpoint.stream, f"{total - left} of {total} parents")

    async def _is_gone(self, due: Due) -> bool:
        """403 means a deleted parent (REFERENCE 1.8), or a list that isn't offered: ask for it."""
        assert self.endpoint.parent
        above = STREAMS[self.endpoint.parent.stream]
        return await absence.is_gone(self.context.client, above, (due.parent_id,))

    # -- landing ---------------------------------------------------------------------------

    async def _land(self, work: Round, lock: WalkLock) -> Landing:
        root, began = self.context.lake.root / "_staging", self.context.identity.at
        staged = work.staged(root, self.endpoint, began)
        walked = Walked(
            run=self.context.run,
            endpoint=self.endpoint,
            staged=staged,
            kind=work.kind,
            window=Window(),
            requests=work.requests,
            checked=work.checked(self.endpoint),
            in_vain=work.gone if work.kind == "rotation" else [],
        )

        def commit(warehouse: Warehouse) -> Landing:
            absent = gone.absent(warehouse.con, self.endpoint, staged, walked.checked)
            return land(warehouse, walked, self._judge(absent), lock)

        try:
            return await self.context.with_warehouse(commit)
        finally:
            staged.drop()

    def _judge(self, absent: Absence) -> Verdict:
        """A sudden loss is held until it is seen twice."""
        held = self.context.states[self.endpoint.stream].held
        return absence.by_certificate(absent, held, self.context.settings.loss_brake)
