"""Walks: all pages of one question, from the first to `has_more: false`.

Only an unbroken chain of cursors counts as a walk. A short page, an empty page and a null cursor
end nothing; a repeated cursor is an error; a refused one starts the walk again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connector import errors, records, stamps
from connector.answer import Answer
from connector.client import Client
from schemas import Endpoint

RESTARTS = 3
"""How often a walk starts again when a cursor is refused, before it gives up."""


ENDLESS = 200
"""So many empty pages in a row are no list any more: its cursors lead nowhere."""


MARGIN = timedelta(seconds=1)
"""Asked wider by this, so that no reading of a bound matters, nor how finely it is kept."""


@dataclass(frozen=True, slots=True)
class Window:
    """The span of `updated_at` that a walk asks for; None is open."""

    after: datetime | None = None
    before: datetime | None = None

    def params(self) -> dict[str, str]:
        """As asked: a second wider on both sides, so that no reading of the bounds matters."""
        asked = {}
        if self.after:
            asked["updated_after"] = stamps.wire(self.after - MARGIN)
        if self.before:
            asked["updated_before"] = stamps.wire(self.before + MARGIN)
        return asked

    def __bool__(self) -> bool:
        return self.after is not None or self.before is not None


@dataclass(frozen=True, slots=True)
class Question:
    """What one walk asks: an endpoint, the filters of one part, a window, and a parent.

    `given` are the child's columns that the question answers: (`thread_id`, the thread's id).
    `made_before` is the border of a slice.
    """

    endpoint: Endpoint
    filters: tuple[tuple[str, str], ...] = ()
    window: Window = Window()
    given: tuple[tuple[str, str], ...] = ()
    page_size: int = 200
    made_before: datetime | None = None

    @property
    def path(self) -> str:
        """The path, with the parent's id in it."""
        return self.endpoint.path.format(
            **{name: quote(value, safe="") for name, value in self.given}
        )

    def params(self, cursor: str | None) -> dict[str, str]:
        """The same filters and limit with every cursor (REFERENCE 1.2): a cursor may have none."""
        asked = dict(self.filters) | self.window.params()
        if self.made_before:
            asked["created_before"] = stamps.wire(self.made_before + MARGIN)
        if self.endpoint.paged or cursor:
            asked["limit"] = str(self.page_size)
        if cursor:
            asked["cursor"] = cursor
        return asked


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a walk. `exact`: the records are proven to be what was sent."""

    records: list[Any]
    exact: bool
    cursor: str | None
    has_more: bool
    answer: Answer
    restarted: bool = False


async def walk(
    client: Client, question: Question, cursor: str | None = None
) -> AsyncIterator[Page]:
    """All pages of a question. The walk is complete when this ends without an error.

    A page marked `restarted` is the first of a new chain. `cursor` goes on with an old one.
    Raises `BrokenAnswer` for a chain that can't be trusted.
    """
    restarts = empty = 0
    seen: set[str] = set()
    restarted = False
    while True:
        try:
            page = await _page(client, question, cursor)
        except errors.CursorRefused:
            restarts += 1
            if restarts > RESTARTS:
                raise
            cursor, seen, restarted = None, set(), True
            continue
        _check_window(question, page)
        _check_border(question, page)
        yield replace(page, restarted=restarted)
        restarted = False
        if not page.has_more:
            return
        empty = 0 if page.records else empty + 1
        cursor = _next_cursor(question, page, seen, empty)
        del page  # with its records, 2 MB of objects; some dozen walks wait for their next one


async def _page(client: Client, question: Question, cursor: str | None) -> Page:
    return await client.ask(
        question.path,
        question.params(cursor),
        lambda answer: read_page(question.endpoint, answer),
        stream=question.endpoint.stream,
    )


def _next_cursor(question: Question, page: Page, seen: set[str], empty: int) -> str:
    what = ""
    if not page.cursor:
        what = "has more pages but gives no cursor"
    elif page.cursor in seen:
        what = "repeats a cursor"
    elif empty >= ENDLESS:
        what = f"has gone on for {empty} empty pages"
    if what or page.cursor is None:
        raise errors.BrokenAnswer(
            f"the list {what}: the walk can't be completed",
            todo="Nothing was marked as read; try again later",
            stream=question.endpoint.stream,
            request_id=page.answer.request_id,
        )
    seen.add(page.cursor)
    return page.cursor


def read_page(endpoint: Endpoint, answer: Answer) -> Page:
    """The page in an answer.

    Paged lists: `{"data": [...], "page": {"cursor": "...", "has_more": true, "limit": 200}}`.
    The other lists may be a bare array or `{"data": [...]}` too (open question 14); a document
    is any value. `null` says of no row that it is gone: only under a parent is it no document.
    """
    value, exact = records.parse(answer.body)
    if endpoint.shape == "document":
        if value is None and not endpoint.parent:
            raise _nothing(endpoint, answer)
        return Page(_document(endpoint, value), exact, None, False, answer)
    found = value.get("data") if isinstance(value, dict) else value
    state = value.get("page") if isinstance(value, dict) else None
    if not endpoint.paged and found is None and not state:
        raise _nothing(endpoint, answer)
    if not endpoint.paged and isinstance(found, list) and not state:
        return Page(found, exact, None, False, answer)
    if not isinstance(found, list) or not isinstance(state, dict):
        raise _broken("has no data and page", answer)
    has_more, cursor = state.get("has_more"), state.get("cursor")
    if not isinstance(has_more, bool):
        raise _broken("doesn't say whether it has more", answer)
    if not isinstance(cursor, str | None):
        raise _broken("has a cursor that is not a text", answer)
    return Page(found, exact, cursor, has_more, answer)


def _document(endpoint: Endpoint, value: Any) -> list[Any]:
    """One record of a document: its own fields where they are declared, else the whole of it."""
    if value is None:
        return []
    fields = {column.name for column in endpoint.columns}
    key = {} if endpoint.parent else {"id": endpoint.stream}
    if "document" in fields:
        return [{"document": value} | key]
    return [value | key] if isinstance(value, dict) else [value]


def _nothing(endpoint: Endpoint, answer: Answer) -> errors.ConnectorError:
    """What `null` means: a list that may be missing is (open question 28), any other is broken."""
    if not endpoint.offered_with:
        return _broken("is null", answer)
    return errors.NotOffered("the API's list is null", request_id=answer.request_id)


def _broken(how: str, answer: Answer) -> errors.BrokenAnswer:
    return errors.BrokenAnswer(
        f"the API's list {how}", todo="Try again later", request_id=answer.request_id
    )


def _check_window(question: Question, page: Page) -> None:
    """Stop where rows fall outside what was asked: then the filter wasn't applied (question 2).

    Only the lower bound is checked: a row that changes while it is being read may well leave a
    window at its upper end.
    """
    after = question.window.after
    if after is None:
        return
    oldest, _ = stamps.span(_values(page, "updated_at"))
    if oldest is not None and oldest < after - 2 * MARGIN:
        raise errors.BrokenAnswer(
            "the list holds rows from outside the window that was asked for",
            todo="Its filter on updated_at doesn't work; `sync --full` reads without it",
            stream=question.endpoint.stream,
            request_id=page.answer.request_id,
        )


def _check_border(question: Question, page: Page) -> None:
    """Stop where a slice shows rows from above its border: then the filter wasn't applied."""
    if question.made_before is None:
        return
    _, newest = stamps.span(_values(page, "created_at"))
    if newest is not None and newest > question.made_before + 2 * MARGIN:
        raise errors.FilterIgnored(
            "the list holds rows that were made after what was asked for",
            todo="Its filter on created_at doesn't work; the list is walked without",
            stream=question.endpoint.stream,
            request_id=page.answer.request_id,
        )


def _values(page: Page, name: str) -> list[Any]:
    return [record.get(name) for record in page.records if isinstance(record, dict)]
