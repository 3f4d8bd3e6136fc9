"""The main job: sync, changes, sync, full walk; the warehouse equals the server throughout."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas import STREAMS
from tests.bench import Bench
from tests.engine.readings import change_a_lot
from tests.few import few


def test_a_first_sync_brings_everything(at_bench: Bench) -> None:
    run = at_bench.sync()
    assert [one.error for one in run.streams if one.outcome != "done"] == []
    assert at_bench.differences() == []


@pytest.mark.parametrize("seed", few((1, 0, 2), 1))
def test_sync_changes_sync_full_walk_equals_the_server(
    make_bench: Callable[..., Bench], seed: int
) -> None:
    at = make_bench(seed=seed, page_size=(200, 7, 1)[seed], threads=(30, 16, 6)[seed])
    at.sync()
    change_a_lot(at, seed)
    at.sync()
    change_a_lot(at, seed + 10)
    at.sync()
    at.sync(full=True)
    assert at.differences() == []


def test_a_second_sync_without_changes_adds_no_version_and_costs_one_request_a_window(
    at_bench: Bench,
) -> None:
    at_bench.sync()
    at_bench.pass_time()
    before = at_bench.versions()
    run = at_bench.sync()
    assert at_bench.versions() == before
    for one in run.streams:
        assert (one.new, one.changed, one.deleted) == (0, 0, 0), one
        endpoint = STREAMS[one.stream]
        if endpoint.asked == "window":
            assert one.requests <= 1, one
        if endpoint.parent:
            assert one.requests == 0, one


def test_streams_that_cost_a_request_per_contact_come_when_asked_for_by_name(
    at_bench: Bench,
) -> None:
    by_name = [e.stream for e in STREAMS.values() if e.by_name]
    at_bench.sync("contacts")
    at_bench.sync(*by_name)
    assert at_bench.differences(*by_name) == []


def test_an_empty_workspace_is_fine(make_bench: Callable[..., Bench]) -> None:
    at = make_bench(threads=0)
    at.sync()
    at.sync(full=True)
    assert at.query("SELECT count(*) FROM main.threads") == [(0,)]
    assert at.differences() == []


def test_streams_with_one_row_and_with_none_any_more_are_fine(
    make_bench: Callable[..., Bench],
) -> None:
    at = make_bench(threads=50)
    for stream in ("threads", "contacts", "companies", "tags", "snippets", "members"):
        ids = list(at.box.workspace.ids(stream))
        for one in ids[1:] if stream == "threads" else ids:
            at.box.workspace.delete(stream, one)
    at.sync()
    at.sync(full=True)
    assert at.differences() == []
