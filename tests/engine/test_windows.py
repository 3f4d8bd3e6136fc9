"""What windows must not miss: changes, ties, edges, late rows, silent changes (B1 to B7, B19)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector import stamps
from connector.sandbox import Fault, Readings
from tests.bench import START, Bench
from tests.few import few

Make = Callable[..., Bench]


@pytest.mark.parametrize("overlap", [0, 300])
@pytest.mark.parametrize("page_size", few([7, 1, 50], 1))
def test_b01_a_row_that_changes_behind_the_cursor_comes_with_the_next_sync(
    make_bench: Make, page_size: int, overlap: int
) -> None:
    at = make_bench(page_size=page_size)
    at.settings = replace(at.settings, overlap=timedelta(seconds=overlap))
    rng = random.Random(page_size)
    threads = at.box.workspace.ids("threads")

    def change(request: Any) -> None:
        if request.path == "/threads":
            at.box.clock.advance(61)
            at.box.workspace.update("threads", rng.choice(threads), title=f"{rng.random()}")

    at.box.before_each(change)
    at.sync("threads")
    at.sync("threads")
    at.box.clear_hooks()
    at.sync("threads")
    assert at.differences("threads") == []


@pytest.mark.parametrize("bounds", ["exclusive", "inclusive"])
def test_b02_five_hundred_rows_of_one_stamp_across_pages_and_windows(
    make_bench: Make, bounds: str
) -> None:
    at = make_bench(page_size=37, readings=Readings(bounds=bounds))
    at.sync("contacts")
    stamp = at.box.clock.now()
    for number in range(500):
        at.box.workspace.create(
            "contacts", email=f"c{number}@x.example", created_at=stamp, updated_at=stamp
        )
    at.sync("contacts")
    at.pass_time(1)
    at.sync("contacts")
    at.pass_time(3600)
    at.sync("contacts")
    assert at.differences("contacts") == []


@pytest.mark.parametrize("bounds", ["exclusive", "inclusive"])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_b03_rows_at_the_edges_of_windows_are_in_one_of_them(
    make_bench: Make, bounds: str, offset: int
) -> None:
    at = make_bench(threads=50, readings=Readings(bounds=bounds, resolution="finer"))
    edge = datetime(2026, 10, 20, tzinfo=UTC)
    row = at.box.workspace.ids("threads")[3]
    at.box.workspace.update("threads", row, stamp=edge + timedelta(microseconds=offset))
    day = timedelta(days=1)
    for number in range(-2, 2):
        at.sync("threads", since=edge + number * day, until=edge + (number + 1) * day)
    assert at.query(f"SELECT count(*) FROM main.threads WHERE id = '{row}'") == [(1,)]


@pytest.mark.parametrize("overlap", [0, 300])
def test_b04_rows_that_become_visible_late_are_not_passed_by(
    make_bench: Make, overlap: int
) -> None:
    at = make_bench()
    at.settings = replace(at.settings, overlap=timedelta(seconds=overlap))
    at.sync("threads")
    row = at.box.workspace.ids("threads")[5]
    at.box.workspace.hide_until("threads", row, at.box.clock.now() + timedelta(seconds=50))
    at.box.workspace.update("threads", row, title="hidden at first")
    at.pass_time(30)  # without the lag, the window would close over the stamp
    at.sync("threads")
    assert at.query(f"SELECT title FROM main.threads WHERE id = '{row}'") != [("hidden at first",)]
    at.pass_time(25)
    at.sync("threads")
    assert at.query(f"SELECT title FROM main.threads WHERE id = '{row}'") == [("hidden at first",)]


def test_b04_a_row_that_becomes_visible_beyond_the_lag_is_found_by_the_full_walk_and_counted(
    at_bench: Bench,
) -> None:
    at = at_bench
    at.sync("threads")
    row = at.box.workspace.ids("threads")[5]
    at.pass_time(60)
    at.box.workspace.update("threads", row, title="hidden for hours")
    at.box.workspace.hide_until("threads", row, at.box.clock.now() + timedelta(hours=2))
    at.pass_time(3600)
    at.sync("threads")
    at.pass_time(7200)
    at.sync("threads")
    assert at.query("SELECT sum(late) FROM meta.walks") == [(0,)]
    at.sync("threads", full=True)
    assert at.differences("threads") == []
    assert at.query("SELECT sum(late), sum(drifted) FROM meta.walks") == [(1, 0)]


@pytest.mark.parametrize("age", [0, 200])
def test_b06_same_stamp_other_content_inside_the_overlap_is_stored(
    at_bench: Bench, age: int
) -> None:
    row = at_bench.box.workspace.ids("threads")[0]
    at_bench.box.workspace.update("threads", row, title="one")
    at_bench.pass_time(age)
    at_bench.sync("threads")
    at_bench.box.workspace.update("threads", row, stamp=False, title="two")
    at_bench.pass_time(60)
    at_bench.sync("threads")
    assert at_bench.query(f"SELECT title FROM main.threads WHERE id = '{row}'") == [("two",)]


def test_b07_a_silent_change_is_found_by_the_next_full_walk_and_counted(at_bench: Bench) -> None:
    at_bench.sync("threads")
    row = at_bench.box.workspace.ids("threads")[9]
    at_bench.box.workspace.update("threads", row, stamp=False, title="silently")
    at_bench.pass_time()
    assert at_bench.outcome(at_bench.sync("threads"), "threads").changed == 0
    at_bench.sync("threads", full=True)
    assert at_bench.differences("threads") == []
    assert at_bench.query("SELECT sum(drifted) FROM meta.walks") == [(1,)]


def test_b07_the_fields_that_changed_silently_are_named(at_bench: Bench) -> None:
    at = at_bench
    at.sync("threads")
    rows = at.box.workspace.ids("threads")
    at.box.workspace.update("threads", rows[2], stamp=False, title="silently", text="so")
    at.box.workspace.update("threads", rows[4], stamp=False, title="silently")
    at.box.workspace.update("threads", rows[6], title="with a stamp")
    at.pass_time()
    at.sync("threads", full=True)
    assert at.query("SELECT field, rows FROM meta.drift ORDER BY field") == [
        ("text", 1),
        ("title", 2),
    ]


def test_b19_partitions_in_any_order_repeated_between_live_edits_keep_each_row_once(
    at_bench: Bench,
) -> None:
    at = at_bench
    day = timedelta(days=1)
    days = [START.replace(hour=0) - number * 200 * day for number in (0, 3, 1, 2, 5, 4, 1)]
    for number, start in enumerate(days):
        at.sync("threads", since=start, until=start + 200 * day)
        at.box.workspace.update("threads", at.box.workspace.ids("threads")[number], title="moved")
        at.pass_time()
    at.sync("threads")
    at.sync("threads", full=True)
    assert at.differences("threads") == []


def test_b05_one_answer_that_is_dated_a_day_ahead_closes_nothing_of_that_day(
    at_bench: Bench,
) -> None:
    """As by a replica or a proxy with a clock of its own."""
    at = at_bench
    at.sync("threads")
    at.pass_time()
    at.box.before_each(lambda r: at.box.clock.advance(86400) if r.path == "/threads" else None)
    at.sync("threads")
    at.box.clear_hooks()
    at.box.clock.advance(-86400)
    at.pass_time()
    at.box.workspace.update("threads", at.box.workspace.ids("threads")[0], title="news")
    at.pass_time()
    at.sync("threads")
    assert at.differences("threads") == []


@pytest.mark.parametrize(("minutes", "outcome"), [(60, "failed"), (0, "done")])
def test_a_list_that_does_not_filter_is_not_believed_to_be_a_window(
    at_bench: Bench, minutes: int, outcome: str
) -> None:
    """What such a list shows is no proof that nothing else has changed."""
    at_bench.sync("threads")
    at_bench.pass_time()
    window = "SELECT closed_to FROM meta.windows WHERE stream = 'threads'"
    ((closed,),) = at_bench.query(window)
    stamp = closed - at_bench.settings.overlap - timedelta(minutes=minutes)
    row = at_bench.box.workspace.live("threads")[0] | {"updated_at": stamps.wire(stamp)}
    page = {"data": [row], "page": {"cursor": None, "has_more": False, "limit": 200}}
    body = json.dumps(page, default=str).encode()
    at_bench.box.faults.add(Fault("answer", path="/threads$", at=1, status=200, body=body))
    found = at_bench.outcome(at_bench.sync("threads"), "threads")
    assert found.outcome == outcome
    assert ("outside the window" in found.error) is (outcome == "failed")
    assert (at_bench.query(window) == [(closed,)]) is (outcome == "failed")
