"""What views say of the past is what the source was then, as far as syncs saw it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest

from tests.bench import Bench

pytestmark = pytest.mark.long


@pytest.fixture
def at(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench(threads=8)


def test_status_daily_is_what_the_inbox_was_at_the_end_of_each_day(at: Bench) -> None:
    """Also after a day without changes, and for threads that were deleted since."""
    space, rng, was = at.box.workspace, random.Random(5), {}
    at.sync("threads")
    for number in range(4):
        at.pass_time(86400)
        for key in space.ids("threads")[:4] if number != 2 else ():
            space.update("threads", key, status=rng.choice(("open", "snoozed", "done")))
        if number == 1:
            space.create("threads", status="open")
        if number == 3:
            space.delete("threads", space.ids("threads")[2])
        at.pass_time(600)
        at.sync("threads", full=number == 3)
        today = at.box.clock.now().date()
        was[today] = Counter(row["status"] for row in space.live("threads"))
    found: dict[date, Counter[str]] = {day: Counter() for day in was}
    for day, status, threads in at.query("FROM analytics.status_daily"):
        if day in found:
            found[day][status] += threads
    assert found == was
    assert len(set(map(str, was.values()))) > 2


def test_a_thread_was_done_when_its_stamp_says_and_reopened_as_often_as_was_seen(
    at: Bench,
) -> None:
    space, thread = at.box.workspace, at.box.workspace.create("threads", status="open")
    begun = at.box.clock.now()
    for status in ("done", "open", "snoozed", "done", "open", "done"):
        at.pass_time(1800)
        space.update("threads", thread, status=status)
        at.pass_time(1800)
        at.sync("threads")
    ((hours, done_at, reopenings),) = at.query(
        f"""SELECT hours_to_done, done_at, reopenings FROM analytics.thread_metrics
        WHERE id = '{thread}'"""
    )
    assert reopenings == 2
    assert hours == pytest.approx(0.5, abs=0.01)
    assert (done_at - begun).total_seconds() == pytest.approx(1800, abs=30)
