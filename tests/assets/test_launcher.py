"""A run that was killed is noticed, and one that lives is left alone: asked over real gRPC."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import grpc
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.__generated__ import dagster_api_pb2, dagster_api_pb2_grpc
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value, serialize_value

from assets.launcher import WatchedRunLauncher


class CodeServer(dagster_api_pb2_grpc.DagsterApiServicer):
    """Carries out the runs that it is told of. Ill, it answers with an error."""

    def __init__(self) -> None:
        self.runs: set[str] = set()
        self.ill = False

    def CanCancelExecution(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's name
        if self.ill:
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too busy")
        asked = deserialize_value(
            request.serialized_can_cancel_execution_request, CanCancelExecutionRequest
        )
        answer = CanCancelExecutionResult(can_cancel=asked.run_id in self.runs)
        return dagster_api_pb2.CanCancelExecutionReply(
            serialized_can_cancel_execution_result=serialize_value(answer)
        )


@pytest.fixture
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s") / "s"


@pytest.fixture
def code_server(socket: Path) -> Iterator[CodeServer]:
    servicer, server = CodeServer(), grpc.server(ThreadPoolExecutor(1))
    dagster_api_pb2_grpc.add_DagsterApiServicer_to_server(servicer, server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    yield servicer
    server.stop(None).wait()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    settings = {"run_launcher": {"module": "assets.launcher", "class": "WatchedRunLauncher"}}
    with dg.instance_for_test(settings, temp_dir=str(tmp_path)) as made:
        yield made


Begin = Callable[[], dg.DagsterRun]


@pytest.fixture
def begin(instance: dg.DagsterInstance, socket: Path) -> Begin:
    def started() -> dg.DagsterRun:
        where = json.dumps({"host": "localhost", "socket": str(socket)})
        run = dg.DagsterRun("sync", status=dg.DagsterRunStatus.STARTED, tags={GRPC_INFO_TAG: where})
        return instance.add_run(run)

    return started


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    assert isinstance(instance.run_launcher, WatchedRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_is_alive_while_its_code_server_carries_it_out(
    instance: dg.DagsterInstance, begin: Begin, code_server: CodeServer
) -> None:
    run = begin()
    code_server.runs.add(run.run_id)
    assert health(instance, run) == WorkerStatus.RUNNING
    code_server.runs.clear()
    assert health(instance, run) == WorkerStatus.NOT_FOUND


def test_a_run_whose_code_server_is_gone_is_gone(
    instance: dg.DagsterInstance, begin: Begin
) -> None:
    assert health(instance, begin()) == WorkerStatus.NOT_FOUND


def test_a_run_whose_code_server_is_slow_is_not_given_up(
    instance: dg.DagsterInstance, begin: Begin, code_server: CodeServer
) -> None:
    code_server.ill = True
    with pytest.raises(DagsterUserCodeUnreachableError):
        health(instance, begin())
