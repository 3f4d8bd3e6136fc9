"""What a run leaves in the records when it is stopped, or fails by what concerns all streams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from connector import locks, runs
from connector.errors import KeyRefused
from connector.lake import Lake
from connector.ledger import Position, Run
from connector.status import Status, status
from connector.sync import Order, sync
from connector.warehouse import publish_if_behind
from tests.bench import Bench, bench, connect, no_sleep

STREAMS = ("threads", "thread_messages", "tags")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = bench(tmp_path_factory.mktemp("runs"), threads=12)
    with made.box:
        yield connect(made)


@pytest.fixture
def at(shared: Bench, tmp_path: Path) -> Bench:
    """A data directory of its own at the workspace of all."""
    shared.box.clear_hooks()
    return Bench(shared.box, replace(shared.settings, data_dir=tmp_path / "data"))


def stopped_at(at: Bench, request: int, *streams: str) -> None:
    """Sync, and be cancelled, as by Ctrl-C, before this request is answered."""

    async def run() -> None:
        task = asyncio.ensure_future(sync(at.settings, Order(streams), sleep=no_sleep))
        loop = asyncio.get_running_loop()
        at.box.before(request, lambda: loop.call_soon_threadsafe(task.cancel))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


def told(at: Bench) -> Status:
    publish_if_behind(Lake(at.settings.data_dir))
    return status(at.settings)


def recorded(at: Bench) -> list[Run]:
    ledger = Lake(at.settings.data_dir).ledger
    return [entry for entry, _ in ledger.since(Position()) if isinstance(entry, Run)]


def test_a_stopped_run_is_recorded_with_what_was_through_and_what_was_not(at: Bench) -> None:
    stopped_at(at, 9, *STREAMS)
    found = told(at)
    assert found.last_run
    assert (found.last_run.ended, found.last_run.error) == ("stopped", "")
    outcomes = {one.stream: one.last_outcome for one in found.streams if one.last_run_at}
    assert outcomes == {"threads": "done", "tags": "done", "thread_messages": "stopped"}
    messages = next(one for one in found.streams if one.stream == "thread_messages")
    assert (messages.unasked or 0) > 0
    assert messages.last_success_at is None
    at.sync(*STREAMS)
    found = told(at)
    assert found.last_run
    assert found.last_run.ended == "done"
    assert {one.last_outcome for one in found.streams if one.last_run_at} == {"done"}
    assert at.differences(*STREAMS) == []


def test_a_run_that_fails_for_all_streams_is_recorded_with_its_error(at: Bench) -> None:
    at.sync("tags")
    at.settings = replace(at.settings, api_key="pl_v2_unknown")
    with pytest.raises(KeyRefused) as refusal:
        at.sync("tags", "threads")
    last = told(at).last_run
    assert last
    assert (last.ended, last.error) == ("failed", str(refusal.value))


def test_a_first_run_whose_key_is_refused_leaves_no_record(at: Bench) -> None:
    at.settings = replace(at.settings, api_key="pl_v2_unknown")
    with pytest.raises(KeyRefused):
        at.sync("tags")
    assert recorded(at) == []


def test_an_error_that_nobody_foresaw_is_recorded_by_its_kind_alone(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("words of a customer")

    monkeypatch.setattr("connector.sync._sift", broken)
    with pytest.raises(ValueError, match="words"):
        at.sync("tags")
    assert [(one.ended, one.error) for one in recorded(at)] == [("failed", "ValueError")]


def test_while_another_process_holds_the_lake_a_stopped_run_ends_soon_without_its_line(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while messages are asked for: what was read of them has to land, and can't."""
    at.sync("threads", "tags")
    monkeypatch.setattr(locks, "PATIENCE", 0.1)
    held = ExitStack()
    with held:
        at.box.before(5, lambda: held.enter_context(Lake(at.settings.data_dir).locked()))
        began = time.monotonic()
        stopped_at(at, 6, *STREAMS)
        assert time.monotonic() - began < 10
    assert [one.ended for one in recorded(at)] == ["done"]
    at.sync(*STREAMS)
    assert at.differences(*STREAMS) == []


def test_a_run_that_is_cut_short_while_it_is_published_counts_once(at: Bench) -> None:
    run = at.sync("tags")
    runs.leave(Lake(at.settings.data_dir), replace(run, ended="failed", error="disk full"))
    publish_if_behind(Lake(at.settings.data_dir))
    assert at.query("SELECT ended, error FROM meta.runs") == [("failed", "disk full")]
    assert at.query("SELECT stream, outcome FROM meta.run_streams") == [("tags", "done")]


def test_a_child_whose_parent_was_never_read_fails_and_says_what_to_run(at: Bench) -> None:
    (outcome,) = at.sync("thread_messages").streams
    assert (outcome.outcome, outcome.exit_code) == ("failed", 2)
    assert "`productlane-elt sync threads thread_messages`" in outcome.error
    at.sync("threads", "thread_messages")
    (outcome,) = at.sync("thread_messages").streams
    assert outcome.outcome == "done"
