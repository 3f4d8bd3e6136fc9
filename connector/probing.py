"""How long a list is that was never read: about, from a few pages of it.

No list says how many rows it has (REFERENCE 1.2). But lists are ordered by `created_at` and
filtered by it, so a page asked for at some moment of the past says how densely rows lie there. From
the present back in growing steps to the oldest row, then where most rows are still unseen: some
pages say within a tenth what lies between them, unless most rows came in at one moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt
from typing import Any

from connector import stamps
from connector.client import Client
from connector.forecast import Expected
from connector.walk import Page, Question, read_page

MOST = 16
"""Pages asked for of one list."""

STEP = 8
"""How much further back each page is asked for than the one before."""

DOUBT = 0.2
"""How far an estimate may be off."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of a page, from the newest to the oldest."""

    rows: int
    newest: datetime
    oldest: datetime

    @property
    def density(self) -> float:
        """Rows a second; many rows of one stamp count as lying in one second."""
        return self.rows / max((self.newest - self.oldest).total_seconds(), 1.0)


@dataclass(slots=True)
class Probe:
    """Asks for pages of one list; `samples` are ordered from the newest to the oldest."""

    client: Client
    question: Question
    asked: int = 0
    samples: list[Sample] = field(default_factory=list)

    async def length(self) -> Expected:
        """How many rows the list has: exactly if a page holds them all.

        Raises what `Client.ask` raises.
        """
        first = await self._page(None)
        if not first.has_more:
            return Expected.exactly(len(first.records))
        if self._sample(first):
            await self._reach_back()
            while self.asked < MOST and max(self._unseen(), default=0) > self.question.page_size:
                if not await self._look_at(self._least_known()):
                    break
        about = round(sum(s.rows for s in self.samples) + sum(self._unseen()))
        about = max(about, len(first.records) + 1)
        return Expected(round(about * (1 - DOUBT)), about, round(about * (1 + DOUBT)))

    async def _reach_back(self) -> None:
        """Samples back to the oldest row: in steps, and by halves once one went too far."""
        newest = self.samples[0].newest
        beyond: datetime | None = None
        while self.asked < MOST * 5 // 8:
            oldest = self.samples[-1].oldest
            at = _middle(oldest, beyond) if beyond else _back(newest, oldest)
            page = await self._page(at)
            if not page.records:
                beyond = at
            elif not self._sample(page, at) or not page.has_more:
                return

    async def _look_at(self, at: datetime) -> bool:
        return self._sample(await self._page(at), at)

    async def _page(self, before: datetime | None) -> Page:
        question, self.asked = self.question, self.asked + 1
        params = question.params(None)
        if before:
            params["created_before"] = stamps.wire(before)
        return await self.client.ask(
            question.path,
            params,
            lambda answer: read_page(question.endpoint, answer),
            stream=question.endpoint.stream,
        )

    def _sample(self, page: Page, before: datetime | None = None) -> bool:
        """Take a page as a sample, as far as the next older one; False if its rows don't say when
        they are from, or are younger than was asked for."""
        found = [stamp for record in page.records if (stamp := _created(record))]
        if not found or (before and max(found) > before + timedelta(seconds=1)):
            return False
        reached = max((s.newest for s in self.samples if s.newest <= max(found)), default=None)
        kept = [stamp for stamp in found if reached is None or stamp > reached]
        oldest = min(found) if len(kept) == len(found) else reached
        self.samples.append(Sample(len(kept), max(found), oldest or min(found)))
        self.samples.sort(key=lambda one: one.newest, reverse=True)
        return True

    def _unseen(self) -> list[float]:
        """How many rows lie between two samples, by the geometric mean of how dense these are:
        a page full of rows that came in at one moment says little of its surroundings."""
        return [
            max((newer.oldest - older.newest).total_seconds(), 0.0)
            * sqrt(newer.density * older.density)
            for newer, older in pairwise(self.samples)
        ]

    def _least_known(self) -> datetime:
        """The middle of where most rows are unseen."""
        unseen = self._unseen()
        place = unseen.index(max(unseen))
        return _middle(self.samples[place].oldest, self.samples[place + 1].newest)


def _created(record: Any) -> datetime | None:
    stamp = stamps.parse_stamp(record.get("created_at")) if isinstance(record, dict) else None
    return stamp.astimezone(UTC) if stamp else None


def _back(newest: datetime, oldest: datetime) -> datetime:
    """Several times as far back as `oldest`, though not to where no clock has been."""
    return newest - min(STEP * (newest - oldest), newest - datetime(1970, 1, 1, tzinfo=UTC))


def _middle(one: datetime, other: datetime) -> datetime:
    return one + (other - one) / 2
