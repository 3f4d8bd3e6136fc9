"""The classes of FAILURES.md, each by its number, on a sandbox over real HTTP."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector import errors
from connector.absence import Verdict, judge
from connector.budget import Budget
from connector.client import Client
from connector.gone import Absence, Key
from connector.sandbox import Fault, Readings
from schemas import STREAMS
from tests.bench import START, Bench

Make = Callable[..., Bench]
FEED = ("threads", "thread_messages", "thread_comments")


@pytest.mark.parametrize("overlap", [0, 300])
@pytest.mark.parametrize("page_size", [1, 7, 50])
def test_b01_a_row_that_changes_behind_the_cursor_comes_with_the_next_sync(
    make_bench: Make, page_size: int, overlap: int
) -> None:
    at = make_bench(page_size=page_size)
    at.settings = replace(at.settings, overlap=timedelta(seconds=overlap))
    rng = random.Random(page_size)
    threads = at.box.workspace.ids("threads")

    def change(request: Any) -> None:
        if request.path == "/threads":
            at.box.clock.advance(61)
            at.box.workspace.update("threads", rng.choice(threads), title=f"{rng.random()}")

    at.box.before_each(change)
    at.sync("threads")
    at.sync("threads")
    at.box.clear_hooks()
    at.sync("threads")
    assert at.differences("threads") == []


@pytest.mark.parametrize("bounds", ["exclusive", "inclusive"])
def test_b02_five_hundred_rows_of_one_stamp_across_pages_and_windows(
    make_bench: Make, bounds: str
) -> None:
    at = make_bench(page_size=37, readings=Readings(bounds=bounds))
    at.sync("contacts")
    stamp = at.box.clock.now()
    for number in range(500):
        at.box.workspace.create(
            "contacts", email=f"c{number}@x.example", created_at=stamp, updated_at=stamp
        )
    at.sync("contacts")
    at.pass_time(1)
    at.sync("contacts")
    at.pass_time(3600)
    at.sync("contacts")
    assert at.differences("contacts") == []


@pytest.mark.parametrize("bounds", ["exclusive", "inclusive"])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_b03_rows_at_the_edges_of_windows_are_in_one_of_them(
    make_bench: Make, bounds: str, offset: int
) -> None:
    at = make_bench(threads=50, readings=Readings(bounds=bounds, resolution="finer"))
    edge = datetime(2026, 10, 20, tzinfo=UTC)
    row = at.box.workspace.ids("threads")[3]
    at.box.workspace.update("threads", row, stamp=edge + timedelta(microseconds=offset))
    day = timedelta(days=1)
    for number in range(-2, 2):
        at.sync("threads", since=edge + number * day, until=edge + (number + 1) * day)
    assert at.query(f"SELECT count(*) FROM main.threads WHERE id = '{row}'") == [(1,)]


@pytest.mark.parametrize("overlap", [0, 300])
def test_b04_rows_that_become_visible_late_are_not_passed_by(
    make_bench: Make, overlap: int
) -> None:
    at = make_bench()
    at.settings = replace(at.settings, overlap=timedelta(seconds=overlap))
    at.sync("threads")
    row = at.box.workspace.ids("threads")[5]
    at.box.workspace.hide_until("threads", row, at.box.clock.now() + timedelta(seconds=50))
    at.box.workspace.update("threads", row, title="hidden at first")
    at.pass_time(30)  # without the lag, the window would close over the stamp
    at.sync("threads")
    assert at.query(f"SELECT title FROM main.threads WHERE id = '{row}'") != [("hidden at first",)]
    at.pass_time(25)
    at.sync("threads")
    assert at.query(f"SELECT title FROM main.threads WHERE id = '{row}'") == [("hidden at first",)]


@pytest.mark.parametrize("age", [0, 200])
def test_b06_same_stamp_other_content_inside_the_overlap_is_stored(
    at_bench: Bench, age: int
) -> None:
    row = at_bench.box.workspace.ids("threads")[0]
    at_bench.box.workspace.update("threads", row, title="one")
    at_bench.pass_time(age)
    at_bench.sync("threads")
    at_bench.box.workspace.update("threads", row, stamp=False, title="two")
    at_bench.pass_time(60)
    at_bench.sync("threads")
    assert at_bench.query(f"SELECT title FROM main.threads WHERE id = '{row}'") == [("two",)]


def test_b07_a_silent_change_is_found_by_the_next_full_walk_and_counted(at_bench: Bench) -> None:
    at_bench.sync("threads")
    row = at_bench.box.workspace.ids("threads")[9]
    at_bench.box.workspace.update("threads", row, stamp=False, title="silently")
    at_bench.pass_time()
    assert at_bench.outcome(at_bench.sync("threads"), "threads").changed == 0
    at_bench.sync("threads", full=True)
    assert at_bench.differences("threads") == []
    assert at_bench.query("SELECT sum(drifted) FROM meta.walks") == [(1,)]


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


def test_b09_a_deleted_row_is_marked_with_its_last_values_and_comes_back(at_bench: Bench) -> None:
    at = at_bench
    at.sync(*FEED)
    row = next(m["thread_id"] for m in at.box.workspace.live("thread_messages"))
    title = at.box.workspace.get("threads", row)["title"]
    at.pass_time()
    at.box.workspace.delete("threads", row)
    at.sync(*FEED, full=True)
    assert at.differences(*FEED) == []
    marked = at.query(f"""SELECT title, _last_seen_at < _noticed_at FROM history.threads
        WHERE id = '{row}' AND _deleted AND _valid_to IS NULL""")
    assert marked == [(title, True)]
    assert at.query(f"""SELECT count(*) > 0 AND bool_and(_deleted) FROM history.thread_messages
        WHERE thread_id = '{row}' AND _valid_to IS NULL""") == [(True,)]
    at.pass_time()
    at.box.workspace.undelete("threads", row)
    at.sync(*FEED, full=True)
    assert at.differences(*FEED) == []


def test_b09_a_row_that_goes_between_the_list_and_the_question_was_noticed_by_the_question(
    at_bench: Bench,
) -> None:
    at, tag = at_bench, at_bench.box.workspace.ids("tags")[0]
    at.sync("tags")
    at.pass_time()
    at.box.workspace.hide_until("tags", tag, at.box.clock.now() + timedelta(days=1))
    went: list[datetime] = []

    def delete(request: Any) -> None:
        if request.path == f"/tags/{tag}":
            at.pass_time(300)
            went.append(at.box.clock.now().replace(microsecond=0))
            at.box.workspace.delete("tags", tag)

    at.box.before_each(delete)
    at.sync("tags")
    seen, noticed = at.query("""SELECT _last_seen_at, _noticed_at FROM history.tags
        WHERE _deleted""")[0]
    assert seen <= went[0] <= noticed


@pytest.mark.parametrize(
    "kind",
    ["reset", "cut", "500", "502_html", "429", "refuse_cursor", "repeat_cursor", "not_json",
     "no_data", "no_has_more", "null_cursor", "empty_page", "short_page", "404"],
)  # fmt: skip
@pytest.mark.parametrize("page", [1, 3])
def test_b10_no_fault_in_a_full_walk_invents_a_deletion(
    make_bench: Make, kind: str, page: int
) -> None:
    at = make_bench(threads=50, page_size=11)
    at.sync("threads")
    at.pass_time()
    at.box.faults.add(Fault(kind, at=page, path="/threads$"))
    at.sync("threads", full=True)
    at.box.faults.clear()
    assert at.query("SELECT count(*) FROM main.threads") == [(50,)]
    assert at.query("SELECT count(*) FROM history.threads WHERE _deleted") == [(0,)]


@pytest.mark.parametrize("times", [1, 20])
def test_b10_null_in_place_of_a_list_says_of_no_row_that_it_is_gone(
    at_bench: Bench, times: int
) -> None:
    at, streams = at_bench, ("members", "portal_instances", "portal_roadmap", "linear_options")
    at.sync(*streams)
    at.pass_time()
    for path in ("/members$", "/portal/instances$", "/portal/roadmap$", "/companies/linear"):
        at.box.faults.add(Fault("null_body", path=path, at=1, times=times))
    at.sync(*streams, full=True)
    assert at.differences(*streams) == []
    for stream in streams:
        assert at.query(f"SELECT count(*) FROM history.{stream} WHERE _deleted") == [(0,)]


def test_b10_a_list_that_lost_everything_by_mistake_is_not_believed(make_bench: Make) -> None:
    at = make_bench(threads=50)
    absent: list[Key] = [(row,) for row in at.box.workspace.ids("threads")]
    at.box.workspace.delete("threads", str(absent[3][0]))

    async def ask() -> Verdict:
        budget = Budget(at.settings.data_dir / "budget", limit=10**6)
        async with Client(at.settings, budget) as client:
            return await judge(
                client, STREAMS["threads"], Absence(absent, 50, True), frozenset(), 0.25
            )

    verdict = asyncio.run(ask())
    assert verdict.gone == [absent[3]]
    assert len(verdict.held) == 49
    assert len(at.box.requests) < 20


def test_b10_where_no_row_can_be_asked_for_a_large_loss_is_held_until_it_is_seen_twice(
    make_bench: Make,
) -> None:
    at = make_bench(threads=50, blocked_senders=20)
    at.sync("blocked_senders")
    at.pass_time()
    for sender in at.box.workspace.ids("blocked_senders")[:15]:
        at.box.workspace.delete("blocked_senders", sender)
    assert at.outcome(at.sync("blocked_senders"), "blocked_senders").deleted == 0
    at.pass_time()
    assert at.outcome(at.sync("blocked_senders"), "blocked_senders").deleted == 15
    assert at.differences("blocked_senders") == []


def test_b10_a_record_without_a_readable_key_may_be_any_row_so_none_is_gone(
    make_bench: Make,
) -> None:
    at = make_bench(blocked_senders=12)
    at.sync("blocked_senders")
    first, second = at.box.workspace.ids("blocked_senders")[:2]
    at.pass_time()
    at.box.workspace.delete("blocked_senders", first)
    at.box.workspace.put_raw("blocked_senders", second, '{"type": "EMAIL"}')
    run = at.sync("blocked_senders")
    assert at.outcome(run, "blocked_senders").deleted == 0
    assert at.query("SELECT count(*) FROM main.blocked_senders") == [(12,)]
    assert at.query("SELECT count(*) FROM meta.missing") == [(2,)]


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


@pytest.mark.parametrize("scope", sorted({s for e in STREAMS.values() for s in e.scopes}))
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


def test_b19_partitions_in_any_order_repeated_between_live_edits_keep_each_row_once(
    at_bench: Bench,
) -> None:
    at = at_bench
    day = timedelta(days=1)
    days = [START.replace(hour=0) - number * 200 * day for number in (0, 3, 1, 2, 5, 4, 1)]
    for number, start in enumerate(days):
        at.sync("threads", since=start, until=start + 200 * day)
        at.box.workspace.update("threads", at.box.workspace.ids("threads")[number], title="moved")
        at.pass_time()
    at.sync("threads")
    at.sync("threads", full=True)
    assert at.differences("threads") == []


def test_b20_a_bad_row_is_set_aside_and_shown_and_the_good_version_stays(at_bench: Bench) -> None:
    at = at_bench
    at.sync("threads")
    row = at.box.workspace.ids("threads")[4]
    at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", "id": "{row}", "title": "x"}}')
    at.pass_time()
    run = at.sync("threads", full=True)
    assert at.outcome(run, "threads").rejected == 1
    assert at.query("SELECT stream, reason FROM meta.rejected_rows") == [
        ("threads", "a key stands twice in an object")
    ]
    assert at.query(f"SELECT count(*) FROM main.threads WHERE id = '{row}'") == [(1,)]


def test_b20_new_fields_are_kept_and_noted(at_bench: Bench) -> None:
    at = at_bench
    at.sync("contacts")
    at.box.workspace.schema_change("contacts", add={"sentiment": {"score": 0.5}})
    at.pass_time()
    at.sync("contacts", full=True)
    assert at.differences("contacts") == []
    assert at.query("SELECT stream, field FROM meta.schema_changes") == [("contacts", "sentiment")]


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


@pytest.mark.parametrize("merge_bumps", ["no", "yes"])
def test_b21_a_merge_in_mid_walk_leaves_no_dangling_company(
    make_bench: Make, merge_bumps: str
) -> None:
    at = make_bench(threads=60, page_size=5, readings=Readings(merge_bumps=merge_bumps))
    streams = ("companies", "contacts", "threads")
    at.sync(*streams)
    winner, loser = at.box.workspace.ids("companies")[:2]
    at.box.before(4, lambda: at.box.workspace.merge_companies(winner, loser))
    at.pass_time()
    at.sync(*streams)
    at.pass_time()
    at.sync(*streams, full=True)
    assert at.differences(*streams) == []
    assert at.query("""SELECT count(*) FROM main.contacts c
        ANTI JOIN main.companies k ON c.company_id = k.id WHERE c.company_id IS NOT NULL""") == [
        (0,)
    ]


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


def test_a_thread_of_ten_megabytes_is_fine(at_bench: Bench) -> None:
    row = at_bench.box.workspace.ids("threads")[0]
    at_bench.box.workspace.update("threads", row, text="<p>" + "ä" * 5_000_000 + "</p>")
    at_bench.sync("threads")
    assert at_bench.differences("threads") == []
