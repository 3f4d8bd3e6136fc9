"""Which walks go on that were cut short: what they read must still hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import connector.warehouse as engine
from connector import versions
from connector.sandbox import Fault, Readings
from schemas import STREAMS, Endpoint
from tests.bench import Bench
from tests.engine.interrupted import interrupted

Make = Callable[..., Bench]


def test_b12_not_one_that_read_what_another_has_found_to_be_as_it_was(make_bench: Make) -> None:
    """The other one had nothing new to write, so nothing in the lake says that it looked later."""
    at = make_bench(page_size=1, readings=Readings(updated_at="absent"))
    at.sync("snippets")
    at.pass_time()
    row = at.box.workspace.live("snippets")[0]

    def meanwhile() -> None:
        at.box.workspace.update("snippets", row["id"], title="for a moment")
        at.pass_time(5)
        at.box.faults.add(Fault("503", path="/snippets$", at=2, times=50))
        assert at.outcome(at.sync("snippets"), "snippets").outcome == "failed"
        at.box.faults.clear()
        at.box.workspace.update("snippets", row["id"], title=row["title"])
        at.pass_time(5)

    interrupted(at, "snippets", act=meanwhile, path="/snippets$", nth=1)
    at.pass_time(60)
    at.sync("snippets", full=True)
    assert at.differences("snippets") == []


def without(endpoint: Endpoint, name: str) -> Endpoint:
    columns = tuple(column for column in endpoint.columns if column.name != name)
    return replace(endpoint, columns=columns)


def test_not_one_whose_pages_have_other_columns_than_the_catalogue_has_now(
    make_bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade is a stop, a change and a start."""
    at = make_bench(page_size=5)
    with monkeypatch.context() as before:
        for known in (STREAMS, engine.STREAMS, versions.STREAMS):
            before.setitem(known, "threads", without(STREAMS["threads"], "snoozed_until"))
        at.box.faults.add(Fault("404", path="/threads$", at=3))
        assert at.outcome(at.sync("threads"), "threads").outcome == "failed"
    at.pass_time(60)
    run = at.sync("threads", "tags")
    assert {one.outcome for one in run.streams} == {"done"}
    assert at.differences("threads") == []
