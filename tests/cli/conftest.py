"""The command line as its users have it: arguments and environment in; streams and a code out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connector.cli.app import app
from connector.sandbox import Sandbox

COMMAND = "from connector.cli import main; main()"

# Tests that run in the background inherit that Ctrl-C is ignored; the commands they start are to
# behave as on a terminal all the same.
FOREGROUND = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
ROOT = Path(__file__).parents[2]


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Cli:
    """Runs commands in a working directory of their own, with settings of their own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def with_settings(self, **settings: str) -> Cli:
        more = {f"PRODUCTLANE_{name.upper()}": value for name, value in settings.items()}
        return Cli(self.folder, {**self.settings, **more})

    def run(self, *arguments: str, stdin: str | None = None) -> Said:
        """In this process: quick."""
        clean = {name: None for name in os.environ if name.startswith("PRODUCTLANE_")}
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            environment = {**clean, **self.settings}
            result = CliRunner().invoke(app, list(arguments), env=environment, input=stdin)
        finally:
            os.chdir(before)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def start(
        self,
        *arguments: str,
        stdin: Any = None,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        first: str = "",
    ) -> subprocess.Popen[str]:
        """In a process of its own: where streams, signals and start-up matter."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PRODUCTLANE_")}
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", f"{FOREGROUND}\n{first}\n{COMMAND}", *arguments],
            cwd=self.folder,
            env={**kept, **self.settings, "PYTHONPATH": str(ROOT)},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )

    def spawn(self, *arguments: str) -> Said:
        return ended(self.start(*arguments))


def ended(process: subprocess.Popen[str]) -> Said:
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out, err)


def connected(folder: Path, box: Sandbox, key: str | None = None) -> Cli:
    return Cli(folder).with_settings(base_url=box.url, api_key=key or box.key)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A small workspace, shared by the tests of a file: they ask, and don't change it."""
    with Sandbox(threads=40) as running:
        yield running


@pytest.fixture
def cli(tmp_path: Path, box: Sandbox) -> Cli:
    """A fresh data directory and a key with every scope."""
    return connected(tmp_path, box)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, box: Sandbox) -> Cli:
    """A data directory with a few streams in it, for tests that only look."""
    made = connected(tmp_path_factory.mktemp("synced"), box)
    assert made.run("sync", "threads", "contacts", "tags").code == 0
    return made
