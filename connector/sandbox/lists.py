"""The pages of the lists (REFERENCE 1.2).

A page begins at the cursor's sort key, found by binary search, so rows that come or go
meanwhile cause neither skips nor repeats, and a page costs the same at the end of a walk of
1,000,000 rows as at its beginning.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from connector.sandbox.cursors import Cursor
from connector.sandbox.filters import tests
from connector.sandbox.question import Question, understand
from connector.sandbox.rows import Row, Table
from connector.sandbox.workspace import Workspace
from schemas import Endpoint

SALT = itertools.count(1)


def page(space: Workspace, endpoint: Endpoint, parent: str | None, query: dict[str, str]) -> bytes:
    """One page of a paginated list."""
    path = endpoint.path if parent is None else f"{endpoint.path}#{parent}"
    asked = understand(endpoint.stream, path, query, space.readings)
    with space.lock:
        table = space.table(endpoint.stream, parent)
        table.settle(space.clock.micros())
        if asked.by_score:
            return _by_score(space, table, asked)
        rows = _rows(space, table, asked)
        return _render(space, table, asked, rows)


def _render(space: Workspace, table: Table, asked: Question, rows: list[Row]) -> bytes:
    more, rows = len(rows) > asked.limit, rows[: asked.limit]
    data = b",".join([space.json(table.stream, row) for row in rows])
    cursor = _cursor(space, asked, rows[-1].place) if more else None
    footer = {"cursor": cursor, "has_more": more, "limit": asked.limit}
    return b'{"data":[%s],"page":%s}' % (data, orjson.dumps(footer))


def _cursor(space: Workspace, asked: Question, place: tuple[int, str]) -> str:
    return Cursor(asked.path, place, _kept(space, asked)).encode()


def _kept(space: Workspace, asked: Question) -> dict[str, str]:
    return asked.filters if space.readings.cursor_filters == "kept" else {}


def cursor_before(
    space: Workspace, endpoint: Endpoint, parent: str | None, query: dict[str, str]
) -> str:
    """Another cursor that leads to the same page: what an empty page with more to come gives."""
    path = endpoint.path if parent is None else f"{endpoint.path}#{parent}"
    asked = understand(endpoint.stream, path, query, space.readings)
    start = (-(2**62), "") if asked.ascending else (2**62, "")
    salted = Cursor(asked.path, asked.after or start, _kept(space, asked), next(SALT))
    return salted.encode()


def _rows(space: Workspace, table: Table, asked: Question) -> list[Row]:
    """The rows of the page and, if there is one, the row that follows it."""
    span = _span(table, asked)
    if not asked.narrow and not _hides_translations(space, table):
        span = span[: asked.limit + 1]
        return [table.shown[i] for i in span]
    found = []
    for row in _matching(space, table, asked, span):
        found.append(row)
        if len(found) > asked.limit:
            break
    return found


def _span(table: Table, asked: Question) -> range:
    low, high = table.since(asked.created[0]), table.since(asked.created[1] + 1)
    if asked.after is not None:
        at = table.find(asked.after)
        if asked.ascending:
            here = at < len(table.shown) and table.shown[at].place == asked.after
            low = max(low, at + here)
        else:
            high = min(high, at)
    return range(low, high) if asked.ascending else range(high - 1, low - 1, -1)


def _hides_translations(space: Workspace, table: Table) -> bool:
    hidden = space.readings.translations == "not_listed"
    return hidden and table.stream in ("changelogs", "docs_articles")


def _matching(space: Workspace, table: Table, asked: Question, span: range) -> Iterator[Row]:
    low, high = asked.updated
    hidden = _hides_translations(space, table)
    shown, checks = table.shown, asked.tests
    for i in span:
        row = shown[i]
        if not low <= row.updated <= high:
            continue
        if checks or hidden:
            record = space.record(table.stream, row)
            if hidden and "base_id" in record:
                continue
            if not all(test(record) for test in checks):
                continue
        yield row


def _by_score(space: Workspace, table: Table, asked: Question) -> bytes:
    """`sort=total_score`: the place in the cursor is the score, which moves (REFERENCE 1.2)."""
    whole = replace(asked, after=None)
    rows = list(_matching(space, table, whole, _span(table, whole)))
    score = {row.key: int(space.record(table.stream, row)["total_score"] * 10) for row in rows}
    rows.sort(key=lambda row: (score[row.key], row.key), reverse=True)
    if asked.after is not None:
        rows = [row for row in rows if (score[row.key], row.key) < asked.after]
    more, rows = len(rows) > asked.limit, rows[: asked.limit]
    data = b",".join([space.json(table.stream, row) for row in rows])
    cursor = _cursor(space, asked, (score[rows[-1].key], rows[-1].key)) if more else None
    footer = {"cursor": cursor, "has_more": more, "limit": asked.limit}
    return b'{"data":[%s],"page":%s}' % (data, orjson.dumps(footer))


def plain(space: Workspace, endpoint: Endpoint, parent: str | None, query: dict[str, str]) -> bytes:
    """A list without limit and cursor, in the envelope of the reading."""
    with space.lock:
        table = space.table(endpoint.stream, parent)
        table.settle(space.clock.micros())
        checks = tests(endpoint.stream, query, space.readings)
        rows = list(table.rows.values()) if parent else list(reversed(table.shown))
        passing = [r for r in rows if all(test(space.record(table.stream, r)) for test in checks)]
        return wrapped(
            [space.json(table.stream, r) for r in passing], space.readings.plain_envelope
        )


def wrapped(rows: list[bytes], envelope: str) -> bytes:
    """Rows in one of the envelopes that a list without pages may have."""
    data = b"[%s]" % b",".join(rows)
    if envelope == "array":
        return data
    footer: dict[str, Any] = {"cursor": None, "has_more": False, "limit": max(1, len(rows))}
    more = b',"page":%s' % orjson.dumps(footer) if envelope == "page" else b""
    return b'{"data":%s%s}' % (data, more)
