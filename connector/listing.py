"""One list stream in one run: its walks, their landing, and what has gone from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf

from connector import absence, errors, gone, staging
from connector.absence import Verdict
from connector.context import Context
from connector.decode import Source, decode
from connector.gone import Absence
from connector.landing import Walked, land
from connector.ledger import Landing
from connector.locks import WalkLock
from connector.slices import Slice, Slices
from connector.staging import Staged
from connector.unbroken import unbroken
from connector.walk import Page, Question, Window, walk
from connector.warehouse import Warehouse
from connector.workfile import storage_faults
from schemas import Endpoint

EARLY = 20.0
"""Seconds after which a first load lands what it has: the newest rows can be queried in a minute.
One that is through by then would only write twice as many files."""


@dataclass(slots=True)
class Listing:
    """A stream's walks in this run: by a window, or, without one, in full."""

    context: Context
    endpoint: Endpoint
    window: Window
    _began: datetime = field(init=False)
    _early: asyncio.Task[Landing] | None = None

    def __post_init__(self) -> None:
        self._began = self.context.by_now()

    async def run(self) -> list[Landing]:
        """Walk, judge what is absent, land. A long first load has landed its newest rows before."""
        with self.context.lake.walking(self.endpoint.stream) as lock:
            staged = self._staged()
            try:
                await self._walk(staged, lock)
                landed = [await self._early] if self._early else []
                return [*landed, await self._land(staged, lock)]
            finally:
                if self._early and not self._early.done():
                    self._early.cancel()
                    with suppress(asyncio.CancelledError):
                        await unbroken(self._early)
                staged.release()

    @property
    def _is_full(self) -> bool:
        return not self.window

    # -- walking ---------------------------------------------------------------------------

    def _staged(self) -> Staged:
        lake, stream = self.context.lake, self.endpoint.stream
        question = {
            "stream": stream,
            "columns": [f"{one.name} {one.type}" for one in self.endpoint.schema],
            "window": [list(pair) for pair in self.window.params().items()],
            "questions": [
                [list(map(list, q.filters)), list(map(list, q.given)), q.page_size]
                for q in self._questions()
            ],
        }
        root = lake.root / "_staging"
        landed = self.context.states[stream].landed
        found = staging.take_up(root, question, landed, self.context.identity.at)
        if found:
            self.context.rows[stream] += found.rows
            self.context.progress.said(f"{stream}: goes on after page {found.pages}")
        return found or staging.begin(root, lake.next_walk(), question)

    def _questions(self) -> list[Question]:
        """One question for each combination of flags, or each Linear team."""
        page_size = self.context.settings.page_size
        if self.endpoint.each_team:
            teams = self.context.identity.team_ids
            if not teams:
                raise errors.NotOffered(
                    "the workspace has no Linear team",
                    todo="Connect Linear, or leave the stream out",
                    stream=self.endpoint.stream,
                )
            given = [(("team_id", team),) for team in teams]
            return [
                Question(self.endpoint, (*self.endpoint.filters, *team), self.window, team)
                for team in given
            ]
        return [
            Question(self.endpoint, part, self.window, page_size=page_size)
            for part in self._parts()
        ]

    def _parts(self) -> list[tuple[tuple[str, str], ...]]:
        """The filters of each question: every combination of flags, and in a full walk none too.

        What a list shows without flags is not documented. Once a full walk has proved that it
        shows everything, one question does for a window; each full walk proves it anew.
        """
        endpoint = self.endpoint
        if not endpoint.flags:
            return [endpoint.filters]
        if self._is_full:
            return [*endpoint.parts, endpoint.filters]
        shows_all = self.context.states[endpoint.stream].shows_all
        return [endpoint.filters] if shows_all else list(endpoint.parts)

    async def _walk(self, staged: Staged, lock: WalkLock) -> None:
        for part, question in enumerate(self._questions()):
            marks = [mark for (of_part, _), mark in staged.marks.items() if of_part == part]
            found = sorted(map(Slice.of_mark, marks), key=_newest_first)
            chains = Chains(staged)
            await Slices(
                question,
                found or [Slice(chains.next())],
                self._pages,
                partial(self._stage, staged, lock, question, part),
                self.context.client.budget.idle,
                chains.next,
            ).run()

    async def _pages(self, question: Question, cursor: str | None) -> AsyncGenerator[Page, None]:
        try:
            async for page in walk(self.context.client, question, cursor):
                yield page
                del page  # or it would be held until the next one comes (`walk`)
        except (errors.NotFound, errors.BadQuestion, errors.NotOffered) as refusal:
            if not self.endpoint.offered_with:
                raise
            raise errors.NotOffered(
                f"not offered here: it needs {self.endpoint.offered_with}",
                todo="Leave the stream out, or see to that",
                stream=self.endpoint.stream,
                status=refusal.status,
                code=refusal.code,
                request_id=refusal.request_id,
            ) from refusal

    def _stage(
        self, staged: Staged, lock: WalkLock, question: Question, part: int, page: Page, of: Slice
    ) -> None:
        answer = page.answer
        source = Source(of.chain, answer.request_id, answer.answered_at, question.given)
        decoded = decode(self.endpoint, page.records, source, exact=page.exact)
        if self.endpoint.sliced:
            of.show(decoded.rows.column("created_at"))
        with storage_faults(self.context.lake):
            staged.add(decoded, of.mark(part), answer.asked_at, answer.answered_at)
        self.context.rows[self.endpoint.stream] += decoded.rows.num_rows
        self.context.tell(self.endpoint.stream)
        if not self._early and self._is_late_for_a_first_load:
            self._early = asyncio.create_task(self._land_early(staged, lock))

    @property
    def _is_late_for_a_first_load(self) -> bool:
        took = (self.context.by_now() - self._began).total_seconds()
        return took >= EARLY and not self.context.states[self.endpoint.stream].landed

    # -- landing ---------------------------------------------------------------------------

    async def _land_early(self, staged: Staged, lock: WalkLock) -> Landing:
        """Land what there is so far. It closes nothing and proves no absence."""
        some = staged.so_far(self.context.lake.next_walk())
        walked = Walked(self.context.run, self.endpoint, some, "early", self.window, requests=0)

        def act(warehouse: Warehouse) -> Landing:
            landed = land(warehouse, walked, Verdict([], []), lock)
            self.context.publish(warehouse)
            return landed

        return await self.context.with_warehouse(act)

    async def _land(self, staged: Staged, lock: WalkLock) -> Landing:
        """Land at once, unless rows are absent: then ask about them, and land after."""
        context, endpoint = self.context, self.endpoint

        def attempt(warehouse: Warehouse) -> Landing | Absence:
            if self._is_full:
                absent = gone.absent(warehouse.con, endpoint, staged)
                if absent.keys:
                    return absent
            return self._commit(warehouse, staged, Verdict([], []), lock)

        result = await context.with_warehouse(attempt)
        if isinstance(result, Landing):
            return result
        context.tell(endpoint.stream, f"{len(result.keys)} rows are absent, asking for them")
        held = context.states[endpoint.stream].held
        brake = context.settings.loss_brake
        verdict = await absence.judge(context.client, endpoint, result, held, brake)
        return await context.with_warehouse(
            lambda warehouse: self._commit(warehouse, staged, verdict, lock)
        )

    def _commit(
        self, warehouse: Warehouse, staged: Staged, verdict: Verdict, lock: WalkLock
    ) -> Landing:
        assert staged.asked_at
        walked = Walked(
            run=self.context.run,
            endpoint=self.endpoint,
            staged=staged,
            kind="full" if self._is_full else "window",
            requests=self.context.client.traffic.by_stream[self.endpoint.stream],
            window=self.window,
            closed=self._closed(staged.asked_at),
        )
        landed = land(warehouse, walked, verdict, lock)
        self.context.count_buried(landed)
        return landed

    def _closed(self, asked_at: datetime) -> tuple[datetime | None, datetime] | None:
        """What the walk has closed: up to its beginning by the server's clock, less the lag.

        A row whose last change was visible when the walk began was read, since its place in the
        walk (`created_at`) doesn't move (FAILURES, "Why windows close safely"). One answer that is
        dated ahead, by a replica with a clock of its own, is not believed against that of `/me`.
        """
        if self.endpoint.asked != "window":
            return None
        start, end = self.window.after, min(asked_at, self._began) - self.context.settings.lag
        if self.window.before:
            end = min(end, self.window.before)
        return (start, end) if start is None or start < end else None


class Chains:
    """The ids of a walk's chains of cursors; they sort in the order in which they began."""

    def __init__(self, staged: Staged) -> None:
        self._walk = staged.walk
        self._last = max((mark.number for mark in staged.marks.values()), default=0)

    def next(self) -> str:
        """One more."""
        self._last += 1
        return f"{self._walk}.{self._last:04d}"


def _newest_first(one: Slice) -> float:
    return -one.border.timestamp() if one.border else -inf
