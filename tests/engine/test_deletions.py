"""What is gone is marked, what is there is not, and merges dangle nothing (B9, B10, B21)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from connector import staging
from connector.absence import Verdict, judge
from connector.buckets import HELD
from connector.budget import Budget
from connector.client import Client
from connector.durable import hidden_name
from connector.gone import Absence, Key, write_gone
from connector.lake import Lake
from connector.sandbox import Fault, Readings
from connector.warehouse import opened
from schemas import STREAMS
from tests.bench import FEED, Bench
from tests.few import few

Make = Callable[..., Bench]


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
    few(["empty_page", "short_page", "no_has_more", "null_cursor", "repeat_cursor", "refuse_cursor",
         "cut", "no_data", "404", "reset", "500", "502_html", "429", "not_json"], 6),
)  # fmt: skip
@pytest.mark.parametrize("page", few([3, 1], 1))
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
            return await judge(client, STREAMS["threads"], Absence(absent, 50), frozenset(), 0.25)

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


def test_a_row_that_is_held_is_proven_only_up_to_when_it_was_read(at_bench: Bench) -> None:
    at = at_bench
    thread = at.box.workspace.ids("threads")[2]
    odd, gone = [at.box.workspace.add_comment(thread) for _ in range(2)]
    at.sync("threads", "thread_comments")
    at.pass_time()
    at.box.workspace.put_raw("thread_comments", odd, '{"content": "no id"}', parent=thread)
    at.box.workspace.delete("thread_comments", gone, parent=thread)
    at.pass_time()
    at.sync("threads", "thread_comments", full=True)
    ((proven, read),) = at.query(
        "SELECT proven_from, _synced_at FROM meta.freshness, thread_comments "
        f"WHERE stream = 'thread_comments' AND id = '{gone}'"
    )
    assert proven == read


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


@pytest.mark.parametrize("merge_bumps", ["no", "yes"])
def test_b21_a_merge_is_recorded_with_loser_and_winner(make_bench: Make, merge_bumps: str) -> None:
    from connector.sandbox import Readings

    at = make_bench(threads=30, companies=6, readings=Readings(merge_bumps=merge_bumps))
    at.sync("threads", "companies", "contacts")
    owned = at.query("SELECT company_id FROM contacts WHERE company_id IS NOT NULL GROUP BY ALL")
    loser = min(owned)[0]
    winner, deleted, *_ = (c for c in at.box.workspace.ids("companies") if c != loser)
    at.pass_time()
    at.box.workspace.merge_companies(winner, loser)
    at.box.workspace.delete("companies", deleted)
    at.pass_time()
    at.sync("threads", "companies", "contacts")
    at.sync("threads", "companies", "contacts", full=True)
    assert at.differences("threads", "companies", "contacts") == []
    assert at.query("SELECT loser_id, winner_id FROM meta.company_merges") == [(loser, winner)]
    dangling = """SELECT count(*) FROM {} r ANTI JOIN companies c ON r.company_id = c.id
        WHERE r.company_id IS NOT NULL"""
    for table in ("threads", "contacts"):
        assert at.query(dangling.format(table)) == [(0,)]


def test_b21_a_company_that_is_answered_with_its_winner_is_gone(make_bench: Make) -> None:
    """What a merged company's own path answers is not documented."""
    at = make_bench(threads=30)
    at.sync("companies")
    winner, loser = at.box.workspace.ids("companies")[:2]
    at.pass_time()
    at.box.workspace.merge_companies(winner, loser)
    body = orjson.dumps(at.box.workspace.get("companies", winner))
    at.box.faults.add(Fault("answer", path=f"/companies/{loser}$", status=200, body=body, rate=1.0))
    at.pass_time()
    at.sync("companies", full=True)
    assert at.differences("companies") == []


def test_b09_however_many_go_at_once_their_rows_stream_through(make_bench: Make) -> None:
    """100,000 threads that go would be held as 270 MB, and a million as gigabytes."""
    at = make_bench(threads=2 * HELD)
    at.sync("threads")
    later, lake = at.box.clock.now() + timedelta(days=1), Lake(at.settings.data_dir)
    with opened(lake) as warehouse:
        lake.begin(walk := lake.next_walk())
        staged = staging.begin(lake.root / "_staging", walk, {"stream": "threads"})
        staged.asked_at = staged.answered_at = later
        every = warehouse.con.execute("SELECT id FROM main.threads").fetchall()
        [file] = write_gone(warehouse.con, STREAMS["threads"], lake, staged, every)
        said = pq.read_metadata(hidden_name(Path(lake.path(file))))
    groups = [said.row_group(number).num_rows for number in range(said.num_row_groups)]
    assert sum(groups) == file.rows == 2 * HELD
    assert max(groups) <= 1.1 * HELD  # DuckDB makes no piece that ends in mid-vector
