"""B24 at the command line: what commands print goes to terminals, mails of cron, and logs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.cli import faults
from connector.cli.app import app
from connector.sandbox import Fault, Sandbox
from tests import canary
from tests.cli.conftest import Cli, Said, connected, ended
from tests.few import few

STREAMS = ("threads", "thread_messages", "contacts", "contact_portals")
QUOTING = f'{{"error": {{"code": "{canary.TEXT}", "message": "{canary.TEXT}"}}}}'.encode()

SHOWN: list[list[str]] = [
    ["plan"],
    ["plan", *STREAMS, "--full", "--json"],
    ["sync", *STREAMS],
    ["sync", *STREAMS, "--full", "--json"],
    ["--debug", "sync", *STREAMS],
    ["status"],
    ["status", "--json"],
    ["check"],
    ["check", "--json"],
    ["streams"],
    ["streams", "--json"],
    ["explain", "threads", "THREAD"],
    ["explain", "threads", "THREAD", "--json"],
    ["compact"],
    ["rebuild"],
    ["report"],
    ["tables"],
]
SHOW_DATA = {"sql"}
"""Commands whose job it is to show the data. What they print is the user's own choice."""

OWN = {"demo", "sandbox", "tables"}
"""Commands that never see the user's key or data."""


@pytest.fixture(scope="module")
def full() -> Iterator[Sandbox]:
    """A workspace full of customers' text."""
    with Sandbox(threads=10, contacts=6, key=canary.KEY) as box:
        canary.plant(box.workspace)
        yield box


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, full: Sandbox) -> Cli:
    """Data of it, to look at and to be asked again."""
    made = connected(tmp_path_factory.mktemp("canary"), full)
    made.run("sync", *STREAMS)
    return made


@pytest.fixture
def troubled(full: Sandbox) -> Iterator[Sandbox]:
    yield full
    full.faults.clear()


def words(said: Said, cli: Cli) -> list[str]:
    return canary.in_text(said.out + said.err) + canary.in_traces(cli.data_dir)


def test_b24_every_command_is_known_to_show_data_or_is_searched() -> None:
    searched = {next(word for word in arguments if word[0] != "-") for arguments in SHOWN}
    assert {command.name for command in app.registered_commands} == searched | SHOW_DATA | OWN


@pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
def test_b24_no_command_prints_a_word(full: Sandbox, kept: Cli, arguments: list[str]) -> None:
    thread = full.workspace.ids("threads")[0]
    said = kept.run(*(word.replace("THREAD", thread) for word in arguments))
    assert said.code == 0
    assert words(said, kept) == []


@pytest.mark.parametrize("path", ["", "/portal"])
@pytest.mark.parametrize("status", few([403, 400, 404], 1))
def test_b24_no_command_quotes_the_api(
    kept: Cli, troubled: Sandbox, status: int, path: str
) -> None:
    troubled.faults.add(Fault("answer", rate=1.0, path=path, status=status, body=QUOTING))
    commands = (["--debug", "sync", *STREAMS, "--json"], ["status"])
    assert [word for command in commands for word in words(kept.run(*command), kept)] == []


def test_b24_a_process_of_its_own_says_no_more(kept: Cli, troubled: Sandbox) -> None:
    """All of the process: imports, warnings, whatever is written as it ends."""
    troubled.faults.add(Fault("answer", rate=1.0, path="/c", status=400, body=QUOTING))
    said = kept.spawn("--debug", "sync", *STREAMS)
    assert said.code == 6
    assert words(said, kept) == []


def test_b24_a_run_that_is_stopped_says_no_word(tmp_path: Path, full: Sandbox) -> None:
    cli = connected(tmp_path, full).with_settings(page_size="2")
    process = cli.start("--debug", "sync", *STREAMS)
    full.before(6, lambda: os.kill(process.pid, signal.SIGINT))
    said = ended(process)
    assert said.code == 130
    assert words(said, cli) == []
    assert canary.key_in_data(cli.data_dir) == []


def test_b24_a_bug_is_told_without_the_words_that_it_met(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "DEBUG", False)
    with pytest.raises(SystemExit), faults.unforeseen():
        raise ValueError(canary.TEXT)
    said = capsys.readouterr()
    assert "a bug in productlane-elt: ValueError at test_b24_canary_commands.py" in said.err
    assert canary.in_text(said.out + said.err) == []
