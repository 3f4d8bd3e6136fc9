"""B9: what hangs under a row that is gone goes too, whoever read it, and whenever it landed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.sandbox import Fault, Request
from tests.bench import START, Bench
from tests.engine.interrupted import interrupted

Make = Callable[..., Bench]
BOTH = ("threads", "thread_comments")
ORPHANS = "SELECT count(*) FROM thread_comments c ANTI JOIN threads t ON t.id = c.thread_id"
DAY = 86400


@pytest.fixture
def at(make_bench: Make) -> Bench:
    at = make_bench(threads=24, page_size=5)
    at.sync(*BOTH)
    at.pass_time()
    return at


def assert_none_is_left(at: Bench, rows: int) -> None:
    """So many orphans until the next full walk, and none after it."""
    assert at.query(ORPHANS) == [(rows,)]
    at.pass_time(DAY)
    at.sync(*BOTH, full=True)
    assert at.query(ORPHANS) == [(0,)]
    assert at.differences(*BOTH) == []


def test_b9_read_while_a_full_walk_is_under_way(at: Bench) -> None:
    last = at.box.workspace.ids("threads")[-1]  # it is on the last page

    def meanwhile() -> None:
        at.pass_time(30)
        at.box.workspace.add_comment(last)
        at.pass_time(30)
        at.sync("thread_comments", full=True)
        at.pass_time(30)
        at.box.workspace.delete("threads", last)

    interrupted(at, "threads", act=meanwhile, path="/threads$", nth=2, full=True)
    assert_none_is_left(at, 1)


def test_a_row_whose_parent_is_gone_is_proven_only_up_to_when_it_was_read(at: Bench) -> None:
    last = at.box.workspace.ids("threads")[-1]

    def meanwhile() -> None:
        at.box.workspace.add_comment(last)
        at.pass_time(30)
        at.sync("thread_comments", full=True)
        at.pass_time(30)
        at.box.workspace.delete("threads", last)

    interrupted(at, "threads", act=meanwhile, path="/threads$", nth=2, full=True)
    at.pass_time()
    at.sync("thread_comments", full=True)
    assert at.query(ORPHANS) == [(1,)]
    proven = "SELECT proven_from FROM meta.freshness WHERE stream = 'thread_comments'"
    read = f"SELECT min(_synced_at) FROM thread_comments WHERE thread_id = '{last}'"
    ((since,),) = at.query(proven)
    assert at.query(read) == [(since,)]
    at.pass_time(DAY)
    at.sync(*BOTH, full=True)
    assert at.query(proven)[0][0] >= since + timedelta(days=1)


def test_b9_landed_after_its_parent_was_found_to_be_gone(make_bench: Make) -> None:
    at = make_bench(threads=24)
    at.sync(*BOTH)
    at.pass_time()
    for thread in at.box.workspace.ids("threads"):
        at.box.workspace.add_comment(thread)
    at.pass_time()
    at.box.requests.clear()

    def meanwhile() -> None:
        asked = [r.path.split("/")[2] for r in at.box.requests if r.path.endswith("/comments")]
        at.pass_time(30)
        at.box.workspace.delete("threads", asked[0])
        at.pass_time(30)
        at.sync("threads", full=True)

    interrupted(at, "thread_comments", act=meanwhile, path="/threads/", nth=24, full=True)
    assert_none_is_left(at, 1)


def test_b9_read_about_when_the_full_walk_begins(make_bench: Make) -> None:
    at = make_bench(threads=3)

    def by_the_clock(request: Request) -> None:
        late = request.path.endswith("/comments")
        at.box.clock.set(START + timedelta(seconds=1.1 if late else 0.1))

    at.box.before_each(by_the_clock)
    for thread in at.box.workspace.ids("threads"):
        at.box.workspace.add_comment(thread)
    at.sync(*BOTH)
    at.box.workspace.delete("threads", at.box.workspace.ids("threads")[0])
    at.box.clear_hooks()
    at.box.before(2, lambda: at.box.clock.set(START + timedelta(seconds=2.1)))  # 1 is /me
    at.sync(*BOTH, full=True)
    assert_none_is_left(at, 1)


def failed_full_walk(at: Bench) -> None:
    at.box.faults.add(Fault("503", path="/threads$", at=3, times=50))
    assert at.outcome(at.sync("threads", full=True), "threads").outcome == "failed"
    at.box.faults.clear()
    at.pass_time(60)


def test_b9_read_before_a_full_walk_went_on_that_had_failed(at: Bench) -> None:
    last = at.box.workspace.ids("threads")[-1]
    failed_full_walk(at)
    at.box.workspace.add_comment(last)
    at.sync("thread_comments", full=True)
    at.box.workspace.delete("threads", last)
    at.pass_time(60)
    at.sync(*BOTH, full=True)
    assert_none_is_left(at, 1)


def orphaned(at: Bench) -> str:
    """A thread that is gone from the table, and whose comment is not."""
    last = at.box.workspace.ids("threads")[-1]
    failed_full_walk(at)
    at.box.workspace.add_comment(last)
    at.sync("thread_comments", full=True)
    at.box.workspace.delete("threads", last)
    at.sync("threads", full=True)
    assert at.query(ORPHANS) == [(1,)]
    at.pass_time()
    return last


def test_b10_not_where_the_parent_comes_back_with_the_same_walk(at: Bench) -> None:
    thread = orphaned(at)
    at.box.workspace.undelete("threads", thread)
    at.pass_time()
    at.sync("threads", full=True)
    assert at.query(ORPHANS) == [(0,)]
    assert at.differences(*BOTH) == []


def test_b10_not_where_the_parent_may_be_among_what_was_set_aside(at: Bench) -> None:
    orphaned(at)
    at.box.workspace.put_raw("threads", at.box.workspace.ids("threads")[0], '{"title": "no id"}')
    at.pass_time()
    at.sync("threads", full=True)
    assert at.query(ORPHANS) == [(1,)]


def test_b10_not_where_the_parent_itself_was_set_aside(at: Bench) -> None:
    thread = orphaned(at)
    at.box.workspace.undelete("threads", thread)
    at.box.workspace.put_raw("threads", thread, f'{{"id": "{thread}", "x": 1, "x": 2}}')
    at.pass_time()
    at.sync("threads", full=True)
    assert at.query(ORPHANS) == [(1,)]
