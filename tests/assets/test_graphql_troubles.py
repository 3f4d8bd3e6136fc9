"""Crashes, refusals and repetitions, as the pages and the daemon of Dagster meet them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import duckdb
import pytest

from assets.partitions import begin_of
from connector.lake import Lake
from connector.sandbox import Fault
from connector.warehouse import rebuild
from connector.workfile import work_file
from tests.assets import questions
from tests.assets.conftest import TODAY, Workshop, days
from tests.assets.launcher import APART
from tests.assets.pages import MARKS, Pages, span, tags_of
from tests.assets.scenario import (
    BEGIN,
    DAY,
    SYNC,
    TAGS,
    THREADS,
    a_change_a_day,
    asked,
    held_up,
    table,
)

pytestmark = MARKS


def test_a_retry_of_a_failed_sync_runs_only_what_failed_and_ends_green(pages: Pages) -> None:
    pages.workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    failed = pages.launch(*TAGS, "lake/tag_groups", "warehouse/tag_groups", **SYNC)
    assert set(pages.failures(failed)) == {"lake__tags"}
    pages.workshop.box.faults.clear()
    asked(pages)
    again = pages.again(failed)
    assert pages.run(again)["status"] == "SUCCESS"
    assert pages.steps(again) == {"lake__tags", "warehouse__tags"}
    assert sorted(asked(pages)) == ["/me", "/tags"]
    assert pages.workshop.differences("tags", "tag_groups") == []


def test_a_backfill_whose_process_was_killed_ends_right_when_it_is_launched_again(
    pages: Pages,
) -> None:
    a_change_a_day(pages)
    before = table(pages)
    wanted = span(BEGIN + DAY, BEGIN + 5 * DAY)
    with held_up(pages.workshop.box, at=4) as came:
        killed = pages.backfill([*THREADS[:1]], wanted, **{APART: "yes"})
        assert came.wait(60)
        (run_id,) = [one["runId"] for one in pages.ask(questions.BACKFILL_IS, id=killed)["runs"]]
        process = pages.instance.run_launcher.processes[run_id]
        process.kill()
        process.wait()
    assert pages.run(run_id)["status"] == "STARTED"  # nobody has told Dagster
    pages.terminate(run_id, "MARK_AS_CANCELED_IMMEDIATELY")
    assert table(pages) == before
    again = pages.outcome(pages.backfill([*THREADS[:1]], wanted))
    assert again["status"] == "COMPLETED_SUCCESS"
    pages.launch(THREADS[1])
    assert pages.ranges("lake/threads") == [(f"{BEGIN:%Y-%m-%d}", wanted[-1])]
    assert pages.workshop.differences("threads") == []


def test_a_run_that_is_terminated_leaves_the_data_as_they_were_and_the_next_one_goes_on(
    pages: Pages,
) -> None:
    a_change_a_day(pages)
    before = table(pages)
    with held_up(pages.workshop.box, at=2) as came:
        run_id = pages.launch(*THREADS, **SYNC, **days(TODAY, TODAY), **{APART: "yes"})
        assert came.wait(60)
        pages.terminate(run_id)
        pages.instance.run_launcher.processes[run_id].wait(60)
    assert pages.run(run_id)["status"] == "CANCELED"
    assert table(pages) == before
    following = pages.launch(*THREADS, **SYNC, **days(TODAY, TODAY))
    assert pages.run(following)["status"] == "SUCCESS"
    assert pages.workshop.differences("threads") == []


@pytest.mark.exhaustive  # `test_two_at_once` does it without Dagster
def test_two_backfills_of_overlapping_ranges_at_once_make_the_table_of_one(pages: Pages) -> None:
    a_change_a_day(pages)
    ranges = [days(BEGIN + DAY, BEGIN + 4 * DAY), days(BEGIN + 2 * DAY, BEGIN + 5 * DAY)]
    both = [threading.Thread(target=pages.launch, args=THREADS[:1], kwargs=one) for one in ranges]
    for one in both:
        one.start()
    for one in both:
        one.join()
    pages.launch(THREADS[1])
    assert pages.workshop.differences("threads") == []
    assert pages.ranges("lake/threads") == [(f"{BEGIN:%Y-%m-%d}", f"{BEGIN + 5 * DAY:%Y-%m-%d}")]


@pytest.mark.exhaustive  # `test_backfills` does it without pages
def test_the_same_backfill_twice_changes_nothing_in_the_warehouse(pages: Pages) -> None:
    a_change_a_day(pages)
    tables = []
    for _ in range(2):
        found = pages.backfilled(["lake/threads"], BEGIN + DAY, BEGIN + 5 * DAY)
        assert found["status"] == "COMPLETED_SUCCESS"
        pages.launch(THREADS[1])
        tables.append(table(pages))
    assert tables[0] == tables[1]
    assert len(tables[0]) == 20 + 5
    again = pages.numbers("lake/threads")
    assert again["rows"] >= 5
    assert (again["new"], again["changed"]) == (0, 0)


def test_a_refused_key_says_what_to_do_and_the_next_tick_catches_up(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_change_a_day(pages)
    box, old = pages.workshop.box, pages.workshop.box.key
    new = box.issue_key(["threads:read"])
    box.revoke(old)
    failed = pages.launch(*THREADS, **tags_of(pages.tick("sync", TODAY)))
    told = pages.failures(failed)["lake__threads"]["error"]["message"]
    assert "the API refused the key (HTTP 401, unauthenticated, request_id " in told
    assert "Set PRODUCTLANE_API_KEY to a live key" in told
    assert old not in told
    monkeypatch.setenv("PRODUCTLANE_API_KEY", new)
    mended = pages.launch(*THREADS, **tags_of(pages.tick("sync", TODAY)))
    assert pages.run(mended)["status"] == "SUCCESS"
    assert pages.workshop.differences("threads") == []


def test_a_429_is_waited_for_as_it_says_and_told_in_numbers(pages: Pages) -> None:
    pages.workshop.box.faults.add(Fault("429", at=1, path="/tags$", seconds=2))
    run_id = pages.launch(*TAGS, **SYNC)
    assert pages.run(run_id)["status"] == "SUCCESS"
    assert asked(pages).count("/tags") == 2
    assert pages.numbers("lake/tags")["refused"] == 1
    entries = pages.asset("lake/tags")["assetMaterializations"][0]["metadataEntries"]
    (waited,) = [one["floatValue"] for one in entries if one["label"] == "seconds_waited"]
    assert waited >= 2


def test_a_blocking_check_keeps_the_published_file_and_once_mended_publication_goes_on(
    pages: Pages,
) -> None:
    a_change_a_day(pages)
    published = pages.workshop.data_dir / "productlane.duckdb"
    with duckdb.connect(str(work_file(Lake(pages.workshop.data_dir)))) as con:
        con.execute("INSERT INTO main.threads SELECT * FROM main.threads LIMIT 1")
    before = published.read_bytes()
    failed = pages.launch(*THREADS, **SYNC, **days(TODAY, TODAY))
    told = pages.failures(failed)["warehouse__threads"]["error"]["message"]
    assert "keys_are_unique found an error, and nothing is published" in told
    assert published.read_bytes() == before
    rebuild(Lake(pages.workshop.data_dir))
    assert pages.run(pages.again(failed))["status"] == "SUCCESS"
    assert pages.workshop.differences("threads") == []


def test_a_sync_of_one_table_asks_for_that_list_and_touches_no_other_asset(pages: Pages) -> None:
    run_id = pages.launch(*TAGS, **SYNC)
    assert pages.steps(run_id) == {"lake__tags", "warehouse__tags"}
    assert sorted(asked(pages)) == ["/me", "/tags"]
    assert pages.workshop.differences("tags") == []
    for other in ("lake/tag_groups", "warehouse/threads", "analytics/inbox_weekly"):
        assert pages.asset(other)["assetMaterializations"] == []


@pytest.mark.exhaustive  # `test_backfills` does it without pages
def test_a_backfill_of_weeks_is_one_run_that_makes_its_weeks_green(
    make_pages: Callable[..., Pages], make_workshop: Callable[..., Workshop]
) -> None:
    pages = make_pages(make_workshop(grain="week"), module="tests.assets.weekly")
    a_change_a_day(pages)
    weeks = sorted({f"{begin_of((BEGIN + n * DAY).date(), 'week')}" for n in range(7)})
    found = pages.outcome(pages.backfill(["lake/threads"], weeks))
    assert found["status"] == "COMPLETED_SUCCESS"
    assert len(found["runs"]) == 1
    assert pages.ranges("lake/threads") == [(weeks[0], weeks[-1])]
    pages.launch(THREADS[1])
    assert pages.workshop.differences("threads") == []
    counted = pages.asset("lake/threads")["assetMaterializations"][: len(weeks)]
    rows = [e["intValue"] for one in counted for e in one["metadataEntries"]
            if e["label"] == "dagster/partition_row_count"]  # fmt: skip
    live = pages.workshop.box.workspace.live("threads")
    assert sum(rows) == sum(row["updated_at"] >= weeks[0] for row in live) >= 5
