"""The instruments measure what they say: counts that are known beforehand come out."""

from __future__ import annotations

import inspect
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks import __main__ as everything
from benchmarks.budget import share
from benchmarks.changes import Changed, asked_under, change, least_after, least_at_first
from benchmarks.figures import Figure, command
from benchmarks.incremental import arrived
from benchmarks.measured import Measured, Started
from benchmarks.server import Server, Traffic, traffic
from connector.sandbox import Clock, Readings, Sandbox

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
BIG = "import time; taken = b'x' * 1_000_000_000\nwhile time.process_time() < 0.2: pass"


def python(code: str) -> Started:
    return Started((sys.executable, "-c", code), {})


def test_time_and_memory_are_those_of_the_very_process():
    big, small = python(BIG).wait(), python("print('[1]')").wait()
    # Linux hands the peak of whoever starts a process on to it.
    assert big.peak_mb > 900 > small.peak_mb
    assert big.seconds >= 0.2
    assert big.cpu >= 0.2 > small.cpu
    assert small.document == [1]


def test_a_command_that_fails_is_no_measurement():
    with pytest.raises(RuntimeError, match="exit code 3: because"):
        python("import sys; sys.stderr.write('because'); sys.exit(3)").wait()


def test_requests_and_refusals_are_counted_at_the_server_by_its_clock():
    with Sandbox(20, limit=3, readings=Readings(burst="count"), clock=still()) as box:
        for wait in (0, 10, 20, 0):
            box.clock.advance(wait)
            get(box, "/tags")
        seen = traffic(box)
        assert (seen.requests, seen.refused, seen.pages, seen.seconds) == (4, 1, 3, 30)
        assert traffic(box).requests == 0


def get(box: Server | Sandbox, path: str) -> Any:
    headers = {"Authorization": f"Bearer {box.key}"}
    return httpx.get(f"{box.url}{path}", headers=headers).json()


def still() -> Clock:
    return Clock(NOON, running=False)


def test_the_share_of_the_budget_is_what_was_answered_over_what_was_allowed():
    served = Traffic(500, 20, 480, NOON, NOON + timedelta(seconds=30), cpu=1)
    assert share(served, limit=1000) == pytest.approx(480 / 500)


def test_the_least_requests_follow_from_what_was_changed():
    streams = ["threads", "contacts", "tags", "thread_comments"]
    with Sandbox(600, readings=Readings(children_bump="yes"), clock=still()) as box:
        changed = change(box, 1200, streams)
        at_first, after = least_at_first(box, streams), least_after(box, streams, changed)
    assert at_first == 3 + 2 + 1
    threads = len(changed.threads)
    assert 200 < threads == changed.rows["threads"] < 600
    # Pages of threads and contacts, the tags whole, and one request for each thread that moved.
    assert 0 < changed.rows["contacts"] <= 200
    assert after == (2 if threads <= 400 else 3) + 1 + 1 + threads


def test_lists_with_flags_are_asked_in_parts_and_lists_per_team_by_team():
    with Sandbox(20) as box:
        assert least_at_first(box, ["changelogs"]) == 5
        assert least_at_first(box, ["workflow_states"]) == 2
        assert least_at_first(box, ["portal_roadmap"]) == 1


def test_changes_that_do_not_arrive_are_noticed():
    told = {"streams": [{"stream": "threads", "new": 1, "changed": 2}]}
    synced = Measured(1, 1, 1, json.dumps(told), "")
    assert arrived(synced, Changed({"threads": 4, "contacts": 9}, frozenset())) == 3 / 4


def test_requests_under_threads_are_told_by_thread():
    with Sandbox(20) as box:
        for path in ("/threads", "/threads/a", "/threads/a/messages", "/threads/b/comments"):
            get(box, path)
        assert asked_under(box) == [("a", "messages"), ("b", "comments")]


def test_a_server_of_its_own_is_changed_and_looked_into_from_here():
    with Server(20, key="pl_v2_mine") as server:
        before = {row["updated_at"] for row in get(server, "/tags")["data"]}
        changed = server.do(change, 1, ["tags"])
        after = {row["updated_at"] for row in get(server, "/tags")["data"]}
        assert len(after - before) == changed.rows["tags"] == 1
        assert server.do(traffic).requests == 2


@pytest.mark.parametrize(
    ("reached", "at_most", "code"), [(2, False, 0), (0.5, False, 1), (0.5, True, 0), (2, True, 1)]
)
def test_a_command_fails_where_a_figure_is_not_reached(monkeypatch, capsys, reached, at_most, code):
    def run(threads: int = 3) -> list[Figure]:
        """Say something."""
        return [Figure("a figure", f"{threads} threads", reached, 1, at_most)]

    monkeypatch.setattr(sys, "argv", ["benchmark", "--threads", "5"])
    with pytest.raises(SystemExit) as ended:
        command(run)
    assert ended.value.code == code
    assert "5 threads" in capsys.readouterr().out


def test_every_benchmark_is_told_of_and_run_with_the_others():
    folder = Path(everything.__file__).parent
    commands = {p.stem for p in folder.glob("*.py") if "\n    command(run)\n" in p.read_text()}
    commands -= {"__main__"}
    told = (folder.parent / ".github" / "CONTRIBUTING.md").read_text()
    assert commands == set(re.findall(r"-m benchmarks\.(\w+)` \|", told))
    run = {benchmark.__module__.rpartition(".")[2] for benchmark, _, _ in everything.ALL}
    assert run == commands - {"load"}
    for benchmark, full, tiny in everything.ALL:
        inspect.signature(benchmark).bind(**full)
        inspect.signature(benchmark).bind(**tiny)


def test_a_figure_is_shown_beside_what_is_to_be_reached():
    time = Figure("time", "once", 0.9731, 1.05, at_most=True, unit=" s")
    rows = Figure("rows", "once", 25_004.2, 50_008.4)
    assert time.cells == ("time", "once", "<= 1.05 s", "0.973 s", "0.93")
    assert rows.cells == ("rows", "once", ">= 50,008", "25,004", "0.50")
    assert time.is_reached
    assert not rows.is_reached
