"""A long walk in slices that are walked side by side: one chain alone can't use the budget.

A list comes newest first by `created_at`, which never moves (REFERENCE 1.2), so it can be cut: a
slice begins at a border, which `created_before` asks for, and ends where the next one begins. It
has met the next one when it has shown a row that is older than that border; both show the rows at
the border itself, and a row that is read twice counts once. The last one ends with the list.

Cuts are made only while the budget lies idle, in the slice with most left to read. They cost about
half a page each. If rows come in another order, or the filter does nothing, nothing is cut. That
the order, once seen, holds for the rest of the list is documented, and can't be proven.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf

import pyarrow as pa
import pyarrow.compute as pc

from connector import errors
from connector.staging import Mark
from connector.walk import Page, Question

FIRST = 400
"""Rows after which a list counts as long: two pages."""

LEAST = 700
"""Rows that a cut must leave to read on both sides: half a page is little beside them."""

APART = timedelta(minutes=1)
"""A cut must be so far ahead: around a border, both slices show the rows of some seconds."""

MOST = 32
"""Slices of one walk that are under way: as many as a client has requests in flight."""


@dataclass(slots=True)
class Slice:
    """A chain of cursors from a border down; without one, from the newest row.

    `reached`: when the oldest row was made that it has shown, `rows` how many those were.
    """

    chain: str
    border: datetime | None = None
    cursor: str | None = None
    newest: datetime | None = None
    reached: datetime | None = None
    rows: int = 0
    asked: bool = False
    ended: bool = False
    orderly: bool = True

    @classmethod
    def of_mark(cls, mark: Mark) -> Slice:
        """As far as its staged pages go."""
        return cls(
            mark.chain,
            mark.border,
            mark.cursor,
            newest=mark.border or mark.newest,
            reached=mark.reached,
            rows=mark.rows,
            asked=True,
            ended=not mark.has_more,
            orderly=mark.orderly,
        )

    def mark(self, part: int) -> Mark:
        """Where it stands."""
        return Mark(
            part, self.chain, self.cursor, not self.ended,
            self.border, self.newest, self.reached, self.rows, self.orderly,
        )  # fmt: skip

    def show(self, made: pa.Array) -> None:
        """A page has shown rows that were made then."""
        oldest, newest = pc.min_max(made).as_py().values()
        follows = self.reached is None or newest is None or newest <= self.reached
        self.orderly &= follows and made.null_count == 0 and _falls(made)
        self.rows += len(made)
        if oldest:
            self.newest = self.newest or self.border or newest
            self.reached = min(self.reached or oldest, oldest)

    def has_met(self, lower: Slice | None) -> bool:
        """Has it shown everything above the slice below?"""
        if lower is None or lower.border is None or self.reached is None:
            return False
        return self.orderly and self.reached < lower.border

    @property
    def span(self) -> timedelta:
        """How much time its rows cover."""
        return self.newest - self.reached if self.newest and self.reached else timedelta()


def _falls(stamps: pa.Array) -> bool:
    return bool(pc.all(pc.greater_equal(stamps[:-1], stamps[1:]), min_count=0).as_py())


@dataclass(slots=True)
class Slices:
    """The slices of one question, from the newest down.

    `pages` asks, from a cursor on; `stage` keeps a page, and shows the slice its rows; `idle`
    says whether more could be asked than is; `name` gives the id of a new chain.
    """

    question: Question
    slices: list[Slice]
    pages: Callable[[Question, str | None], AsyncGenerator[Page, None]]
    stage: Callable[[Page, Slice], None]
    idle: Callable[[], bool]
    name: Callable[[], str]
    _whole: bool = False
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def run(self) -> None:
        """Walk all of them to their ends."""
        self._whole = not self.question.endpoint.sliced
        try:
            await self._side_by_side()
        except (errors.FilterIgnored, errors.BadQuestion):
            if len(self.slices) == 1:
                raise
            # What was read is true all the same; the first slice shows the rest.
            self._whole, self.slices = True, self.slices[:1]
            await self._side_by_side()

    async def _side_by_side(self) -> None:
        self._group = asyncio.TaskGroup()
        try:
            async with self._group:
                for one in self.slices:
                    self._begin(one)
        except BaseExceptionGroup as many:
            raise many.exceptions[0] from None

    def _begin(self, one: Slice) -> None:
        if not one.ended and not one.has_met(self._below(one)):
            self._group.create_task(self._walk(one))

    async def _walk(self, one: Slice) -> None:
        question = replace(self.question, made_before=one.border)
        async with aclosing(self.pages(question, one.cursor)) as pages:
            async for page in pages:
                self._read(one, page)
                del page  # or it would be held until the next one comes (`walk`)
                if one.has_met(self._below(one)):
                    break
                self._cut()

    def _read(self, one: Slice, page: Page) -> None:
        if page.restarted:  # its cursor was refused: a new chain, from the border on
            one.chain, one.reached, one.rows = self.name(), None, 0
        one.asked, one.cursor, one.ended = True, page.cursor, not page.has_more
        self.stage(page, one)

    def _below(self, one: Slice) -> Slice | None:
        place = next(i for i, other in enumerate(self.slices) if other is one)
        return self.slices[place + 1] if place + 1 < len(self.slices) else None

    # -- cuts ------------------------------------------------------------------------------

    def _cut(self) -> None:
        """Begin one more slice, if there is reason to."""
        under_way = [s for s in self.slices if not s.ended and not s.has_met(self._below(s))]
        starting = sum(not one.asked for one in under_way)
        if self._whole or 2 * starting >= len(under_way) or len(under_way) >= MOST:
            return  # twice as many with every answer, and no more: where they start is a guess
        if not self.idle():
            return
        longest = max((s for s in under_way if s.asked), key=self._left, default=None)
        if longest is None or not longest.orderly or self._left(longest) < 2 * LEAST:
            return
        border = self._middle(longest)
        if border and longest.reached and longest.reached - border >= APART:
            lower = Slice(self.name(), border)
            self.slices.insert(self.slices.index(longest) + 1, lower)
            self._begin(lower)

    def _left(self, one: Slice) -> float:
        """Rows that it has yet to read, by how dense they were so far.

        Of the last slice nobody knows where it ends.
        """
        lower = self._below(one)
        if one.reached is None or not one.span:
            return 0.0
        if lower is None or lower.border is None:
            return inf if sum(other.rows for other in self.slices) >= FIRST else 0.0
        return one.rows * ((one.reached - lower.border) / one.span)

    def _middle(self, one: Slice) -> datetime | None:
        """Half of what it has left, in time; of the last slice, as much again as all have read."""
        lower = self._below(one)
        assert one.reached
        if lower is None or lower.border is None:
            newest = self.slices[0].newest or one.reached
            return _earlier(one.reached, newest - one.reached)
        return one.reached - (one.reached - lower.border) / 2


def _earlier(moment: datetime, span: timedelta) -> datetime | None:
    try:
        return moment - span
    except OverflowError:
        return None
