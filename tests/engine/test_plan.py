"""What a plan says beforehand is what the run takes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector import errors
from connector.ledger import Run
from connector.plan import Plan, plan
from connector.sandbox import Readings
from connector.sync import Order
from tests.bench import FEED, Bench, no_sleep
from tests.few import few

pytestmark = pytest.mark.long

Make = Callable[..., Bench]

HOUR = 3600.0
DAY = 24 * HOUR


def planned(at: Bench, *streams: str, **order: Any) -> Plan:
    return asyncio.run(plan(at.settings, Order(streams, **order), sleep=no_sleep))


def compared(at: Bench, *streams: str, **order: Any) -> tuple[Plan, Run]:
    """A plan, and the run that it was made for."""
    made = planned(at, *streams, **order)
    return made, at.sync(*streams, **order)


def by_stream(found: Plan | Run) -> dict[str, int]:
    return {one.stream: one.requests for one in found.streams}


def test_an_idle_sync_is_planned_exactly(at_bench: Bench) -> None:
    at_bench.sync()
    at_bench.pass_time()
    made, run = compared(at_bench)
    assert by_stream(made) == by_stream(run)
    assert made.requests == run.requests


def test_a_plan_of_what_is_known_asks_only_whose_key_it_is(at_bench: Bench) -> None:
    at_bench.sync()
    before = at_bench.query("SELECT count(*) FROM meta.runs")
    at_bench.box.requests.clear()
    made = planned(at_bench)
    assert [one.path.removeprefix("/api/v2") for one in at_bench.box.requests] == ["/me"]
    assert made.asked == 1
    assert at_bench.query("SELECT count(*) FROM meta.runs") == before


def test_what_is_due_by_signal_and_by_rotation_is_planned_exactly(make_bench: Make) -> None:
    at = make_bench(threads=40, readings=Readings(children_bump="no"))
    at.settings = replace(at.settings, audit_share=10 / 60_000)
    at.sync(*FEED)
    at.pass_time(DAY + HOUR)
    for thread in at.box.workspace.ids("threads")[:6]:
        at.box.workspace.update("threads", thread, title="moved")
    at.sync("threads")
    at.pass_time()
    made, run = compared(at, *FEED)
    messages = next(one for one in made.streams if one.stream == "thread_messages")
    assert (messages.due, messages.rotated, messages.requests) == (6, 5, 11)
    assert by_stream(made) == by_stream(run)


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_parent_that_is_due_does_not_count_for_the_rotation_too(
    make_bench: Make, share: float
) -> None:
    at = make_bench(threads=20, readings=Readings(children_bump="no"))
    at.settings = replace(at.settings, audit_share=share)
    at.sync(*FEED)
    at.pass_time(DAY + HOUR)
    for thread in at.box.workspace.ids("threads")[:7]:
        at.box.workspace.update("threads", thread, title="moved")
    at.sync("threads")
    at.pass_time()
    made, run = compared(at, *FEED)
    assert by_stream(made) == by_stream(run)
    assert by_stream(made)["thread_messages"] == (20 if share else 7)


def test_as_many_changes_as_usual_stay_within_what_is_said(make_bench: Make) -> None:
    at = make_bench(threads=60)
    at.sync()
    for number in range(5):
        at.pass_time()
        at.box.workspace.change_randomly(random.Random(number), 30)
        at.pass_time(120)
        if number > 2:
            made, run = compared(at)
            assert made.least <= run.requests <= made.most
            assert abs(made.requests - run.requests) <= 0.35 * run.requests
        else:
            at.sync()


@pytest.mark.parametrize("page_size", few([7, 200], 1))
def test_a_full_walk_is_planned_exactly(make_bench: Make, page_size: int) -> None:
    at = make_bench(threads=30, page_size=page_size)
    at.sync()
    at.sync(full=True)
    at.pass_time()
    made, run = compared(at, full=True)
    assert by_stream(made) == by_stream(run)
    assert made.requests == run.requests


def test_a_window_is_planned_exactly(make_bench: Make) -> None:
    at = make_bench(threads=60, page_size=9)
    at.sync()
    at.pass_time()
    ((since, until),) = at.query("""SELECT quantile_disc(updated_at, 0.2), quantile_disc(updated_at,
        0.8) FROM threads""")
    for order in ({"since": since}, {"until": until}, {"since": since, "until": until}):
        made, run = compared(at, **order)
        assert by_stream(made) == by_stream(run), order
        assert by_stream(made)["threads"] > 3


def test_a_first_load_is_planned_within_a_fifth(make_bench: Make) -> None:
    at = make_bench(threads=250, page_size=10, contacts=450, companies=75)
    made, run = compared(at)
    assert abs(made.requests - run.requests) <= 0.2 * run.requests
    assert made.least <= run.requests <= made.most


@pytest.mark.parametrize("seed", few(range(2), 1))
@pytest.mark.parametrize("threads", [700, 6000])
def test_a_long_list_that_was_never_read_is_measured_by_a_few_pages(
    make_bench: Make, threads: int, seed: int
) -> None:
    at = make_bench(threads=threads, seed=seed)
    made = planned(at, "threads")
    assert made.asked <= 1 + 16
    assert abs(made.requests - 1 - threads / 200) <= max(0.2 * threads / 200, 1)


def test_a_list_that_came_in_all_at_one_moment_is_measured_all_the_same(make_bench: Make) -> None:
    at = make_bench(threads=30, contacts=0, page_size=10)
    for _ in range(300):
        at.box.workspace.create("threads")
    made = planned(at, "threads")
    assert made.asked <= 1 + 16
    assert made.requests > 1


def test_a_backfill_of_some_days_says_nothing_of_the_rest(make_bench: Make) -> None:
    at = make_bench(threads=300, page_size=20)
    at.sync("threads", since=at.box.clock.now().replace(month=9))
    made, run = compared(at, *FEED)
    assert abs(made.requests - run.requests) <= 0.2 * run.requests


def test_a_first_load_that_was_cut_short_goes_on_in_the_plan(make_bench: Make) -> None:
    at = make_bench(threads=50)
    at.sync("threads")
    at.pass_time()
    made, run = compared(at, *FEED)
    assert by_stream(made) == by_stream(run) == {
        "threads": 1, "thread_messages": 50, "thread_comments": 50
    }  # fmt: skip


def test_minutes_follow_from_the_requests_and_the_key(make_bench: Make) -> None:
    at = make_bench(threads=2000, contacts=0)
    at.sync("threads")
    at.box.limit_to(1000)
    made = planned(at, *FEED)
    assert made.requests_a_minute == 975
    assert made.minutes == pytest.approx((made.requests - 300) / 975, abs=0.02)
    assert made.requests == 4002
    assert made.finish_at > made.planned_at


def test_a_stream_that_cannot_be_read_is_left_out_and_says_why(at_bench: Bench) -> None:
    key = at_bench.box.issue_key(["tags:read"])
    at_bench.settings = replace(at_bench.settings, api_key=key)
    streams = {one.stream: one for one in planned(at_bench).streams}
    assert streams["tags"].outcome == "asked"
    assert streams["threads"].outcome == streams["thread_messages"].outcome == "skipped"
    assert "scope threads:read" in streams["threads"].error


def test_a_child_whose_parent_was_never_read_would_fail(at_bench: Bench) -> None:
    (one,) = planned(at_bench, "thread_comments").streams
    assert (one.outcome, one.exit_code, one.requests) == ("failed", 2, 0)


def test_another_workspaces_lake_is_refused_as_by_the_sync(make_bench: Make) -> None:
    at, other = make_bench(seed=1), make_bench(seed=2)
    at.sync("tags")
    other.settings = replace(other.settings, data_dir=at.settings.data_dir)
    with pytest.raises(errors.ConfigurationError, match="holds workspace"):
        planned(other)


def test_contacts_children_are_planned_exactly(make_bench: Make) -> None:
    at = make_bench(threads=5, contacts=25)
    streams = ("contacts", "contact_companies", "contact_portals")
    at.sync("contacts")
    at.pass_time()
    made, run = compared(at, *streams)
    assert by_stream(made) == by_stream(run)
    assert by_stream(made)["contact_portals"] == 25
