"""What the UI asks of Dagster and has it do, asked in its own words: GraphQL.

Runs are carried out by this process, as soon as they are launched; the daemon's part of a backfill
is done by the daemon's own code.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import dagster as dg
import pytest

from assets.names import MODE_TAG
from connector.sandbox import Fault
from tests.assets.conftest import TODAY, days
from tests.assets.pages import MARKS, Pages, tags_of
from tests.assets.scenario import BEGIN, DAY, a_change_a_day

pytestmark = MARKS


def day(number: int) -> str:
    return f"{BEGIN + number * DAY:%Y-%m-%d}"


def test_a_backfill_from_the_partitions_page_is_one_run_and_makes_its_days_green(
    pages: Pages,
) -> None:
    a_change_a_day(pages)
    found = pages.backfilled(["lake/threads"], BEGIN + DAY, BEGIN + 5 * DAY)
    assert found["status"] == "COMPLETED_SUCCESS"
    assert len(found["runs"]) == 1
    assert (day(0), day(5)) in pages.ranges("lake/threads")
    newest = pages.asset("lake/threads")["assetMaterializations"]
    rows = {
        one["partition"]: entry["intValue"]
        for one in newest
        for entry in one["metadataEntries"]
        if entry["label"] == "dagster/partition_row_count" and one["partition"] != day(0)
    }
    assert rows == {day(number): 1 for number in range(1, 6)}


@pytest.mark.exhaustive  # `test_backfills` does it without pages
def test_a_backfill_that_fails_keeps_what_is_finished_and_a_retry_does_the_rest(
    pages: Pages,
) -> None:
    a_change_a_day(pages)
    pages.workshop.box.faults.add(Fault("404", at=3, path="/threads$"))
    failed = pages.backfilled(["lake/threads"], BEGIN + DAY, BEGIN + 5 * DAY)
    assert "FAIL" in failed["status"]
    assert (day(0), day(2)) in pages.ranges("lake/threads")
    (run,) = failed["runs"]
    pages.workshop.box.faults.clear()
    before = len(pages.workshop.box.requests)
    again = pages.again(run["runId"])
    assert pages.run(again)["status"] == "SUCCESS"
    asked = [one.path for one in pages.workshop.box.requests[before:]]
    assert len([one for one in asked if one.endswith("/threads")]) == 3
    assert (day(0), day(5)) in pages.ranges("lake/threads")


def test_the_error_of_a_failed_stream_says_what_to_do_and_its_siblings_are_green(
    pages: Pages,
) -> None:
    pages.workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    run_id = pages.launch("lake/tags", "lake/tag_groups", "warehouse/tags", "warehouse/tag_groups")
    assert pages.run(run_id)["status"] == "FAILURE"
    ((step, told),) = pages.failures(run_id).items()
    assert step == "lake__tags"
    entries = told["failureMetadata"]["metadataEntries"]
    facts = {one["label"]: one.get("text") or one.get("intValue") for one in entries}
    assert (facts["stream"], facts["status"], facts["code"]) == ("tags", 404, "not_found")
    assert facts["request_id"] in told["error"]["message"]
    assert facts["what_to_do"] == "It is gone, or never was"
    assert "HTTP 404" in told["error"]["message"]
    assert "request_id" in told["error"]["message"]
    assert pages.asset("warehouse/tag_groups")["assetMaterializations"]
    assert pages.asset("warehouse/tags")["assetMaterializations"] == []


def test_the_checks_of_a_table_are_shown_with_their_results(pages: Pages) -> None:
    pages.launch("lake/tags", "warehouse/tags")
    checks = pages.asset("warehouse/tags")["assetChecksOrError"]["checks"]
    found = {one["name"]: one for one in checks}
    assert found["keys_are_unique"]["blocking"] is True
    assert found["keys_are_unique"]["executionForLatestMaterialization"]["status"] == "SUCCEEDED"
    assert "is_fresh" in found


def test_a_tick_asks_for_one_run_and_while_that_goes_on_the_next_is_skipped(pages: Pages) -> None:
    now = pages.workshop.box.clock.now()
    tags = tags_of(pages.tick("sync", now))
    assert tags[MODE_TAG] == "sync"
    run = dg.DagsterRun(job_name="sync", tags=tags, status=dg.DagsterRunStatus.STARTED)
    pages.instance.add_run(run)
    pages.instance.report_engine_event("at work", run)
    skipped = pages.tick("sync", now + timedelta(minutes=15))
    assert skipped["runRequests"] == []
    assert skipped["skipReason"] == f"an earlier sync is still going on: run {run.run_id}"
    assert tags_of(pages.tick("reconcile", now))[MODE_TAG] == "reconcile"


@pytest.mark.exhaustive  # `test_schedules` does it without pages
def test_after_five_days_without_a_tick_one_run_makes_all_of_them_green(pages: Pages) -> None:
    a_change_a_day(pages)
    tags = tags_of(pages.tick("sync", TODAY))
    pages.launch("lake/threads", "lake/contacts", "warehouse/threads", **tags)
    # The window was closed up to noon of the day before the first.
    assert pages.ranges("lake/threads") == [(day(-1), day(6))]
    assert pages.workshop.differences("threads") == []


@pytest.mark.exhaustive  # `test_backfills` does it without pages
def test_days_in_any_order_and_twice_make_the_same_table(pages: Pages) -> None:
    a_change_a_day(pages)
    for number in (4, 1, 4, 3, 5, 2):
        moment = BEGIN + number * DAY
        assert pages.backfilled(["lake/threads"], moment, moment)["status"] == "COMPLETED_SUCCESS"
    pages.launch("warehouse/threads")
    assert pages.workshop.differences("threads") == []


@pytest.mark.exhaustive  # `test_two_at_once` does it without Dagster
def test_a_sync_and_a_backfill_at_the_same_time_leave_each_other_alone(pages: Pages) -> None:
    a_change_a_day(pages)
    backfill = threading.Thread(
        target=pages.launch, args=("lake/threads",), kwargs=days(BEGIN + DAY, TODAY)
    )
    backfill.start()
    tags = {MODE_TAG: "sync", **days(TODAY, TODAY)}
    run_id = pages.launch("lake/threads", "warehouse/threads", **tags)
    backfill.join()
    assert pages.run(run_id)["status"] == "SUCCESS"
    pages.launch("warehouse/threads")
    assert pages.workshop.differences("threads") == []
    assert (day(0), day(6)) in pages.ranges("lake/threads")


def test_a_key_without_scope_skips_its_streams_and_says_so_in_a_check(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTLANE_API_KEY", pages.workshop.box.issue_key(["threads:read"]))
    run_id = pages.launch("lake/tags", "lake/threads", **days(BEGIN, BEGIN))
    assert pages.run(run_id)["status"] == "SUCCESS"
    (scope,) = pages.asset("lake/tags")["assetChecksOrError"]["checks"]
    assert scope["name"] == "scope_is_granted"
    assert pages.asset("lake/tags")["assetMaterializations"] == []


def test_groups_and_kinds_are_those_of_area_and_layer(pages: Pages) -> None:
    found = pages.asset("lake/thread_messages")
    assert (found["groupName"], found["kinds"]) == ("feedback_lake", ["parquet"])
    assert found["isPartitioned"] is False
