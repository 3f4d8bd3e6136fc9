"""Pages: only an unbroken chain to `has_more: false` is a walk (B13)."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from connector.sandbox import Fault, Readings
from connector.walk import Page
from tests.bench import Bench

Make = Callable[..., Bench]


def test_b13_a_list_of_empty_pages_without_end_is_an_error(make_bench: Make) -> None:
    at = make_bench(threads=50)
    at.box.faults.add(Fault("empty_page", path="/threads$", rate=1.0))
    outcome = at.outcome(at.sync("threads"), "threads")
    assert "200 empty pages" in outcome.error


@pytest.mark.parametrize("kind", ["short_page", "empty_page"])
def test_b13_a_short_or_empty_page_ends_nothing(make_bench: Make, kind: str) -> None:
    at = make_bench(page_size=9)
    at.box.faults.add(Fault(kind, at=2, path="/contacts$"))
    at.sync("contacts")
    assert at.differences("contacts") == []


def test_b13_every_page_asks_with_the_filters_of_the_first(make_bench: Make) -> None:
    at = make_bench(page_size=5, readings=Readings(cursor_filters="dropped"))
    at.sync("threads")
    at.pass_time()
    for thread in at.box.workspace.ids("threads")[:12]:
        at.box.workspace.update("threads", thread, title="changed")
    outcome = at.outcome(at.sync("threads"), "threads")
    assert (outcome.error, outcome.rows) == ("", 12)


@pytest.mark.parametrize("kind", ["repeat_cursor", "null_cursor"])
def test_b13_a_chain_that_is_broken_is_an_error_and_closes_nothing(
    make_bench: Make, kind: str
) -> None:
    at = make_bench(page_size=9)
    at.box.faults.add(Fault(kind, at=1, path="/contacts$", times=1))
    outcome = at.outcome(at.sync("contacts"), "contacts")
    assert outcome.outcome == "failed"
    assert "request_id" in outcome.error
    at.box.faults.clear()
    at.sync("contacts")
    assert at.differences("contacts") == []


def test_a_page_is_let_go_before_the_next_one_is_asked_for(make_bench: Make) -> None:
    """Dozens of walks wait for an answer at a time, and a page weighs two megabytes."""
    at = make_bench(page_size=5)
    gc.collect()
    held: list[int] = []
    at.box.before_each(lambda _: held.append(sum(type(o) is Page for o in gc.get_objects())))
    at.sync("threads")
    assert len(held) > 5
    assert set(held) == {0}
