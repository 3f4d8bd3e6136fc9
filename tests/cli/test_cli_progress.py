"""What whoever waits gets to see: a board on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io
import json
import os
import pty
from pathlib import Path

import pytest
from rich.console import Console

from connector.cli import progress
from connector.cli.progress import Board, Lines
from connector.ledger import StreamOutcome
from connector.sandbox import Sandbox
from tests.cli.conftest import connected


def drawn(board: Board) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(board.render())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_board_shows_what_is_under_way_and_the_sum() -> None:
    board = Board("http://api")
    assert "asking http://api whose key this is" in drawn(board)
    board.began(["threads", "tags", "members"])
    board.went_on("threads", 1200, 6, "3 rows are absent, asking for them")
    board.went_on("tags", 5, 1, "")
    assert "3 rows are absent" in drawn(board)
    assert "0 of 3 streams done · 1,205 rows · 7 requests" in drawn(board)
    assert "a minute" not in drawn(board)
    board.ended(StreamOutcome("tags", "done", rows=5, requests=1))
    assert "tags" not in drawn(board)
    assert "1 of 3 streams done · 1,205 rows · 7 requests" in drawn(board)


def test_the_rate_is_that_of_the_last_minute_against_the_budget_and_says_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = Board("http://api")
    board.began(["threads", "thread_messages"])
    board.expects("thread_messages", 5000, 975)
    for second in range(181):
        at = board.began_at + second
        monkeypatch.setattr(progress.time, "monotonic", lambda at=at: at)
        board.went_on("thread_messages", second, 300 + 15 * second, "")
        assert ("a minute" in board.line()) == (second >= 60)
    assert "3,000 requests (900 of 975 a minute) · 2 min to go" in board.line()


def test_while_a_list_is_of_unknown_length_nothing_is_said_of_the_end() -> None:
    board = Board("http://api")
    board.began(["threads", "contacts"])
    board.expects("contacts", 9000, 975)
    board.went_on("contacts", 200, 1, "")
    assert "9 min to go" in board.line()
    board.went_on("threads", 200, 1, "")
    assert "to go" not in board.line()


def test_streams_skipped_before_the_start_are_not_counted() -> None:
    board = Board("http://api")
    board.ended(StreamOutcome("members", "skipped"))
    board.began(["tags"])
    assert "0 of 1 streams done" in board.line()


def test_lines_come_seldom(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines(Board("http://api"))
    lines.began(["threads"])
    for page in range(100):
        lines.went_on("threads", page * 200, page, "")
    assert len(capsys.readouterr().err.splitlines()) == 1
    monkeypatch.setattr(progress, "SELDOM", 0.0)
    lines.went_on("threads", 20_000, 100, "")
    assert "now threads: 20,000 rows" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("terminal", "seen"), [("xterm", "of 2 streams done"), ("dumb", "streams to read from")]
)
def test_every_terminal_shows_how_far_it_is_and_json_stays_pure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: str, seen: str
) -> None:
    monkeypatch.setenv("TERM", terminal)
    ours, theirs = pty.openpty()
    with Sandbox(threads=10) as box:
        cli = connected(tmp_path, box)
        with os.fdopen(theirs, "w") as written:
            process = cli.start("sync", "threads", "thread_messages", "--json", stderr=written)
        shown = _all_of(ours)
        said, _ = process.communicate(timeout=60)
    assert json.loads(said)["exit_code"] == 0
    assert seen in shown


def _all_of(handle: int) -> str:
    found = b""
    try:
        while block := os.read(handle, 65536):
            found += block
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    finally:
        os.close(handle)
    return found.decode()


def test_a_query_is_answered_while_a_sync_runs(tmp_path: Path) -> None:
    answers = []
    with Sandbox(threads=10) as box:
        cli = connected(tmp_path, box)
        assert cli.run("sync", "tags").code == 0
        box.before(5, lambda: answers.append(cli.run("sql", "SELECT count(*) > 0 AS t FROM tags")))
        assert cli.spawn("sync", "threads", "thread_messages").code == 0
    assert [(said.code, said.out) for said in answers] == [(0, "t\ntrue\n")]
