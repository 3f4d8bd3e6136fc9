"""Dagster as its pages ask it, over a workshop.

Runs are carried out as soon as they are launched, by this process or one of their own; the
daemon's part of backfills and schedules is done by the daemon's own code.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_graphql.test.utils import execute_dagster_graphql

from tests.assets import questions
from tests.assets.questions import PLACE

if TYPE_CHECKING:
    from tests.assets.conftest import Workshop

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)

MARKS = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore"),  # Dagster's own, about Dagster's own
]
"""Of all tests that ask as its pages do."""

DEFAULTS = {
    "run_launcher": {"module": "tests.assets.launcher", "class": "OwnRunLauncher"},
    "run_coordinator": {
        "module": "dagster._core.run_coordinator",
        "class": "DefaultRunCoordinator",
    },
    # What would follow the output is a process that a run waits for, and nobody reads it here.
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    },
}


@dataclass
class Pages:
    """A workshop, and Dagster's own server over its code location."""

    workshop: Workshop
    context: WorkspaceProcessContext
    instance: dg.DagsterInstance

    def ask(self, question: str, **variables: Any) -> Any:
        """The answer to a question that has one field."""
        answer = execute_dagster_graphql(self.context.create_request_context(), question, variables)
        assert not answer.errors, answer.errors
        (found,) = answer.data.values()
        assert found.get("__typename") != "PythonError", found
        return found

    def launch(self, *keys: str, **tags: str) -> str:
        """A run over some assets; its id."""
        selector = {**PLACE, "pipelineName": "__ASSET_JOB", "assetSelection": [*map(path, keys)]}
        params = {"selector": selector, "executionMetadata": {"tags": listed(tags)}}
        found = self.ask(questions.LAUNCH, params=params | {"mode": "default"})
        return str(found["run"]["runId"])

    def again(self, run_id: str) -> str:
        """A run of what failed in another one; its id."""
        params = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        return str(self.ask(questions.AGAIN, params=params)["run"]["runId"])

    def backfill(self, keys: list[str], partitions: list[str], **tags: str) -> str:
        """Launched as from the partitions page, and its run by the daemon's code; its id."""
        params = {"partitionNames": partitions, "assetSelection": [*map(path, keys)]}
        params["tags"] = listed(tags)
        number = self.ask(questions.BACKFILL, params=params)["backfillId"]
        self.daemon()
        return str(number)

    def backfilled(self, keys: list[str], first: datetime, last: datetime) -> Any:
        """A backfill of some days, and what came of it."""
        return self.outcome(self.backfill(keys, span(first, last)))

    def outcome(self, backfill_id: str) -> Any:
        """What came of a backfill, once the daemon has noticed."""
        for _ in range(6):
            found = self.ask(questions.BACKFILL_IS, id=backfill_id)
            if not found["status"].startswith(("REQUESTED", "FAILING", "CANCELING")):
                break
            self.daemon()
        return found

    def daemon(self) -> None:
        """A turn of the daemon's at the backfills."""
        list(execute_backfill_iteration(self.context, logging.getLogger("daemon")))

    def run(self, run_id: str) -> Any:
        """A run with its events."""
        return self.ask(questions.RUN, id=run_id)

    def steps(self, run_id: str) -> set[str]:
        """The steps that were begun in a run, apart from the checks whether tables are fresh."""
        events = self.run(run_id)["eventConnection"]["events"]
        begun = {e["stepKey"] for e in events if e["__typename"] == "ExecutionStepStartEvent"}
        return begun - {"freshness"}

    def failures(self, run_id: str) -> dict[str, Any]:
        """The failed steps of a run, by their keys: `error`, and `failureMetadata`."""
        events = self.run(run_id)["eventConnection"]["events"]
        failed = [e for e in events if e["__typename"] == "ExecutionStepFailureEvent"]
        return {event["stepKey"]: event for event in failed}

    def asset(self, key: str) -> Any:
        """An asset with what it has become."""
        return self.ask(questions.ASSET, key=path(key))

    def numbers(self, key: str) -> dict[str, int]:
        """The newest metadata of an asset that are whole numbers."""
        newest = self.asset(key)["assetMaterializations"][0]["metadataEntries"]
        return {one["label"]: one["intValue"] for one in newest if one.get("intValue") is not None}

    def ranges(self, key: str) -> list[tuple[str, str]]:
        """The spans of days that are green."""
        found = self.asset(key)["assetPartitionStatuses"]["ranges"]
        return [
            (one["startKey"], one["endKey"]) for one in found if one["status"] == "MATERIALIZED"
        ]

    def tick(self, name: str, at: datetime) -> Any:
        """What a schedule answers at a moment."""
        selector = {**PLACE, "scheduleName": name}
        found = self.ask(questions.TICK, selector=selector, at=at.timestamp())["evaluationResult"]
        assert not found["error"]
        return found

    def terminate(self, run_id: str, policy: str = "SAFE_TERMINATE") -> None:
        """The button of a run."""
        found = self.ask(questions.TERMINATE, id=run_id, policy=policy)
        assert found["__typename"] == "TerminateRunSuccess", found


def path(key: str) -> dict[str, list[str]]:
    return {"path": key.split("/")}


def span(first: datetime, last: datetime) -> list[str]:
    return [f"{first + n * DAY:%Y-%m-%d}" for n in range((last - first).days + 1)]


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def tags_of(tick: Any) -> dict[str, str]:
    """The tags of the run that a tick asks for."""
    (request,) = tick["runRequests"]
    return {one["key"]: one["value"] for one in request["tags"]}


@contextmanager
def opened(workshop: Workshop, folder: Path, module: str, **overrides: Any) -> Iterator[Pages]:
    """Dagster over the code location of a module, with an instance of its own."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name=module, attribute="defs", working_directory=str(ROOT)),
        location_name="productlane",
    )
    with (
        dg.DagsterInstance.local_temp(str(folder), overrides=DEFAULTS | overrides) as instance,
        WorkspaceProcessContext(instance, InProcessTestWorkspaceLoadTarget(origin)) as context,
    ):
        yield Pages(workshop, context, instance)
