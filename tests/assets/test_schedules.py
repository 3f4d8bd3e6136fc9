from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import dagster as dg
import pytest

from assets.names import MODE_TAG
from assets.schedules import LONGEST, SILENCE, going_on
from tests.assets.conftest import FIRST, TODAY, Workshop, partitions

BOTH = pytest.mark.parametrize("mode", ["sync", "reconcile"])
STREAMS = ("threads", "contacts")
MIDNIGHT = TODAY - timedelta(days=3)


def span(request: dg.RunRequest | str) -> tuple[str, str]:
    assert isinstance(request, dg.RunRequest), request
    begin, end = (f"dagster/asset_partition_range_{which}" for which in ("start", "end"))
    return request.tags[begin], request.tags[end]


def day(number: int) -> str:
    """The day so many days after the midnight of these tests."""
    return f"{MIDNIGHT + timedelta(days=number):%Y-%m-%d}"


def change(workshop: Workshop, number: int) -> None:
    key = workshop.box.workspace.ids("threads")[number]
    workshop.box.workspace.update("threads", key, title=f"change {number}")


@pytest.fixture
def at_midnight(workshop: Workshop) -> Workshop:
    """Up to date since ten minutes before midnight, with a change in the last of them."""
    workshop.box.clock.set(MIDNIGHT - timedelta(minutes=10))
    workshop.follow(workshop.tick("sync"), *STREAMS)
    workshop.box.clock.set(MIDNIGHT - timedelta(seconds=30))
    change(workshop, 1)
    return workshop


def test_the_first_tick_ever_asks_for_everything_but_colours_a_month_at_most(
    workshop: Workshop,
) -> None:
    request = workshop.tick("sync")
    first = max(FIRST, workshop.box.clock.now() - LONGEST)
    assert span(request) == (f"{first:%Y-%m-%d}", f"{workshop.box.clock.now():%Y-%m-%d}")
    assert workshop.follow(request, *STREAMS).success
    assert workshop.differences(*STREAMS) == []


def test_the_first_tick_after_midnight_returns_to_the_day_that_has_ended(
    at_midnight: Workshop,
) -> None:
    at_midnight.box.clock.set(MIDNIGHT)
    change(at_midnight, 2)
    at_midnight.box.clock.set(MIDNIGHT + timedelta(minutes=5))
    request = at_midnight.tick("sync")
    assert span(request) == (day(-1), day(0))
    result = at_midnight.follow(request, *STREAMS)
    assert partitions(result, "threads") == [day(-1), day(0)]
    assert at_midnight.differences(*STREAMS) == []


def test_once_the_day_is_closed_ticks_ask_for_today_only(at_midnight: Workshop) -> None:
    at_midnight.box.clock.set(MIDNIGHT + timedelta(minutes=5))
    at_midnight.follow(at_midnight.tick("sync"), *STREAMS)
    at_midnight.box.clock.advance(900)
    assert span(at_midnight.tick("sync")) == (day(0), day(0))


def test_a_tick_at_midnight_sharp_asks_for_the_day_that_begins(at_midnight: Workshop) -> None:
    at_midnight.box.clock.set(MIDNIGHT)
    request = at_midnight.tick("sync")
    assert span(request) == (day(-1), day(0))
    assert at_midnight.follow(request, *STREAMS).success


def test_after_an_outage_of_days_one_tick_covers_them_all(workshop: Workshop) -> None:
    start = TODAY - timedelta(days=5)
    workshop.box.clock.set(start - timedelta(hours=1))
    workshop.follow(workshop.tick("sync"), *STREAMS)
    for number in range(6):
        workshop.box.clock.set(start + timedelta(days=number) - timedelta(seconds=1))
        change(workshop, number)
    workshop.box.clock.set(TODAY)
    request = workshop.tick("sync")
    expected = [f"{start + timedelta(days=n):%Y-%m-%d}" for n in range(-1, 6)]
    assert span(request) == (expected[0], expected[-1])
    result = workshop.follow(request, *STREAMS)
    assert partitions(result, "threads") == expected
    assert workshop.differences(*STREAMS) == []


def test_a_stream_that_fails_holds_the_day_back_until_it_is_closed(at_midnight: Workshop) -> None:
    """Its siblings are closed beyond midnight; the range still begins where it stands."""
    at_midnight.box.clock.set(MIDNIGHT + timedelta(minutes=5))
    at_midnight.follow(at_midnight.tick("sync"), "contacts")
    at_midnight.box.clock.set(MIDNIGHT + timedelta(days=2))
    request = at_midnight.tick("sync")
    assert span(request) == (day(-1), day(2))
    at_midnight.follow(request, *STREAMS)
    assert at_midnight.differences(*STREAMS) == []


def test_a_stream_that_the_key_may_not_read_any_more_holds_nothing_back(
    at_midnight: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = at_midnight.box.issue_key(["contacts:read"])
    monkeypatch.setenv("PRODUCTLANE_API_KEY", poor)
    at_midnight.box.clock.set(MIDNIGHT + timedelta(minutes=5))
    at_midnight.follow(at_midnight.tick("sync"), *STREAMS)
    at_midnight.box.clock.set(MIDNIGHT + timedelta(days=2))
    assert span(at_midnight.tick("sync")) == (day(0), day(2))


def test_a_reconcile_asks_for_what_is_unclosed_and_finds_what_was_deleted(
    at_midnight: Workshop,
) -> None:
    at_midnight.box.workspace.delete("threads", at_midnight.box.workspace.ids("threads")[0])
    at_midnight.box.clock.set(MIDNIGHT + timedelta(hours=2))
    request = at_midnight.tick("reconcile")
    assert span(request) == (day(-1), day(0))
    at_midnight.follow(request, *STREAMS)
    assert at_midnight.differences(*STREAMS) == []


def test_a_reconcile_that_comes_first_after_an_outage_makes_all_its_days_current(
    at_midnight: Workshop,
) -> None:
    """The next sync finds them closed, and begins with today."""
    at_midnight.box.clock.set(MIDNIGHT + timedelta(days=2, hours=2))
    result = at_midnight.follow(at_midnight.tick("reconcile"), *STREAMS)
    assert partitions(result, "threads") == [day(number) for number in range(-1, 3)]
    at_midnight.box.clock.advance(900)
    assert span(at_midnight.tick("sync")) == (day(2), day(2))


def test_a_damaged_warehouse_file_does_not_stop_a_tick(at_midnight: Workshop) -> None:
    published = at_midnight.data_dir / "productlane.duckdb"
    published.chmod(0o644)
    published.write_bytes(b"no database")
    assert span(at_midnight.tick("sync"))[1] == day(-1)


@BOTH
def test_before_the_first_partition_a_tick_asks_for_all_rows_and_no_range(
    make_workshop: Callable[..., Workshop], mode: str
) -> None:
    workshop = make_workshop(first=TODAY + timedelta(days=3))
    request = workshop.tick(mode)
    assert isinstance(request, dg.RunRequest), request
    assert [tag for tag in request.tags if "partition" in tag] == []
    assert workshop.follow(request, *STREAMS).success
    assert workshop.differences(*STREAMS) == []


def test_a_week_that_has_begun_is_asked_for_though_the_start_date_in_it_is_ahead(
    make_workshop: Callable[..., Workshop],
) -> None:
    sunday = TODAY + timedelta(days=6 - TODAY.weekday())
    workshop = make_workshop(grain="week", first=sunday)
    workshop.box.clock.set(TODAY)
    monday = f"{sunday - timedelta(days=6):%Y-%m-%d}"
    assert span(workshop.tick("sync")) == (monday, monday)


Begin = Callable[[str, dg.DagsterRunStatus], str]


@pytest.fixture
def begin(workshop: Workshop) -> Iterator[Begin]:
    """Begins a run that does nothing, and returns its id."""
    begun: list[str] = []

    def make(mode: str, status: dg.DagsterRunStatus) -> str:
        run = dg.DagsterRun(job_name="sync", tags={MODE_TAG: mode}, status=status)
        workshop.ticks.add_run(run)
        workshop.ticks.report_engine_event("at work", run)
        begun.append(run.run_id)
        return run.run_id

    yield make
    for run_id in begun:
        workshop.ticks.delete_run(run_id)


@BOTH
@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_tick_is_skipped_while_an_earlier_run_is_going_on(
    workshop: Workshop, begin: Begin, mode: str, status: dg.DagsterRunStatus
) -> None:
    run_id = begin(mode, status)
    assert workshop.tick(mode) == f"an earlier {mode} is still going on: run {run_id}"


@BOTH
def test_a_run_that_never_came_to_the_queue_does_not_stop_its_schedule(
    workshop: Workshop, begin: Begin, mode: str
) -> None:
    """Its daemon died between making it and submitting it."""
    begin(mode, dg.DagsterRunStatus.NOT_STARTED)
    assert isinstance(workshop.tick(mode), dg.RunRequest)


@BOTH
def test_a_finished_run_and_a_run_of_the_other_schedule_stop_nothing(
    workshop: Workshop, begin: Begin, mode: str
) -> None:
    begin(mode, dg.DagsterRunStatus.FAILURE)
    begin({"sync": "reconcile", "reconcile": "sync"}[mode], dg.DagsterRunStatus.STARTED)
    assert isinstance(workshop.tick(mode), dg.RunRequest)


def test_a_run_that_died_with_its_machine_does_not_stop_the_schedule_for_ever(
    workshop: Workshop, begin: Begin
) -> None:
    run_id = begin("sync", dg.DagsterRunStatus.STARTED)
    soon, late = time.time() + 60, time.time() + SILENCE.total_seconds() + 60
    assert going_on(workshop.ticks, "sync", soon) == run_id
    assert going_on(workshop.ticks, "sync", late) is None
