"""What no signal shows is found by rotation: within its bound and its share, without full walks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector.lake import Lake
from connector.sandbox import Readings
from connector.status import StreamStatus, status
from connector.warehouse import rebuild
from tests.bench import FEED, Bench
from tests.engine.export import export
from tests.engine.interrupted import interrupted
from tests.few import few

pytestmark = pytest.mark.long

Make = Callable[..., Bench]

HOUR = 3600.0
DAY = 24 * HOUR
MESSAGES = ("threads", "thread_messages")


def audited(make_bench: Make, requests_an_hour: float, **options: Any) -> Bench:
    """A bench whose rotation may make so many requests an hour."""
    at = make_bench(readings=Readings(children_bump="no"), **options)
    at.settings = replace(at.settings, audit_share=requests_an_hour / 60_000)
    return at


def asked_under(at: Bench, child: str = "/messages") -> list[str]:
    """The ids of the parents under which was asked since the requests were last cleared."""
    return [r.path.split("/")[-2] for r in at.box.requests if r.path.endswith(child)]


def told(at: Bench, stream: str) -> StreamStatus:
    return next(one for one in status(at.settings).streams if one.stream == stream)


def edit_silently(at: Bench, thread: str) -> str:
    message = at.box.workspace.ids("thread_messages", thread)[0]
    at.box.workspace.update(
        "thread_messages", message, parent=thread, stamp=False, text="edited silently"
    )
    return message


def test_b08_a_message_edited_silently_is_found_within_the_bound_without_a_full_walk(
    make_bench: Make,
) -> None:
    at = audited(make_bench, 4, threads=12)
    at.sync(*FEED)
    began = at.box.clock.now()
    bound = told(at, "thread_messages").recheck_days
    assert bound
    message = edit_silently(at, at.box.workspace.ids("threads")[5])
    found = f"SELECT count(*) FROM thread_messages WHERE id = '{message}' AND text LIKE 'edited%'"
    at.pass_time(DAY - HOUR)
    while at.query(found) == [(0,)]:
        at.pass_time(HOUR)
        at.sync(*FEED)
        assert at.box.clock.now() - began <= timedelta(days=bound)
    assert at.query("SELECT count(*) FROM meta.walks WHERE kind = 'rotation'") > [(0,)]


def test_no_check_is_ever_older_than_the_bound(make_bench: Make) -> None:
    at = audited(make_bench, 1, threads=4)
    at.sync(*MESSAGES)
    for pause in [DAY, *[HOUR] * 12]:
        at.pass_time(pause)
        at.sync(*MESSAGES)
        one = told(at, "thread_messages")
        assert one.oldest_check
        assert one.recheck_days
        assert at.box.clock.now() - one.oldest_check <= timedelta(days=one.recheck_days)
    assert len(at.query("FROM meta.walks WHERE kind = 'rotation'")) == 4


def test_a_child_deleted_under_an_unmoved_parent_is_found(make_bench: Make) -> None:
    at = audited(make_bench, 600)
    at.sync(*MESSAGES)
    thread = at.box.workspace.ids("threads")[9]
    message = at.box.workspace.ids("thread_messages", thread)[0]
    at.box.workspace.delete("thread_messages", message, parent=thread)
    at.pass_time(DAY + HOUR)
    assert at.outcome(at.sync(*MESSAGES), "thread_messages").deleted == 1
    assert at.differences(*MESSAGES) == []


def test_the_longest_unchecked_come_first(make_bench: Make) -> None:
    at = audited(make_bench, 5, threads=10)
    at.sync(*MESSAGES)
    threads = at.box.workspace.ids("threads")
    at.pass_time(6 * HOUR)
    for thread in threads[::2]:
        at.box.workspace.update("threads", thread, title="moved")
    at.pass_time()
    at.sync(*MESSAGES)
    at.pass_time(DAY)
    at.box.requests.clear()
    at.sync(*MESSAGES)
    assert set(asked_under(at)) == set(threads[1::2])


def test_the_share_holds_for_all_streams_together_whatever_the_pause(make_bench: Make) -> None:
    at = audited(make_bench, 12, threads=40)
    at.sync(*FEED)
    at.pass_time(DAY + HOUR)
    for pause in (0, 900, 900, 1800, HOUR, 7 * HOUR):
        at.pass_time(pause)
        at.box.requests.clear()
        at.sync(*FEED)
        asked = asked_under(at, "/messages") + asked_under(at, "/comments")
        hours = 1 if pause == 0 else min(pause / HOUR, 1)  # before the first one, none has been
        assert 12 * hours <= len(asked) <= 12 * hours + 2, pause  # each stream rounds up


def test_many_syncs_in_a_row_take_no_more_than_one(make_bench: Make) -> None:
    at = audited(make_bench, 12, threads=40)
    at.sync(*MESSAGES)
    at.pass_time(DAY + HOUR)
    at.box.requests.clear()
    for _ in range(4):
        at.sync(*MESSAGES)
    assert 12 <= len(asked_under(at)) <= 12 + 4


def test_no_parent_is_asked_twice_within_a_day(make_bench: Make) -> None:
    at = audited(make_bench, 6000, threads=10)
    at.sync(*MESSAGES)
    at.box.requests.clear()
    for _ in range(16):
        at.pass_time(3 * HOUR + 600)
        at.sync(*MESSAGES)
    assert set(Counter(asked_under(at)).values()) == {2}


@pytest.mark.parametrize("order", ["share of nothing", "window"])
def test_without_a_share_and_for_a_window_nothing_is_asked_again(
    make_bench: Make, order: str
) -> None:
    at = audited(make_bench, 0 if order == "share of nothing" else 6000)
    at.sync(*MESSAGES)
    at.pass_time(3 * DAY)
    at.box.requests.clear()
    since = at.box.clock.now() - timedelta(hours=1)
    at.sync(*MESSAGES, **({"since": since} if order == "window" else {}))
    assert asked_under(at) == []


def test_a_list_of_several_pages_counts_as_many_requests(make_bench: Make) -> None:
    at = audited(make_bench, 10, threads=12, page_size=1)
    at.sync(*MESSAGES)
    at.pass_time(DAY + HOUR)
    at.box.requests.clear()
    at.sync(*MESSAGES)
    asked = Counter(asked_under(at))
    *_, last = (asked[thread] for thread in asked)
    assert max(asked.values()) > 1
    assert 10 <= sum(asked.values()) < 10 + last


@pytest.mark.parametrize("deleted_status", few(["403", "404"], 1))
def test_a_parent_that_is_gone_does_no_harm_and_is_tried_once_a_day(
    make_bench: Make, deleted_status: str
) -> None:
    at = make_bench(readings=Readings(deleted_status=deleted_status), threads=10)
    at.settings = replace(at.settings, audit_share=2 / 60_000)
    at.sync(*MESSAGES)
    for thread in at.box.workspace.ids("threads")[:4]:
        at.box.workspace.delete("threads", thread)
    at.pass_time(DAY + HOUR)
    at.box.requests.clear()
    for _ in range(6):
        assert at.outcome(at.sync(*MESSAGES), "thread_messages").error == ""
        at.pass_time(HOUR)
    assert len(asked_under(at)) == len(set(asked_under(at)))
    assert len(at.query("FROM threads")) == 10
    assert told(at, "threads").held == len(at.query("FROM meta.missing")) > 0
    at.sync(*MESSAGES, full=True)
    assert at.query("SELECT count(*) FROM meta.missing") == [(0,)]
    assert at.differences(*MESSAGES) == []


def test_a_parent_that_only_seemed_gone_answers_the_next_day_and_is_held_no_more(
    make_bench: Make,
) -> None:
    at = audited(make_bench, 600, threads=5)
    at.sync(*MESSAGES)
    thread = at.box.workspace.ids("threads")[2]
    at.pass_time(DAY + HOUR)
    at.box.workspace.delete("threads", thread)
    at.sync(*MESSAGES)
    at.box.workspace.undelete("threads", thread)
    assert told(at, "threads").held == 1
    at.pass_time(DAY + HOUR)
    at.sync(*MESSAGES)
    assert told(at, "threads").held == 0
    assert at.differences(*MESSAGES) == []


def test_a_row_asked_under_in_vain_that_was_gone_and_is_back_is_held_after_no_rebuild(
    make_bench: Make,
) -> None:
    at = make_bench(threads=12, page_size=5, readings=Readings(children_bump="no"))
    at.settings = replace(at.settings, audit_share=1.0)
    at.sync("threads", "thread_comments")
    at.pass_time(DAY + HOUR)
    row = at.box.workspace.ids("threads")[-1]

    def meanwhile() -> None:
        at.box.workspace.delete("threads", row)
        at.pass_time(5)
        at.sync("thread_comments")
        assert len(at.query("FROM meta.missing")) == 1

    interrupted(at, "threads", act=meanwhile, path="/threads$", nth=2, full=True)
    at.box.workspace.undelete("threads", row)
    at.box.workspace.update("threads", row, title="back")
    at.pass_time()
    at.sync("threads")
    assert at.query("SELECT count(*) FROM threads") == [(12,)]
    before = export(at)
    rebuild(Lake(at.settings.data_dir))
    assert before == export(at)


def test_what_hangs_under_contacts_follows_the_same_rule(make_bench: Make) -> None:
    at = audited(make_bench, 6000, contacts=8)
    streams = ("contacts", "contact_companies")
    at.sync(*streams)
    company = at.box.workspace.ids("companies")[0]
    at.box.workspace.update("companies", company, stamp=False, name="Renamed silently")
    at.pass_time(DAY + HOUR)
    at.sync(*streams)
    assert at.differences("contact_companies") == []


def test_status_and_freshness_say_the_oldest_check_of_a_live_parent(make_bench: Make) -> None:
    at = audited(make_bench, 600, threads=10)
    at.sync(*MESSAGES)
    first = told(at, "thread_messages").oldest_check
    at.pass_time(DAY + HOUR)
    at.box.workspace.delete("threads", at.box.workspace.ids("threads")[0])
    at.sync(*MESSAGES)
    (row,) = at.query("SELECT oldest_check, unasked FROM meta.freshness WHERE stream LIKE '%sages'")
    one = told(at, "thread_messages")
    assert row == (one.oldest_check, one.unasked)
    assert one.unasked == 0
    assert first
    assert one.oldest_check
    assert one.oldest_check > first + timedelta(days=1)
