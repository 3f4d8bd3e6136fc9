"""Rows by day: each under its own, and no more of them held than must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import buckets
from connector.buckets import by_day
from schemas.arrow import STAMP

FIRST = date(2026, 11, 1)


def rows(*days: int | None) -> pa.Table:
    """A row for each of these days of November, or without a day."""
    found = [None if n is None else FIRST + timedelta(n) for n in days]
    stamps = [n and datetime(n.year, n.month, n.day, 12, tzinfo=UTC) for n in found]
    return pa.table({"stamp": pa.array(stamps, STAMP)})


@given(st.lists(st.lists(st.none() | st.integers(0, 5), min_size=1), min_size=1))
@settings(max_examples=200)
def test_each_row_comes_once_and_under_its_day(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[list[int | None]]
) -> None:
    wanted = Counter(None if n is None else FIRST + timedelta(n) for p in pieces for n in p)
    counts = sorted(wanted.items(), key=lambda one: one[0] or date.min)
    folder = tmp_path_factory.mktemp("buckets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "HELD", 4)
        found: Counter[date | None] = Counter()
        for day, some in by_day((rows(*piece) for piece in pieces), "stamp", counts, folder):
            assert day not in found
            for one in some:
                stamps = one["stamp"].to_pylist()
                assert {stamp and stamp.date() for stamp in stamps} <= {day}
                found[day] += len(stamps)
    assert found == wanted
    assert list(folder.iterdir()) == []


def test_a_single_day_streams_through(tmp_path: Path) -> None:
    made = []

    def pieces() -> Iterator[pa.Table]:
        for number in range(50):
            made.append(number)
            yield rows(*[0] * 1000)

    [(_, found)] = by_day(pieces(), "stamp", [(FIRST, 50_000)], tmp_path)
    next(iter(found))
    assert made == [0]
