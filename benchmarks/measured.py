"""A command in a process of its own, and what it took.

The connector is measured from outside, through its command line, as its users run it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.figures import say
from benchmarks.server import Server

COMMAND = (sys.executable, "-c", "from connector.cli import main; main()")


@dataclass(frozen=True)
class Measured:
    """What one process took: wall time, processor time (user and system), peak memory.

    Linux passes on the peak of the process that forks: a figure below the benchmark's own size,
    some 60 MB, is that. `errors` is what it wrote to standard error.
    """

    seconds: float
    cpu: float
    peak_mb: float
    output: str
    errors: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.output)

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s CPU, peak {self.peak_mb:.0f} MB"


class Started:
    """A process under way; `wait` for it once."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `wait`
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `wait`
        self._began = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            command, env=dict(environment), stdout=self._out, stderr=self._err
        )

    def wait(self) -> Measured:
        """RuntimeError with the end of its standard error, if it fails."""
        _, status, used = os.wait4(self._process.pid, 0)
        seconds = time.perf_counter() - self._began
        self._process.returncode = os.waitstatus_to_exitcode(status)
        output, errors = _read(self._out), _read(self._err)
        if self._process.returncode:
            raise RuntimeError(f"exit code {self._process.returncode}: {errors[-2000:]}")
        cpu = used.ru_utime + used.ru_stime
        return Measured(seconds, cpu, used.ru_maxrss / 1024, output, errors)


def _read(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


@dataclass(frozen=True)
class Connector:
    """The connector's command line with a data directory, and with settings of its own."""

    data_dir: Path
    environment: Mapping[str, str]

    def start(self, *arguments: str) -> Started:
        """Begin a command, for example `start("sync", "--json")`."""
        return Started((*COMMAND, *arguments), self.environment)

    def run(self, *arguments: str) -> Measured:
        """Carry out a command, and say what it took."""
        measured = self.start(*arguments).wait()
        say(f"{' '.join(arguments)}: {measured}")
        return measured

    def sync(self, *arguments: str) -> Measured:
        """Bring it up to date; the document says what each stream brought."""
        measured = self.start("sync", *arguments, "--json").wait()
        told = measured.document
        say(
            f"sync of {len(told['streams'])} streams: {measured}, {rows_of(measured):,} rows, "
            f"{told['requests']:,} requests, {told['refused']} refused"
        )
        return measured


@contextmanager
def connectors(server: Server, count: int = 1) -> Iterator[list[Connector]]:
    """Connectors of one key, each with a data directory of its own; all is gone in the end.

    The folder for temporary files is theirs too: budgets live there.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PRODUCTLANE_")}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        (budgets := Path(folder, "tmp")).mkdir()
        yield [
            Connector(
                data_dir,
                kept
                | {
                    "TMPDIR": str(budgets),
                    "PRODUCTLANE_API_KEY": server.key,
                    "PRODUCTLANE_BASE_URL": server.url,
                    "PRODUCTLANE_DATA_DIR": str(data_dir),
                },
            )
            for data_dir in (Path(folder, str(n)) for n in range(count))
        ]


def rows_of(synced: Measured) -> int:
    """The rows that a `sync --json` read."""
    return sum(one["rows"] for one in synced.document["streams"])
