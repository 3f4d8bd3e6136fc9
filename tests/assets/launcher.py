"""Carries out a run as soon as it is launched, in this process, in a thread of its own."""

from __future__ import annotations

import threading

from dagster._core.launcher import LaunchRunContext
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher


class ThreadedRunLauncher(SyncInMemoryRunLauncher):
    """GraphQL answers within an event loop, and a step of ours begins one itself."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Wait until the run has ended."""
        thread = threading.Thread(target=super().launch_run, args=(context,))
        thread.start()
        thread.join()
