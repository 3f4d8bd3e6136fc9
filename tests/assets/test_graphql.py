"""What the UI asks of Dagster and has it do, asked in its own words: GraphQL.

Runs are carried out by this process, as soon as they are launched; the daemon's part of a backfill
is done by the daemon's own code.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_graphql.test.utils import execute_dagster_graphql

from assets.names import MODE_TAG
from connector.sandbox import Fault
from tests.assets.conftest import TODAY, Workshop, days

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore"),  # Dagster's own, about Dagster's own
]

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)
BEGIN = TODAY - 6 * DAY
PLACE = {"repositoryName": "__repository__", "repositoryLocationName": "productlane"}

LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
AGAIN = """mutation($params: ReexecutionParams!) {
    launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL_IS = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs { runId status } } } }"""
RUN = """query($id: ID!) { runOrError(runId: $id) { ... on Run { status
    eventConnection { events { __typename
        ... on MessageEvent { message }
        ... on ExecutionStepFailureEvent { stepKey failureMetadata { metadataEntries {
            label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue } } }
            error { message } } } } } } }"""
ASSET = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
    groupName kinds isPartitioned
    assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } }
    assetMaterializations(limit: 60) { partition runId metadataEntries {
        label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } } }
    assetChecksOrError { ... on AssetChecks { checks { name blocking
        executionForLatestMaterialization { status evaluation { severity } } } } } } } }"""
TICK = """mutation($selector: ScheduleSelector!, $at: Float) {
    scheduleDryRun(selectorData: $selector, timestamp: $at) {
    __typename ... on DryRunInstigationTick { evaluationResult { skipReason
        runRequests { tags { key value } } error { message } } }
    ... on PythonError { message } } }"""


@dataclass
class Pages:
    """Dagster as its pages ask it, over a workshop."""

    workshop: Workshop
    context: WorkspaceProcessContext
    instance: dg.DagsterInstance

    def ask(self, question: str, **variables: Any) -> Any:
        answer = execute_dagster_graphql(self.context.create_request_context(), question, variables)
        assert not answer.errors, answer.errors
        (found,) = answer.data.values()
        assert found.get("__typename") != "PythonError", found
        return found

    def launch(self, *keys: str, **tags: str) -> str:
        """A run over some assets; its id."""
        selector = {**PLACE, "pipelineName": "__ASSET_JOB", "assetSelection": [*map(path, keys)]}
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "executionMetadata": metadata, "mode": "default"}
        return str(self.ask(LAUNCH, params=params)["run"]["runId"])

    def backfill(self, keys: list[str], first: datetime, last: datetime) -> Any:
        """Launched as from the partitions page, and carried out by the daemon's code."""
        span = [f"{first + n * DAY:%Y-%m-%d}" for n in range((last - first).days + 1)]
        params = {"partitionNames": span, "assetSelection": [*map(path, keys)]}
        number = self.ask(BACKFILL, params=params)["backfillId"]
        for _ in range(6):
            list(execute_backfill_iteration(self.context, logging.getLogger("daemon")))
            found = self.ask(BACKFILL_IS, id=number)
            if not found["status"].startswith(("REQUESTED", "FAILING")):
                break
        return found

    def run(self, run_id: str) -> Any:
        return self.ask(RUN, id=run_id)

    def asset(self, key: str) -> Any:
        return self.ask(ASSET, key=path(key))

    def ranges(self, key: str) -> list[tuple[str, str]]:
        """The spans of days that are green."""
        found = self.asset(key)["assetPartitionStatuses"]["ranges"]
        return [
            (one["startKey"], one["endKey"]) for one in found if one["status"] == "MATERIALIZED"
        ]

    def tick(self, name: str, at: datetime) -> Any:
        selector = {**PLACE, "scheduleName": name}
        found = self.ask(TICK, selector=selector, at=at.timestamp())["evaluationResult"]
        assert not found["error"]
        return found


def path(key: str) -> dict[str, list[str]]:
    return {"path": key.split("/")}


def day(number: int) -> str:
    return f"{BEGIN + number * DAY:%Y-%m-%d}"


def tags_of(tick: Any) -> dict[str, str]:
    (request,) = tick["runRequests"]
    return {one["key"]: one["value"] for one in request["tags"]}


@pytest.fixture
def pages(make_workshop: Callable[..., Workshop], tmp_path: Path) -> Iterator[Pages]:
    workshop = make_workshop()
    launcher = {"module": "tests.assets.launcher", "class": "ThreadedRunLauncher"}
    queue = {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"}
    # What would follow the output is a process that a run waits for, and nobody reads it here.
    silent = {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
    overrides = {"run_launcher": launcher, "run_coordinator": queue, "compute_logs": silent}
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(
            module_name="assets.definitions", attribute="defs", working_directory=str(ROOT)
        ),
        location_name="productlane",
    )
    with (
        dg.DagsterInstance.local_temp(str(tmp_path), overrides=overrides) as instance,
        WorkspaceProcessContext(instance, InProcessTestWorkspaceLoadTarget(origin)) as context,
    ):
        yield Pages(workshop, context, instance)


def busy_days(pages: Pages) -> None:
    """A sync, then a change on each of five days."""
    box = pages.workshop.box
    pages.launch("lake/threads", "warehouse/threads", **{MODE_TAG: "sync"}, **days(BEGIN, BEGIN))
    for number, key in enumerate(box.workspace.ids("threads")[:5], start=1):
        moment = BEGIN + number * DAY
        box.clock.set(max(moment, box.clock.now()))
        box.workspace.update("threads", key, stamp=moment, title=f"change {number}")
    box.clock.set(TODAY)


def test_a_backfill_from_the_partitions_page_is_one_run_and_makes_its_days_green(
    pages: Pages,
) -> None:
    busy_days(pages)
    found = pages.backfill(["lake/threads"], BEGIN + DAY, BEGIN + 5 * DAY)
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


def test_a_backfill_that_fails_keeps_what_is_finished_and_a_retry_does_the_rest(
    pages: Pages,
) -> None:
    busy_days(pages)
    pages.workshop.box.faults.add(Fault("404", at=3, path="/threads$"))
    failed = pages.backfill(["lake/threads"], BEGIN + DAY, BEGIN + 5 * DAY)
    assert "FAIL" in failed["status"]
    assert (day(0), day(2)) in pages.ranges("lake/threads")
    (run,) = failed["runs"]
    pages.workshop.box.faults.clear()
    before = len(pages.workshop.box.requests)
    params = {"parentRunId": run["runId"], "strategy": "FROM_FAILURE"}
    again = pages.ask(AGAIN, params=params)["run"]["runId"]
    assert pages.run(again)["status"] == "SUCCESS"
    asked = [one.path for one in pages.workshop.box.requests[before:]]
    assert len([one for one in asked if one.endswith("/threads")]) == 3
    assert (day(0), day(5)) in pages.ranges("lake/threads")


def test_the_error_of_a_failed_stream_says_what_to_do_and_its_siblings_are_green(
    pages: Pages,
) -> None:
    pages.workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    run_id = pages.launch("lake/tags", "lake/tag_groups", "warehouse/tags", "warehouse/tag_groups")
    run = pages.run(run_id)
    assert run["status"] == "FAILURE"
    (told,) = [one for one in run["eventConnection"]["events"] if one.get("stepKey")]
    assert told["stepKey"] == "lake__tags"
    facts = {one["label"]: one.get("text") for one in told["failureMetadata"]["metadataEntries"]}
    assert facts["stream"] == "tags"
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
    run = dg.DagsterRun(job_name="sync", tags=tags, status=dg.DagsterRunStatus.NOT_STARTED)
    pages.instance.add_run(run)
    skipped = pages.tick("sync", now + timedelta(minutes=15))
    assert skipped["runRequests"] == []
    assert skipped["skipReason"] == f"an earlier sync is still going on: run {run.run_id}"
    assert tags_of(pages.tick("reconcile", now))[MODE_TAG] == "reconcile"


def test_after_five_days_without_a_tick_one_run_makes_all_of_them_green(pages: Pages) -> None:
    busy_days(pages)
    tags = tags_of(pages.tick("sync", TODAY))
    pages.launch("lake/threads", "lake/contacts", "warehouse/threads", **tags)
    # The window was closed up to noon of the day before the first.
    assert pages.ranges("lake/threads") == [(day(-1), day(6))]
    assert pages.workshop.differences("threads") == []


def test_days_in_any_order_and_twice_make_the_same_table(pages: Pages) -> None:
    busy_days(pages)
    for number in (4, 1, 4, 3, 5, 2):
        moment = BEGIN + number * DAY
        assert pages.backfill(["lake/threads"], moment, moment)["status"] == "COMPLETED_SUCCESS"
    pages.launch("warehouse/threads")
    assert pages.workshop.differences("threads") == []


def test_a_sync_and_a_backfill_at_the_same_time_leave_each_other_alone(pages: Pages) -> None:
    busy_days(pages)
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
