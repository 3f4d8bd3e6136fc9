"""B5: those that answer have clocks of their own; none of them may hide what others say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connector.answer import retry_after, said_at
from connector.sandbox import Fault, Request
from tests.bench import Bench

Make = Callable[..., Bench]
BOTH = ("threads", "thread_comments")
AHEAD = timedelta(days=30)


@contextmanager
def dated(at: Bench, apart: Callable[[Request], timedelta]) -> Iterator[None]:
    """Answers are dated apart from the time that it is."""
    now = at.box.clock.now()
    at.box.before_each(lambda request: at.box.clock.set(now + apart(request)))
    yield
    at.box.clear_hooks()
    at.box.clock.set(now + timedelta(hours=1))


def test_b05_an_answer_under_a_thread_that_is_dated_ahead_is_asked_for_again(
    make_bench: Make,
) -> None:
    at = make_bench(threads=6)
    at.sync("threads")
    thread = at.box.workspace.ids("threads")[2]
    comment = at.box.workspace.add_comment(thread)
    path = f"/threads/{thread}/comments"
    with dated(at, lambda request: AHEAD * (request.path == path)):
        run = at.sync(*BOTH)
    assert "dated" in at.outcome(run, "thread_comments").error
    at.box.workspace.update("thread_comments", comment, parent=thread, content="edited")
    at.pass_time()
    at.sync(*BOTH)
    assert at.differences(*BOTH) == []


def test_b05_a_list_that_is_dated_ahead_hides_no_deletion_and_no_change(make_bench: Make) -> None:
    at = make_bench(threads=6)
    asked: Counter[str] = Counter()

    def only_once(request: Request) -> timedelta:
        asked[request.path] += 1
        return AHEAD * (request.path == "/threads" and asked["/threads"] == 1)

    with dated(at, only_once):
        assert at.outcome(at.sync("threads"), "threads").outcome == "done"
    one, other = at.box.workspace.ids("threads")[:2]
    at.box.workspace.update("threads", one, title="news")
    at.box.workspace.delete("threads", other)
    at.pass_time()
    at.sync("threads", full=True)
    assert at.differences("threads") == []


def test_b05_a_proxy_whose_clock_is_ahead_dates_no_tombstone(make_bench: Make) -> None:
    at = make_bench(threads=6)
    at.sync("threads")
    at.pass_time()
    row = at.box.workspace.ids("threads")[2]
    at.box.workspace.delete("threads", row)
    at.pass_time()
    asked: Counter[str] = Counter()

    def only_the_proxy(request: Request) -> timedelta:
        asked[request.path] += 1
        return AHEAD * (request.path == "/threads" and asked["/threads"] == 1)

    at.box.faults.add(Fault("503", path="/threads$", at=1))
    with dated(at, only_the_proxy):
        at.sync("threads", full=True)
    known = f"threads_known_at('{at.box.clock.now().isoformat()}')"
    assert at.query(f"SELECT count(*) FROM {known} WHERE id = '{row}'") == [(0,)]


@pytest.mark.parametrize("behind", [1, 5])
def test_a_clock_that_is_behind_lets_no_parent_be_asked_again_and_again(
    make_bench: Make, behind: int
) -> None:
    at = make_bench(threads=6)
    at.sync(*BOTH)
    at.pass_time(86400)
    asked: Counter[str] = Counter()

    def by_another(request: Request) -> timedelta:
        asked[request.path] += 1
        frozen = asked.total() < 200  # in the end it goes on, or a failing test never would
        return -timedelta(seconds=behind) * (request.path != "/me" and frozen)

    with dated(at, by_another):
        at.sync(*BOTH, full=True)
    assert max(n for path, n in asked.items() if path.endswith("/comments")) == 1


def test_a_date_without_a_zone_is_utc() -> None:
    date = "Sun, 01 Nov 2026 12:00:{} -0000"
    told = {"Date": date.format("00"), "Retry-After": date.format("30")}
    response = httpx.Response(429, headers=told)
    assert retry_after(response) == 30
    assert said_at(response) == datetime(2026, 11, 1, 12, tzinfo=UTC)
