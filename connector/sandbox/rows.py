"""Rows and tables: what the workspace holds, and what its lists show of it.

A `Row` is never changed, only replaced, so that a list may go on showing an older state of it
(visibility lag, FAILURES B4). A `Table` keeps the present state of every row by key, and the
rows that its list shows in the order of the documented sort key, where a cursor is found by
binary search.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Record = dict[str, Any]
Place = tuple[int, str]
"""The sort key: created_at, then id (REFERENCE 1.2)."""


class Links(NamedTuple):
    """Where a thread points; nested objects are put in when it is served."""

    contact: str | None
    company: str | None
    assignee: str | None
    reporter: str | None
    tags: tuple[str, ...]
    issues: tuple[str, ...]
    projects: tuple[str, ...]


class Row:
    """One state of one row.

    `record` is None as long as the row is as the generator drew it: it can be drawn again from
    `number`. `body` is its JSON once somebody has asked for it. `raw` is text that a test wants
    to see in its place.
    """

    __slots__ = (
        "body", "created", "deleted", "key", "links", "number", "raw", "record", "turn", "updated",
    )  # fmt: skip

    def __init__(
        self,
        key: str,
        record: Record | None,
        created: int,
        updated: int,
        *,
        number: int = -1,
        links: Links | None = None,
        deleted: bool = False,
        raw: bytes | None = None,
        turn: int = 0,
    ) -> None:
        self.key, self.record, self.created, self.updated = key, record, created, updated
        self.number, self.links, self.deleted, self.raw = number, links, deleted, raw
        self.turn = turn
        self.body: bytes | None = None

    @property
    def place(self) -> Place:
        """Where the row stands in a list."""
        return (self.created, self.key)


def _place(row: Row) -> Place:
    return row.place


class Table:
    """The rows of one stream, or of one parent's list."""

    def __init__(self, stream: str, rows: Iterable[Row] = ()) -> None:
        self.stream = stream
        self.rows: dict[str, Row] = {row.key: row for row in rows}
        self.shown: list[Row] = sorted(self.rows.values(), key=_place)
        self.version = 0
        self._other: dict[str, Row | None] = {}  # shown in another state than the present one
        self._due: list[tuple[int, str, Row | None]] = []
        self._hidden: dict[str, int] = {}

    def put(self, row: Row, now: int, visible_at: int | None = None) -> None:
        """Replace the present state of a row; the list follows now or at `visible_at`."""
        old = self._visible(row.key)
        self.rows[row.key] = row
        self.version += 1
        self._other[row.key] = old
        self._due.append((visible_at or now, row.key, None if row.deleted else row))
        self.settle(now)

    def hide(self, key: str, now: int, until: int) -> None:
        """Let a row vanish from the list until then, whatever changes about it meanwhile."""
        if self._hidden.get(key, now) <= now:
            # Before whatever is still to become visible of it.
            self._due.insert(0, (until, key, self._visible(key)))
        self._hidden[key] = until
        self._show(key, None)
        self.settle(now)

    def settle(self, now: int) -> None:
        """Let the list catch up with all changes that have become visible by now."""
        if not self._due:
            return
        waiting = [(max(at, self._hidden.get(key, at)), key, row) for at, key, row in self._due]
        due = [entry for entry in waiting if entry[0] <= now]
        self._due = [entry for entry in waiting if entry[0] > now]
        for _, key, row in due:
            self._show(key, row)

    def _visible(self, key: str) -> Row | None:
        if key in self._other:
            return self._other[key]
        row = self.rows.get(key)
        return None if row is None or row.deleted else row

    def _show(self, key: str, row: Row | None) -> None:
        old = self._visible(key)
        if old is not None and row is not None and old.created == row.created:
            self.shown[self.find(old.place)] = row
        else:
            if old is not None:
                del self.shown[self.find(old.place)]
            if row is not None:
                insort(self.shown, row, key=_place)
        present = self.rows.get(key)
        if row is (None if present is None or present.deleted else present):
            self._other.pop(key, None)
        else:
            self._other[key] = row

    def find(self, place: Place) -> int:
        """The index of the first row of the list at or after this place."""
        return bisect_left(self.shown, place, key=_place)

    def since(self, created: int) -> int:
        """The index of the first row of the list created at or after this moment."""
        return self.find((created, ""))

    def living(self) -> Iterator[Row]:
        """The present state of every row that is not deleted."""
        return (row for row in self.rows.values() if not row.deleted)
