"""Carries out a run as soon as it is launched."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

from dagster._core.instance import DagsterInstance
from dagster._core.launcher import LaunchRunContext
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._grpc.types import ExecuteRunArgs

APART = "test/apart"
"""A run with this tag has a process of its own, which can be killed, and nobody waits for it."""


class OwnRunLauncher(SyncInMemoryRunLauncher):
    """In this process, in a thread: GraphQL answers within an event loop, and so does a step."""

    processes: dict[str, subprocess.Popen[bytes]]

    def launch_run(self, context: LaunchRunContext) -> None:
        """Wait until the run has ended, unless it is to have a process of its own."""
        if APART in context.dagster_run.tags:
            self._start(context)
            return
        thread = threading.Thread(target=super().launch_run, args=(context,))
        thread.start()
        thread.join()

    def _start(self, context: LaunchRunContext) -> None:
        run, origin = context.dagster_run, context.job_code_origin
        assert origin
        instance: DagsterInstance = self._instance
        arguments = ExecuteRunArgs(origin, run.run_id, instance.get_ref()).get_command_args()
        process = subprocess.Popen(  # noqa: S603  # Dagster's own command
            [sys.executable, "-m", *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self.processes = {**getattr(self, "processes", {}), run.run_id: process}

    def terminate(self, run_id: str) -> bool:
        """As Dagster's own launcher on one machine does."""
        run = self._instance.get_run_by_id(run_id)
        self._instance.report_run_canceling(run)
        self.processes[run_id].send_signal(signal.SIGINT)
        return True


def end(launcher: OwnRunLauncher) -> None:
    """Whatever of its processes is left."""
    for process in getattr(launcher, "processes", {}).values():
        process.kill()
        process.wait()
