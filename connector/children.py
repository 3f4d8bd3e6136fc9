"""One child stream in one run: a walk under each parent that is due, landed in rounds.

What was asked under which parent, and what the parent looked like then, goes to the lake beside
the rows. A round that is cut short lands what it has: the parents that were walked to the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson
import pyarrow as pa

from connector import absence, errors, gone, staging
from connector.absence import Verdict
from connector.context import Context
from connector.decode import Decoded, Rejected, Source, decode
from connector.gone import Absence
from connector.landing import Walked, land
from connector.ledger import Landing
from connector.locks import Busy, WalkLock
from connector.parents import Due, find_due
from connector.staging import Mark, Staged
from connector.walk import Question, Window, walk
from connector.warehouse import Warehouse
from schemas import STREAMS, Endpoint
from schemas.endpoint import STAMP

ROUND = 1000
"""Parents a round: about a minute of the budget, which is what a kill may cost."""

WORKERS = 24
"""Parents asked under at a time. At 16 requests a second, this fills the budget up to 1.5 s."""


@dataclass(slots=True)
class Answered:
    """What was found under one parent, by a walk that was complete."""

    due: Due
    asked_at: datetime
    answered_at: datetime
    found: list[Decoded]

    @property
    def rows(self) -> int:
        """How many rows were found."""
        return sum(one.rows.num_rows for one in self.found)


@dataclass(slots=True)
class Round:
    """Parents that are due, and what came of them so far."""

    walk: str
    waiting: list[Due]
    answered: list[Answered] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Children:
    """A child stream: asks under every parent that is due, each once."""

    context: Context
    endpoint: Endpoint
    _tried: list[str] = field(default_factory=list)

    async def run(self) -> list[Landing]:
        """Rounds until no parent is due; then a second look where much was lost at once."""
        landings = []
        lake = self.context.lake
        with lake.walking(self.endpoint.stream) as lock:
            staging.sweep(lake.root / "_staging", self.endpoint.stream)
            while due := await self.context.with_warehouse(self._due):
                landings.append(await self._round(due, lock))
            if any(one.missing for one in landings):
                due = await self.context.with_warehouse(self._held)
                landings.append(await self._round(due, lock))
        return landings

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
        return find_due(
            warehouse.con,
            self.endpoint,
            self.context.identity.at,
            self.context.settings.lag,
            everything=self.context.everything,
            limit=ROUND,
            skip=self._tried,
        )

    async def _round(self, due: list[Due], lock: WalkLock) -> Landing:
        work = Round(self.context.lake.next_walk(), list(reversed(due)))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(WORKERS, len(due))):
                    group.create_task(self._worker(work, len(due)))
        except BaseException:
            if work.answered:
                with suppress(Busy):  # another process lands: what was read is asked for again
                    await asyncio.shield(self._land(work, lock))
            raise
        self._tried += work.gone
        return await self._land(work, lock)

    async def _worker(self, work: Round, total: int) -> None:
        while work.waiting:
            due = work.waiting.pop()
            try:
                answered = await self._ask(due, f"{work.walk}.0001")
            except (errors.NotFound, errors.NotOffered) as refusal:
                # The parent is gone since it was listed; the next full walk will say so.
                if isinstance(refusal, errors.NotOffered) and not await self._is_gone(due):
                    raise
                work.gone.append(due.parent_id)
                continue
            work.answered.append(answered)
            self.context.rows[self.endpoint.stream] += answered.rows
            left = len(work.waiting)
            self.context.tell(self.endpoint.stream, f"{total - left} of {total} parents")

    async def _is_gone(self, due: Due) -> bool:
        """403 means a deleted parent (REFERENCE 1.8), or a list that isn't offered: ask for it."""
        assert self.endpoint.parent
        above = STREAMS[self.endpoint.parent.stream]
        return await absence.is_gone(self.context.client, above, (due.parent_id,))

    async def _ask(self, due: Due, chain: str) -> Answered:
        parent = self.endpoint.parent
        assert parent
        given = ((parent.column, due.parent_id),)
        filters = self.endpoint.filters
        if parent.query:
            filters = (*filters, (parent.query[0], due.query or ""))
        page_size = self.context.settings.page_size
        question = Question(self.endpoint, filters, given=given, page_size=page_size)
        found: list[Decoded] = []
        times: list[datetime] = []
        async for page in walk(self.context.client, question):
            answer = page.answer
            source = Source(chain, answer.request_id, answer.answered_at, given)
            found.append(decode(self.endpoint, page.records, source, exact=page.exact))
            times += [answer.asked_at, answer.answered_at]
        return Answered(due, times[0], times[-1], found)

    # -- landing ---------------------------------------------------------------------------

    async def _land(self, work: Round, lock: WalkLock) -> Landing:
        staged = self._stage(work)
        walked = Walked(
            run=self.context.run,
            endpoint=self.endpoint,
            staged=staged,
            kind="children",
            window=Window(),
            requests=len(work.answered) + len(work.gone),
            checked=self._checked(work),
        )

        def commit(warehouse: Warehouse) -> Landing:
            absent = gone.absent(warehouse.con, self.endpoint, staged, walked.checked)
            return land(warehouse, walked, self._judge(absent), lock)

        try:
            return await self.context.with_warehouse(commit)
        finally:
            staged.drop()

    def _stage(self, work: Round) -> Staged:
        lake = self.context.lake
        question = {"stream": self.endpoint.stream, "round": work.walk}
        staged = staging.begin(lake.root / "_staging", work.walk, question)
        found = [one for answered in work.answered for one in answered.found]
        rows = pa.Table.from_batches([one.rows for one in found], schema=self.endpoint.schema)
        rejected: list[Rejected] = [r for one in found for r in one.rejected]
        unknown = {name: kind for one in found for name, kind in one.unknown.items()}
        batch = rows.combine_chunks().to_batches() or [
            pa.RecordBatch.from_pylist([], schema=self.endpoint.schema)
        ]
        staged.add(
            Decoded(batch[0], rejected, unknown),
            Mark(0, f"{work.walk}.0001", None, False),
            min((one.asked_at for one in work.answered), default=self.context.identity.at),
            max((one.answered_at for one in work.answered), default=self.context.identity.at),
        )
        return staged

    def _checked(self, work: Round) -> pa.Table:
        """The parents that were walked: one row each, as the lake keeps them."""
        done = work.answered
        count = len(done)
        return pa.table(
            {
                "stream": pa.array([self.endpoint.stream] * count, pa.string()),
                "parent_id": pa.array([one.due.parent_id for one in done], pa.string()),
                "signal": pa.array([one.due.signal for one in done], pa.string()),
                "checked_at": pa.array([one.asked_at for one in done], STAMP),
                "rows": pa.array([one.rows for one in done], pa.int64()),
                "walk": pa.array([work.walk] * count, pa.string()),
            }
        )

    def _judge(self, absent: Absence) -> Verdict:
        """A sudden loss is held until it is seen twice."""
        held = self.context.states[self.endpoint.stream].held
        return absence.by_certificate(absent, held, self.context.settings.loss_brake)


def parents_first(streams: list[Endpoint]) -> Iterator[tuple[Endpoint, list[Endpoint]]]:
    """Each list stream with the wanted child streams that hang under it."""
    wanted = {endpoint.stream for endpoint in streams}
    for endpoint in streams:
        if endpoint.parent is None:
            yield endpoint, [c for c in streams if c.parent and c.parent.stream == endpoint.stream]
        elif endpoint.parent.stream not in wanted:
            yield endpoint, []
