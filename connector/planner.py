"""Plans each stream of an order: what would be asked, why, and what that takes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from connector import errors, outcomes
from connector.client import Client
from connector.forecast import Expected, Forecast
from connector.identity import Identity
from connector.parents import Count
from connector.probing import Probe
from connector.settings import Settings
from connector.sync import Order
from connector.walk import Question, Window
from connector.warehouse import StreamState, Warehouse
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What would be asked for one stream.

    `asks`: `window`, `everything`, or `parents`; nothing if the stream is `skipped` or would have
    `failed`, which `error` explains. `due` parents have moved or were never asked under, and it is
    the turn of `rotated` others. `requests` is what to expect, from `least` to `most`; what that
    rests on is in `basis`.
    """

    stream: str
    outcome: Literal["asked", "skipped", "failed"] = "asked"
    asks: Literal["window", "everything", "parents", ""] = ""
    since: datetime | None = None
    until: datetime | None = None
    due: int = 0
    rotated: int = 0
    requests: int = 0
    least: int = 0
    most: int = 0
    basis: str = ""
    error: str = ""
    exit_code: int = 0


Filters = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Planner:
    """Plans an order. `_coming` are the rows that each list is expected to bring as new or changed:
    under those, children will be asked for."""

    settings: Settings
    order: Order
    client: Client
    identity: Identity
    warehouse: Warehouse | None
    _coming: dict[str, Expected] = field(default_factory=dict)
    _states: dict[str, StreamState] = field(init=False)

    def __post_init__(self) -> None:
        self._states = self.warehouse.states() if self.warehouse else {}

    async def all(self) -> list[StreamPlan]:
        """Lists side by side, since they may have to be asked; then what hangs under their rows."""
        wanted = self.order.endpoints()
        lists = [endpoint for endpoint in wanted if not endpoint.parent]
        plans = await asyncio.gather(*(self._or_refused(endpoint) for endpoint in lists))
        made = {one.stream: one for one in plans}
        for endpoint in wanted:
            if endpoint.parent:
                made[endpoint.stream] = await self._or_refused(endpoint)
        return [made[endpoint.stream] for endpoint in wanted]

    async def _or_refused(self, endpoint: Endpoint) -> StreamPlan:
        try:
            if lacking := self.identity.lacks(endpoint):
                raise errors.NotReadable(
                    f"the key lacks the scope {', '.join(lacking)}",
                    todo="Grant it to the key, or leave the stream out",
                )
            return self._children(endpoint) if endpoint.parent else await self._list(endpoint)
        except (errors.NotReadable, errors.NotFound, errors.BadQuestion, errors.ParentUnread) as no:
            told = outcomes.refused(endpoint, no)
            outcome: Literal["skipped", "failed"]
            outcome = "skipped" if told.outcome == "skipped" else "failed"
            return StreamPlan(endpoint.stream, outcome, error=told.error, exit_code=told.exit_code)

    async def _list(self, endpoint: Endpoint) -> StreamPlan:
        stream = endpoint.stream
        state = self._states.get(stream, StreamState())
        window = self.order.window_of(endpoint, state, self.settings.overlap)
        if endpoint.each_team:
            teams = len(self.identity.team_ids)
            basis = f"Linear teams: {teams}"
            return self._asked(endpoint, window, Expected.exactly(teams), basis)
        if self.warehouse and _is_known(endpoint, state):
            return self._known_list(self.warehouse, endpoint, state, window)
        return await self._unknown_list(endpoint, state, window)

    def _known_list(
        self, warehouse: Warehouse, endpoint: Endpoint, state: StreamState, window: Window
    ) -> StreamPlan:
        forecast = Forecast(warehouse.con, self.settings, self.identity.at)
        changes = forecast.changes(endpoint)
        if not window:  # what is known is asked for anyway, changed or not
            changes = Expected(0, 0, changes.most)
        if window.before and state.closed_to and window.before <= state.closed_to:
            changes = Expected()
        self._coming[endpoint.stream] = changes
        asked = Expected.exactly(0)
        for filters in _questions(endpoint, window, state):
            rows = Expected.exactly(forecast.rows(endpoint, window, filters)) + changes
            asked += rows.pages(self.settings.page_size if endpoint.paged else sys.maxsize)
        known = forecast.rows(endpoint, window, ())
        basis = f"rows known of it: {known:,}; new or changed since: about {changes.about:,}"
        return self._asked(endpoint, window, asked, basis)

    async def _unknown_list(
        self, endpoint: Endpoint, state: StreamState, window: Window
    ) -> StreamPlan:
        """A list of which nothing is known is looked at, if its filters allow for that."""
        if endpoint.asked == "whole":
            self._coming[endpoint.stream] = Expected()
            most = 2 if endpoint.paged else 1
            basis = "never read; such lists are short"
            return self._asked(endpoint, window, Expected(1, 1, most), basis)
        page_size = self.settings.page_size
        probe = Probe(
            self.client, Question(endpoint, endpoint.filters, window, page_size=page_size)
        )
        rows = await probe.length()
        # Of what a backfill has brought, the warehouse itself says what is due under it.
        known = self.warehouse.rows(endpoint.stream) if self.warehouse else 0
        self._coming[endpoint.stream] = rows.less(known)
        asked = rows.pages(page_size)
        questions = list(_questions(endpoint, window, state))
        parts = [one for one in questions if one != endpoint.filters]
        if parts:  # together they have the rows once, each perhaps with a page that is not full
            split = asked + Expected(0, len(parts) - 1, len(parts) - 1)
            asked = split + (asked if len(parts) < len(questions) else Expected())
        basis = f"about {rows.about:,} rows, by {probe.asked} of the pages"
        return self._asked(endpoint, window, asked, basis)

    @staticmethod
    def _asked(endpoint: Endpoint, window: Window, asked: Expected, basis: str) -> StreamPlan:
        return StreamPlan(
            endpoint.stream,
            asks="window" if window else "everything",
            since=window.after,
            until=window.before,
            requests=asked.about,
            least=asked.least,
            most=asked.most,
            basis=basis,
        )

    def _children(self, endpoint: Endpoint) -> StreamPlan:
        assert endpoint.parent
        parent = endpoint.parent.stream
        was_read = bool(self.warehouse and self.warehouse.was_read(parent))
        if not was_read and parent not in self._coming:
            raise errors.ParentUnread(
                f"it is asked for under each of the {parent}, which were never read",
                todo=f"Run `productlane-elt sync {parent} {endpoint.stream}`",
            )
        due = rotated = Count(0, 0)
        if self.warehouse:
            forecast = Forecast(self.warehouse.con, self.settings, self.identity.at)
            due = forecast.due(endpoint, everything=self.order.full)
            rotated = forecast.rotated(endpoint) if self.order.is_ordinary else rotated
        coming = self._coming.get(parent, Expected())
        asked = Expected.exactly(due.pages + rotated.pages) + coming
        return StreamPlan(
            endpoint.stream,
            asks="parents",
            due=due.parents + coming.about,
            rotated=rotated.parents,
            requests=asked.about,
            least=asked.least,
            most=asked.most,
            basis=f"{parent} due as known: {due.parents:,}; to come: about {coming.about:,}",
        )


def _is_known(endpoint: Endpoint, state: StreamState) -> bool:
    """Has all of it been read? A backfill of some days says nothing of the rest."""
    return state.closed_to is not None or bool(state.landed and endpoint.asked == "whole")


def _questions(endpoint: Endpoint, window: Window, state: StreamState) -> Iterator[Filters]:
    """The filters of each question that a listing asks; see `Listing`, which says why."""
    if not endpoint.flags:
        yield endpoint.filters
        return
    if not window or not state.shows_all:
        yield from endpoint.parts
    if not window or state.shows_all:
        yield endpoint.filters
