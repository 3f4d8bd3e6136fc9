"""What a key may read and what a list hides is said, and never taken for gone (B15, B16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector import errors
from connector.sandbox import Readings
from schemas import STREAMS
from tests.bench import Bench
from tests.few import few

Make = Callable[..., Bench]


@pytest.mark.parametrize("scope", few(sorted({s for e in STREAMS.values() for s in e.scopes})))
def test_b15_without_a_scope_its_streams_say_so_and_keep_their_rows(
    make_bench: Make, scope: str
) -> None:
    at = make_bench(threads=50)
    needing = [e.stream for e in STREAMS.values() if scope in e.scopes and not e.by_name]
    others = [e.stream for e in STREAMS.values() if scope not in e.scopes and not e.by_name][:2]
    wanted = [*needing, *others]
    at.sync(*wanted)
    scopes = {s for e in STREAMS.values() for s in e.scopes} - {scope}
    at.settings = replace(at.settings, api_key=at.box.issue_key(sorted(scopes)))
    at.pass_time()
    run = at.sync(*wanted, full=True)
    for one in run.streams:
        assert one.outcome == ("skipped" if one.stream in needing else "done"), one
        assert scope in one.error or one.stream in others
    assert at.differences(*wanted) == []


def test_b15_a_refused_key_ends_the_run_and_leaves_the_data(at_bench: Bench) -> None:
    at_bench.sync("tags", "members")
    at_bench.box.revoke(at_bench.settings.api_key)
    with pytest.raises(errors.KeyRefused):
        at_bench.sync("tags", full=True)
    assert at_bench.differences("tags", "members") == []


def test_b15_a_key_that_is_refused_in_mid_run_ends_it(make_bench: Make) -> None:
    at = make_bench(page_size=5)
    at.sync("threads", "tags")
    at.pass_time()
    at.box.before(4, lambda: at.box.revoke(at.settings.api_key))
    with pytest.raises(errors.KeyRefused):
        at.sync("threads", "tags", full=True)
    assert at.differences("threads", "tags") == []


@pytest.mark.parametrize("readings", [Readings(), Readings(hidden_by_default="flagged")])
def test_b16_every_combination_of_flags_arrives_and_a_flip_is_no_deletion(
    make_bench: Make, readings: Readings
) -> None:
    at = make_bench(threads=50, readings=readings)
    streams = ("changelogs", "docs_articles")
    at.sync(*streams)
    assert at.query("SELECT count(DISTINCT (published, archived)) FROM main.docs_articles") == [
        (4,)
    ]
    article = at.box.workspace.ids("docs_articles")[0]

    def flip(request: Any) -> None:
        if request.path == "/docs/articles":
            archived = at.box.workspace.get("docs_articles", article)["archived"]
            at.box.workspace.update("docs_articles", article, archived=not archived)

    at.pass_time()
    at.box.before_each(flip)
    run = at.sync(*streams, full=True)
    at.box.clear_hooks()
    assert at.outcome(run, "docs_articles").deleted == 0
    at.pass_time()
    at.sync(*streams, full=True)
    assert at.differences(*streams) == []


@pytest.mark.parametrize(
    ("readings", "requests"), [(Readings(), 1), (Readings(hidden_by_default="flagged"), 4)]
)
def test_b16_one_question_does_once_the_list_is_proved_to_hide_nothing(
    make_bench: Make, readings: Readings, requests: int
) -> None:
    at = make_bench(threads=50, readings=readings)
    at.sync("docs_articles")
    at.pass_time()
    for article in at.box.workspace.ids("docs_articles")[:5]:
        at.box.workspace.update("docs_articles", article, title="changed")
    run = at.sync("docs_articles")
    assert at.outcome(run, "docs_articles").requests == requests
    assert at.differences("docs_articles") == []
