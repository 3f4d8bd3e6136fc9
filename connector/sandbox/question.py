"""A list request, understood: bounds, tests, place, direction, page size (REFERENCE 1.2, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.cursors import Cursor
from connector.sandbox.filters import DATED, FILTERS, Test, tests
from connector.sandbox.readings import Readings
from connector.sandbox.refusal import invalid, invalid_all
from connector.sandbox.rows import Place
from connector.sandbox.stamps import parse

FIRST, LAST = -(2**62), 2**62
DATES = ("created_after", "created_before", "updated_after", "updated_before")
DEFAULT_LIMIT, MOST = 50, 200


@dataclass(frozen=True)
class Question:
    """What a page request asks for. Bounds are inclusive here, whatever the reading."""

    path: str
    filters: dict[str, str]
    limit: int
    after: Place | None
    ascending: bool
    by_score: bool
    created: tuple[int, int]
    updated: tuple[int, int]
    tests: list[Test]

    @property
    def narrow(self) -> bool:
        """Must rows be looked at one by one?"""
        return bool(self.tests) or self.updated != (FIRST, LAST)


def understand(stream: str, path: str, query: dict[str, str], readings: Readings) -> Question:
    """Read the parameters of a paginated list, or refuse them."""
    _refuse_unknown(stream, query, readings)
    limit = _limit(query, readings)
    cursor = Cursor.decode(query["cursor"], path) if "cursor" in query else None
    filters = {k: v for k, v in query.items() if k not in ("cursor", "limit")}
    if cursor is not None and readings.cursor_filters == "kept":
        filters = cursor.filters
    dates = _dates(filters) if stream in DATED else {}
    return Question(
        path=path,
        filters=filters,
        limit=limit,
        after=cursor.place if cursor else None,
        ascending=stream == "thread_messages" and filters.get("order", "asc") == "asc",
        by_score=filters.get("sort") == "total_score" and stream in ("projects", "issues"),
        created=_bounds("created", dates, readings),
        updated=_bounds("updated", dates, readings),
        tests=tests(stream, filters, readings),
    )


def _refuse_unknown(stream: str, query: dict[str, str], readings: Readings) -> None:
    if readings.unknown_parameters == "ignored":
        return
    known = {"cursor", "limit", *FILTERS.get(stream, ()), *(DATES if stream in DATED else ())}
    if unknown := [name for name in query if name not in known]:
        raise invalid_all([(name, "Unrecognized key") for name in unknown])


def _limit(query: dict[str, str], readings: Readings) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise invalid("limit", "Expected a whole number of at least 1")
    if int(text) > MOST and readings.over_limit == "refuse":
        raise invalid("limit", f"Number must be less than or equal to {MOST}")
    return min(int(text), MOST)


def _dates(filters: dict[str, str]) -> dict[str, int]:
    read = {name: parse(filters[name]) for name in DATES if name in filters}
    if bad := [name for name, moment in read.items() if moment is None]:
        raise invalid_all([(name, "Invalid datetime") for name in bad])
    return {name: moment for name, moment in read.items() if moment is not None}


def _bounds(kind: str, dates: dict[str, int], readings: Readings) -> tuple[int, int]:
    after_in = readings.bounds in ("inclusive", "after_inclusive")
    before_in = readings.bounds in ("inclusive", "before_inclusive")
    low, high = dates.get(f"{kind}_after"), dates.get(f"{kind}_before")
    return (
        FIRST if low is None else low + (not after_in),
        LAST if high is None else high - (not before_in),
    )
