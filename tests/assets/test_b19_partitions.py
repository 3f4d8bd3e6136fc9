"""B19: thirty days of partitions, whatever the order, against one full sync of the same API."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from connector.sandbox import Fault
from tests import oracle
from tests.assets.conftest import TODAY, Workshop, days, partitions

pytestmark = pytest.mark.long

DAY = timedelta(days=1)
DAYS = 30
FIRST = TODAY - (DAYS - 1) * DAY
MIDDLE = 15
"""The day on which the runs begin; those before it have rows by then, the others get theirs."""

SEED = 1

STREAMS = ("threads", "docs_drafts")
"""Of streams whose rows are no part of each other's: a contact's new name shows in its threads,
whose stamps don't move (B7)."""


@dataclass
class Month:
    """A workspace that lives on while its partitions are materialised."""

    workshop: Workshop
    rng: random.Random
    covered: Counter[int] = field(default_factory=Counter)
    deleted: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Rows on all the days that have passed, at their very first moment and at any other."""
        self.workshop.box.clock.set(FIRST + MIDDLE * DAY)
        space = self.workshop.box.workspace
        for stream in STREAMS:
            for number, key in enumerate(space.ids(stream)):
                moment = FIRST + number % MIDDLE * DAY
                if number >= MIDDLE:
                    moment += timedelta(milliseconds=self.rng.randrange(86_400_000))
                space.update(stream, key, stamp=moment)

    def spans(self) -> list[tuple[int, int]]:
        """All days, cut into single ones and ranges, in random order; first and last of each."""
        edges = [0]
        while edges[-1] < DAYS:
            edges.append(min(edges[-1] + self.rng.choice((1, 1, 7, 9)), DAYS))
        found = [(first, behind - 1) for first, behind in pairwise(edges)]
        self.rng.shuffle(found)
        return found

    def live_until(self, moment: datetime) -> None:
        """Days pass, if any are left to, each with changes."""
        while (next_day := self.workshop.box.clock.now() + DAY) < moment:
            self.change(next_day)
        self.change(moment)

    def change(self, moment: datetime) -> None:
        """Rows move from their day to this one; some come, some go."""
        self.workshop.box.clock.set(moment)
        space = self.workshop.box.workspace
        for stream in STREAMS:
            for key in self.rng.sample(space.ids(stream), 2):
                space.update(stream, key, title=f"at {moment}")
            if self.rng.random() < 0.3:
                space.create(stream)
            if self.rng.random() < 0.2:
                self.deleted.append(self.rng.choice(space.ids(stream)))
                space.delete(stream, self.deleted[-1])

    def run(self, first: int, last: int) -> dg.ExecuteInProcessResult:
        """One day as the UI asks for it, or a range in a single run."""
        if first == last:
            tags = {"dagster/partition": named(first)}
        else:
            tags = days(FIRST + first * DAY, FIRST + last * DAY)
        return self.workshop.run(*STREAMS, layers="lake", **tags)

    def materialise(self, first: int, last: int) -> None:
        """A run that makes exactly its days current."""
        result = self.run(first, last)
        assert result.success
        span = range(first, last + 1)
        for stream in STREAMS:
            assert partitions(result, stream) == [*map(named, span)]
        self.covered.update(span)

    def fail(self, first: int, last: int) -> None:
        """A run that loses one of its lists on the way: the other one's days are current."""
        self.workshop.box.faults.add(Fault("404", at=2, path="/threads$"))
        result = self.run(first, last)
        self.workshop.box.faults.clear()
        assert not result.success
        assert len(partitions(result, "threads")) < last - first + 1
        assert len(partitions(result, "docs_drafts")) == last - first + 1


def named(number: int) -> str:
    """Dagster's key of a day."""
    return f"{FIRST + number * DAY:%Y-%m-%d}"


@pytest.fixture
def month(make_workshop: Callable[..., Workshop], monkeypatch: pytest.MonkeyPatch) -> Month:
    """All days materialised twice: at first while time goes on to today, then as it stands."""
    monkeypatch.setenv("PRODUCTLANE_PAGE_SIZE", "7")
    workshop = make_workshop(threads=60, docs_drafts=45, first=FIRST, start=FIRST)
    month = Month(workshop, random.Random(SEED))
    month.begin()
    plan = month.spans()
    for number, span in enumerate(plan, start=1):
        month.materialise(*span)
        month.live_until(FIRST + (MIDDLE + (DAYS - 1 - MIDDLE) * number / len(plan)) * DAY)
    month.fail(0, MIDDLE)
    for number, span in enumerate([(0, MIDDLE), *month.spans()], start=1):
        month.live_until(TODAY + timedelta(seconds=10 * number))
        month.materialise(*span)
    month.materialise(DAYS - 1, DAYS - 1)
    assert set(month.covered) == set(range(DAYS))
    assert min(month.covered.values()) >= 2
    assert workshop.run(*STREAMS, layers="warehouse").success
    return month


def present(data_dir: Path) -> list[list[tuple[object, ...]]]:
    """The rows of each table, without the columns that say how they were read."""
    how = "_synced_at, _valid_from, _walk, _request_id"
    with oracle.published(data_dir) as con:
        return [
            con.execute(f"SELECT * EXCLUDE ({how}) FROM main.{stream} ORDER BY ALL").fetchall()
            for stream in STREAMS
        ]


def test_b19_thirty_days_in_random_order_twice_equal_one_full_sync(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a failure and its retry among the runs, and live edits between any two of them."""
    workshop = month.workshop
    rows = [row for table in present(workshop.data_dir) for row in table]
    gone = [row for row in rows if row[0] in month.deleted]
    found = oracle.differences(workshop.data_dir, workshop.box.workspace, list(STREAMS))
    # No window shows that a row is gone; in all else the days alone have made the tables right.
    assert [one for one in found if "invented" not in one] == []
    assert len(found) == len(gone) > 0

    workshop.box.clock.advance(600)
    assert workshop.bring_up_to_date(*STREAMS).success
    assert workshop.bring_up_to_date(*STREAMS, mode="reconcile").success
    assert workshop.differences(*STREAMS) == []
    monkeypatch.setenv("PRODUCTLANE_DATA_DIR", str(tmp_path / "another"))
    assert workshop.bring_up_to_date(*STREAMS, mode="reconcile").success
    assert present(workshop.data_dir) == present(tmp_path / "another")
    with oracle.published(workshop.data_dir) as con:
        seen = con.execute("SELECT DISTINCT updated_at::DATE FROM history.threads").fetchall()
    assert len(seen) >= 25  # a day whose rows all moved on before it was asked for has none
