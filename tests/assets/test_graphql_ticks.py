"""Ticks of the schedule `sync`, evaluated by Dagster's own server and daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from logging import getLogger
from unittest.mock import Mock

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time
from dagster._scheduler.scheduler import launch_scheduled_runs

from assets.names import MODE_TAG
from tests.assets import questions
from tests.assets.conftest import TODAY, Workshop, days
from tests.assets.pages import MARKS, PLACE, Pages, span, tags_of
from tests.assets.scenario import (
    BEGIN,
    DAY,
    QUARTER,
    THREADS,
    a_change_a_day,
    change,
    held_up,
)

pytestmark = MARKS


def test_a_tick_that_comes_while_a_backfill_runs_starts_a_sync(pages: Pages) -> None:
    a_change_a_day(pages)
    backfill = threading.Thread(
        target=pages.launch, args=THREADS[:1], kwargs=days(BEGIN + DAY, BEGIN + 5 * DAY)
    )
    with held_up(pages.workshop.box, at=3) as came:
        backfill.start()
        assert came.wait(60)
        tags = tags_of(pages.tick("sync", TODAY))
    run_id = pages.launch(*THREADS, **tags)
    backfill.join()
    assert pages.run(run_id)["status"] == "SUCCESS"
    assert pages.workshop.differences("threads") == []


@dataclass
class Scheduler:
    """The daemon's own, at moments that we choose. Its runs stay in the queue."""

    pages: Pages
    state: str = ""

    def start(self, at: datetime) -> None:
        """The switch of the schedule, put on."""
        with freeze_time(at):
            found = self.pages.ask(questions.START, selector={**PLACE, "scheduleName": "sync"})
        assert found["scheduleState"]["status"] == "RUNNING"
        self.state = found["scheduleState"]["id"]

    def stop(self, at: datetime) -> None:
        """And off again."""
        with freeze_time(at):
            found = self.pages.ask(questions.STOP, id=self.state)
        assert found["scheduleState"]["status"] == "STOPPED"

    def turn(self, at: datetime) -> list[dict[str, str]]:
        """The tags of the runs that it asks for now; they leave the queue undone."""
        with freeze_time(at):
            list(launch_scheduled_runs(self.pages.context, getLogger("daemon"), at, {}))
        found = []
        for run in self.pages.ask(questions.RUNS)["results"]:
            if run["status"] == "QUEUED":
                found.append({tag["key"]: tag["value"] for tag in run["tags"]})
                self.pages.ask(questions.DELETE, id=run["runId"])
        return found


def ours(tags: dict[str, str]) -> dict[str, str]:
    """What we ask for in a run's tags, without what Dagster adds."""
    return {key: tags[key] for key in (MODE_TAG, *days(BEGIN, BEGIN))}


@pytest.mark.exhaustive  # `test_schedules` does it without the daemon
def test_a_schedule_that_was_stopped_and_started_again_loses_nothing(
    make_pages: Callable[..., Pages], workshop: Workshop
) -> None:
    queue = {"module": "dagster", "class": "QueuedRunCoordinator"}
    pages = make_pages(workshop, run_coordinator=queue)
    scheduler, now = Scheduler(pages), BEGIN + DAY
    scheduler.start(now)
    workshop.box.clock.set(now + QUARTER)
    (first,) = scheduler.turn(now + QUARTER)
    # The same in part, by a launcher of this process: a run of everything takes long.
    workshop.run("threads", **ours(first))
    scheduler.stop(now + 2 * QUARTER)
    for number in range(1, 4):
        workshop.box.clock.set(now + number * DAY)
        change(pages, number)
    workshop.box.clock.advance(60)
    assert scheduler.turn(now + 3 * DAY) == []
    scheduler.start(now + 3 * DAY + timedelta(minutes=1))
    (tags,) = scheduler.turn(now + 3 * DAY + QUARTER)
    assert tags["dagster/asset_partition_range_start"] == f"{now:%Y-%m-%d}"
    workshop.run("threads", **ours(tags))
    assert workshop.differences("threads") == []


class Killed(BaseException):
    """What ends a daemon."""


def test_the_run_of_a_daemon_that_died_before_the_queue_is_submitted_by_the_next_one(
    make_pages: Callable[..., Pages], workshop: Workshop
) -> None:
    queue = {"module": "dagster", "class": "QueuedRunCoordinator"}
    scheduler, at = Scheduler(make_pages(workshop, run_coordinator=queue)), BEGIN + DAY + QUARTER
    scheduler.start(BEGIN + DAY)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(dg.DagsterInstance, "submit_run", Mock(side_effect=Killed))
        scheduler.turn(at)
    (made,) = scheduler.pages.ask(questions.RUNS)["results"]
    assert made["status"] == "NOT_STARTED"
    (tags,) = scheduler.turn(at + timedelta(seconds=30))
    assert tags[MODE_TAG] == "sync"
    assert scheduler.pages.ask(questions.RUNS)["results"] == []


def test_midnight_between_two_ticks_hides_nothing(pages: Pages) -> None:
    box, midnight = pages.workshop.box, TODAY - DAY
    box.clock.set(midnight - timedelta(minutes=10))
    pages.launch(*THREADS, **tags_of(pages.tick("sync", box.clock.now())))
    for number, at in enumerate((-1, 1)):  # a second before, a second after
        box.clock.set(midnight + timedelta(seconds=at))
        change(pages, number)
    box.clock.set(midnight + timedelta(minutes=5))
    tags = tags_of(pages.tick("sync", box.clock.now()))
    pages.launch(*THREADS, **tags)
    assert pages.workshop.differences("threads") == []
    assert pages.ranges("lake/threads")[-1][1] == f"{midnight:%Y-%m-%d}"
    newest = pages.asset("lake/threads")["assetMaterializations"][:2]
    assert {one["partition"] for one in newest} == set(span(midnight - DAY, midnight))
