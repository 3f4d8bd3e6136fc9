from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from assets.partitions import begin_of
from connector.sandbox import Fault
from connector.settings import Grain
from tests import oracle
from tests.assets.conftest import TODAY, Workshop, days, materialized, partitions, said
from tests.few import few

pytestmark = pytest.mark.long

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
    assert (facts["new"], facts["changed"]) == (0, 10)
    assert facts["rows"] >= 10  # what lies at the border of two parts is read with both
    assert workshop.differences("threads") == []


@pytest.mark.exhaustive  # `test_b19_partitions` does it with thirty days
@pytest.mark.parametrize("order", [(3, 3, 1, 5, 2, 4, 1), (5, 4, 3, 2, 1)])
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


def rows_by_day(result: dg.ExecuteInProcessResult) -> dict[str | None, int]:
    found = result.asset_materializations_for_node("lake__threads")
    return {one.partition: one.metadata["dagster/partition_row_count"].value for one in found}


def listed(workshop: Workshop, first: datetime, behind: datetime) -> int:
    """How many threads the API lists now whose stamp is in a span."""
    stamps = [row["updated_at"] for row in workshop.box.workspace.live("threads")]
    return sum(first <= datetime.fromisoformat(stamp) < behind for stamp in stamps)


def test_each_day_says_how_many_rows_it_has(workshop: Workshop) -> None:
    a_busy_week(workshop)
    found = rows_by_day(workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads"))
    assert found == {f"{BEGIN + n * DAY:%Y-%m-%d}": 2 for n in range(1, 6)}


def test_a_backfill_says_how_far_it_is_and_how_fast(workshop: Workshop) -> None:
    a_busy_week(workshop)
    lines = said(workshop, workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads"))
    parts = [line for line in lines if line.startswith("part ")]
    assert len(parts) == 5
    day = f"{BEGIN + 2 * DAY:%Y-%m-%d}"
    # Each part is asked for a second wider than it is, so some rows come twice.
    form = rf"part 2 of 5, {day} to {day}: \d+ rows so far, 2 requests, \d+ a minute; .* left"
    assert re.fullmatch(form, parts[1])


def test_what_was_finished_before_a_failure_stays_finished(workshop: Workshop) -> None:
    """And its error says stream, status, code, request id and what to do."""
    a_busy_week(workshop)
    workshop.box.faults.add(Fault("404", at=3, path="/threads$"))
    result = workshop.backfill(BEGIN + DAY, BEGIN + 5 * DAY, "threads")
    assert not result.success
    assert rows_by_day(result) == {f"{BEGIN + n * DAY:%Y-%m-%d}": 2 for n in (1, 2)}
    (event,) = result.get_step_failure_events()
    assert event.step_failure_data.user_failure_data
    told = str(event.step_failure_data.user_failure_data.description)
    for part in ("threads: ", "HTTP 404", "not_found", "request_id"):
        assert part in told
    workshop.run("threads", layers="warehouse")
    titles = {title for _, title, _ in table(workshop)}
    assert {"change 0", "change 3"} <= titles
    assert "change 6" not in titles


@pytest.mark.parametrize("grain", few(["week", "month"], 1))
def test_weeks_and_months_are_partitions_as_well(
    make_workshop: Callable[..., Workshop], grain: Grain
) -> None:
    workshop = make_workshop(grain=grain, first=TODAY - 70 * DAY)
    a_busy_week(workshop)
    first, last = begin_of(BEGIN.date(), grain), begin_of(TODAY.date(), grain)
    tags = {"dagster/asset_partition_range_start": first.isoformat()}
    tags |= {"dagster/asset_partition_range_end": last.isoformat()}
    result = workshop.run("threads", **tags)
    assert result.success
    assert workshop.differences("threads") == []
    found = rows_by_day(result)
    starts = [datetime.fromisoformat(str(key)).replace(tzinfo=UTC) for key in sorted(found)]
    for start, behind in pairwise([*starts, datetime.max.replace(tzinfo=UTC)]):
        assert found[f"{start:%Y-%m-%d}"] == listed(workshop, start, behind)
    assert min(found) == first.isoformat()
    assert max(found) == last.isoformat()
    tagged = workshop.tick("sync")
    assert isinstance(tagged, dg.RunRequest)
    assert tagged.tags["dagster/asset_partition_range_end"] == last.isoformat()
