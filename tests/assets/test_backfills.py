from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import oracle
from tests.assets.conftest import TODAY, Workshop, days, materialized, partitions

DAY = timedelta(days=1)
BEGIN = TODAY - 6 * DAY
"""The day on which the workshop's clock begins, at noon."""


def a_busy_week(workshop: Workshop) -> list[str]:
    """A full sync, then a change at the first and last moment of each of five days."""
    workshop.bring_up_to_date("threads")
    changed = workshop.box.workspace.ids("threads")[:10]
    for number, key in enumerate(changed):
        day = BEGIN + (1 + number // 2) * DAY
        moment = day if number % 2 == 0 else day + DAY - timedelta(milliseconds=1)
        workshop.box.clock.set(max(workshop.box.clock.now(), moment))
        workshop.box.workspace.update("threads", key, stamp=moment, title=f"change {number}")
    workshop.box.clock.set(TODAY)
    return changed


def table(workshop: Workshop) -> list[tuple[str, str]]:
    """The stream's rows and versions as they mean something to a reader."""
    with oracle.published(workshop.data_dir) as con:
        return con.execute(
            "SELECT id, title, updated_at FROM history.threads ORDER BY ALL"
        ).fetchall()


def test_a_range_is_one_run_that_makes_each_of_its_days_current(workshop: Workshop) -> None:
    a_busy_week(workshop)
    result = workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads")
    assert result.success
    expected = [f"{BEGIN + n * DAY:%Y-%m-%d}" for n in range(1, 6)]
    assert partitions(result, "threads") == expected
    facts = materialized(result)["lake/threads"]
    first, behind = f"{BEGIN + DAY:%Y-%m-%d} 00:00 UTC", f"{BEGIN + 6 * DAY:%Y-%m-%d} 00:00 UTC"
    assert facts["window"] == f"from {first} to {behind}"
    assert (facts["rows"], facts["changed"]) == (10, 10)
    assert workshop.differences("threads") == []


@pytest.mark.parametrize("order", [(5, 4, 3, 2, 1), (3, 3, 1, 5, 2, 4, 1)])
def test_days_in_any_order_and_twice_make_the_same_tables(
    workshop: Workshop, order: tuple[int, ...]
) -> None:
    a_busy_week(workshop)
    for number in order:
        day = BEGIN + number * DAY
        assert workshop.run("threads", layers="lake", **days(day, day)).success
    workshop.run("threads", layers="warehouse")
    assert workshop.differences("threads") == []
    before = table(workshop)
    assert len(before) == 30
    again = materialized(workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads"))
    assert (again["lake/threads"]["new"], again["lake/threads"]["changed"]) == (0, 0)
    assert table(workshop) == before


def test_today_is_asked_for_without_an_end(workshop: Workshop) -> None:
    """A server whose clock is ahead of ours has rows of tomorrow."""
    a_busy_week(workshop)
    key = workshop.box.workspace.ids("threads")[15]
    workshop.box.clock.set(datetime.now(UTC) + DAY)
    workshop.box.workspace.update("threads", key, title="from tomorrow")
    result = workshop.backfill(TODAY, TODAY, "threads")
    facts = materialized(result)["lake/threads"]
    assert facts["window"] == f"from {TODAY:%Y-%m-%d} 00:00 UTC"
    assert ("from tomorrow",) in {(title,) for _, title, _ in table(workshop)}


def test_a_backfill_erases_nothing_that_it_does_not_see(workshop: Workshop) -> None:
    """A row that moved out of the window meanwhile, or is gone, is no business of a window."""
    changed = a_busy_week(workshop)
    workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads")
    workshop.box.workspace.update("threads", changed[0], title="moved on")
    workshop.box.workspace.delete("threads", changed[1])
    workshop.box.clock.advance(3600)
    result = workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads")
    assert materialized(result)["warehouse/threads"]["dagster/row_count"] == 20
    workshop.bring_up_to_date("threads", mode="reconcile")
    assert workshop.differences("threads") == []


def test_unpartitioned_assets_in_the_same_run_are_brought_up_to_date(workshop: Workshop) -> None:
    a_busy_week(workshop)
    result = workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads", "thread_messages", "tags")
    assert result.success
    assert workshop.differences("threads", "thread_messages", "tags") == []
    assert materialized(result)["lake/tags"]["window"] == "everything"


def test_the_command_line_of_dagster_takes_a_range(workshop: Workshop, tmp_path: Path) -> None:
    a_busy_week(workshop)
    span = f"{BEGIN + DAY:%Y-%m-%d}...{BEGIN + 5 * DAY:%Y-%m-%d}"
    command = ["-m", "dagster", "asset", "materialize", "-m", "assets.definitions"]
    options = ["--select", 'key:"lake/threads" or key:"warehouse/threads"', "--partition-range"]
    (tmp_path / "home").mkdir()
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command, *options, span],
        env={**os.environ, "DAGSTER_HOME": str(tmp_path / "home")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert workshop.differences("threads") == []
