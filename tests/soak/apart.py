"""Work in a process of its own, which may be killed: really, with no handler and no flush.

A fork server forks each of them: it has imported everything and runs no thread that a fork would
lose (`tests.soak.preloaded`), so a process costs milliseconds.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from connector import errors
from connector.settings import Settings
from tests.engine import killed
from tests.soak import works
from tests.soak.schedule import Work

PATIENCE = 60.0
"""Seconds after which a process hangs."""

FAILED = 3
"""The exit code of work that failed in the connector's own words."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.soak.preloaded"])


@dataclass
class Apart:
    """A piece of work under way in a process of its own; `said` is a file with what failed."""

    work: Work
    process: ForkServerProcess
    said: Path
    requests: int = 0

    def heard(self) -> None:
        """A request has arrived; the process may be doomed to die with it."""
        self.requests += 1
        if self.work.dies == ("request", self.requests):
            self.process.kill()  # SIGKILL, unless it has ended by itself

    def wait(self) -> int | None:
        """The exit code; None for a process that had to be ended."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        return code


def begin(work: Work, settings: Settings, skew: float, said: Path) -> Apart:
    """Start the work."""
    given = (work, settings, skew, tempfile.gettempdir(), said)
    process: Any = _context.Process(target=_work, args=given)
    process.start()
    return Apart(work, process, said)


def _work(work: Work, settings: Settings, skew: float, temporary: str, said: Path) -> None:
    tempfile.tempdir = temporary  # where the budgets lie
    if work.dies and work.dies[0] == "disk":
        killed.arm(str(work.dies[1]))
    try:
        failed = works.do(work, settings, skew)
    except errors.ConnectorError as fault:
        failed = [str(fault)]
    said.write_text("; ".join(failed))
    sys.exit(FAILED if failed else 0)
