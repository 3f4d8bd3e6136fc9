"""Messages and comments, whatever moves their thread (B8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from connector import children
from connector.sandbox import Readings
from tests.bench import FEED, Bench

Make = Callable[..., Bench]


@pytest.mark.parametrize("bump", ["no", "yes"])
def test_b08_messages_and_comments_in_old_threads_are_found(make_bench: Make, bump: str) -> None:
    at = make_bench(readings=Readings(children_bump=bump))
    at.sync(*FEED)
    for thread in at.box.workspace.ids("threads")[::7]:
        at.pass_time(10)
        at.box.workspace.add_message(thread)
        at.box.workspace.add_comment(thread)
    at.pass_time()
    at.sync(*FEED)
    # Where nothing moves the thread, no list can show it: the full walk asks under every thread.
    assert bump == "no" or at.differences("thread_messages") == []
    at.sync(*FEED, full=True)
    assert at.differences(*FEED) == []


@pytest.mark.parametrize("deleted_status", ["404", "403"])
def test_b08_a_thread_deleted_before_its_comments_are_asked_for_stops_no_others(
    make_bench: Make, deleted_status: str
) -> None:
    at = make_bench(threads=8, readings=Readings(deleted_status=deleted_status))

    def delete(request: Any) -> None:
        # Whichever comes first; the thread has been listed by then.
        if request.path.endswith("/comments"):
            at.box.clear_hooks()
            at.box.workspace.delete("threads", request.path.split("/")[2])

    at.box.before_each(delete)
    outcome = at.outcome(at.sync("threads", "thread_comments"), "thread_comments")
    assert outcome.error == ""
    at.pass_time()
    at.sync("threads", "thread_comments", full=True)
    assert at.differences("threads", "thread_comments") == []


def test_every_thread_is_asked_under_once_however_many_rounds_it_takes(
    make_bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "ROUND", 5)
    monkeypatch.setattr(children, "AHEAD", 2)
    at = make_bench(threads=24)
    asked: Counter[str] = Counter()
    at.box.before_each(lambda request: asked.update([request.path]))
    at.sync("threads", "thread_comments")
    paths = [f"/threads/{thread}/comments" for thread in at.box.workspace.ids("threads")]
    assert {path: asked[path] for path in paths} == dict.fromkeys(paths, 1)
    assert at.differences("threads", "thread_comments") == []
    rounds = "SELECT count(*) FROM meta.walks WHERE stream = 'thread_comments'"
    assert at.query(rounds) == [(5,)]
