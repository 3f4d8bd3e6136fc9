"""History at two times, against a model that remembers what the source had and what was read."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests import oracle
from tests.bench import Bench

Make = Callable[..., Bench]
FEED = ("threads", "thread_comments", "companies", "contacts")


def titles(at: Bench, macro: str, when: datetime) -> dict[str, str]:
    return dict(at.query(f"SELECT id, title FROM {macro}('{when.isoformat()}')"))


@pytest.mark.parametrize("seed", range(2))
def test_tables_as_of_a_time_are_what_the_source_had_and_known_at_what_was_read(
    make_bench: Make, seed: int
) -> None:
    rng = random.Random(seed)
    at = make_bench(threads=10)
    at.sync("threads")
    source: list[tuple[datetime, dict[str, str]]] = []
    read: list[tuple[datetime, dict[str, str]]] = []
    for number in range(6):
        at.pass_time(600)
        for row in rng.sample(at.box.workspace.ids("threads"), 3):
            at.box.workspace.update("threads", row, title=f"{number} {row[:4]}")
        at.pass_time(600)
        live = {row["id"]: row["title"] for row in at.box.workspace.live("threads")}
        source.append((at.box.clock.now(), live))
        if number % 2:
            at.sync("threads")
            at.pass_time(5)
            read.append((at.box.clock.now(), live))
    for when, said in read:
        assert titles(at, "threads_known_at", when) == said
    for when, said in source[1::2]:  # what changed twice between two syncs was seen once
        assert titles(at, "threads_as_of", when) == said


def test_a_deleted_row_is_there_as_of_before_and_known_gone_once_it_was_noticed(
    at_bench: Bench,
) -> None:
    at = at_bench
    at.sync("threads")
    row = at.box.workspace.ids("threads")[3]
    at.pass_time()
    before = at.box.clock.now()
    at.box.workspace.delete("threads", row)
    at.pass_time()
    unnoticed = at.box.clock.now()
    at.pass_time()
    at.sync("threads", full=True)
    noticed = at.box.clock.now() + timedelta(seconds=2)
    assert row in titles(at, "threads_as_of", before)
    assert row in titles(at, "threads_known_at", unnoticed)
    assert row not in titles(at, "threads_known_at", noticed)
    assert row not in titles(at, "threads_as_of", noticed)


def test_every_table_has_both_macros_and_now_they_show_what_main_has(at_bench: Bench) -> None:
    at_bench.sync(*FEED, "tags")
    with oracle.published(at_bench.settings.data_dir) as con:
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
        ).fetchall()
        for (table,) in tables:
            for when in ("as_of", "known_at"):
                differing = f"""SELECT count(*) FROM (
                    SELECT COLUMNS('^[^_]') FROM main.{table}
                    EXCEPT ALL
                    SELECT COLUMNS('^[^_]') FROM {table}_{when}('2030-01-01'))"""
                assert con.execute(differing).fetchall() == [(0,)], table
                assert (
                    con.execute(f"SELECT count(*) FROM {table}_{when}('2030-01-01')").fetchall()
                    == con.execute(f"SELECT count(*) FROM main.{table}").fetchall()
                )


def test_b04_a_row_that_becomes_visible_beyond_the_lag_is_found_by_the_full_walk_and_counted(
    at_bench: Bench,
) -> None:
    at = at_bench
    at.sync("threads")
    row = at.box.workspace.ids("threads")[5]
    at.pass_time(60)
    at.box.workspace.update("threads", row, title="hidden for hours")
    at.box.workspace.hide_until("threads", row, at.box.clock.now() + timedelta(hours=2))
    at.pass_time(3600)
    at.sync("threads")
    at.pass_time(7200)
    at.sync("threads")
    assert at.query("SELECT sum(late) FROM meta.walks") == [(0,)]
    at.sync("threads", full=True)
    assert at.differences("threads") == []
    assert at.query("SELECT sum(late), sum(drifted) FROM meta.walks") == [(1, 0)]


def test_b07_the_fields_that_changed_silently_are_named(at_bench: Bench) -> None:
    at = at_bench
    at.sync("threads")
    rows = at.box.workspace.ids("threads")
    at.box.workspace.update("threads", rows[2], stamp=False, title="silently", text="so")
    at.box.workspace.update("threads", rows[4], stamp=False, title="silently")
    at.box.workspace.update("threads", rows[6], title="with a stamp")
    at.pass_time()
    at.sync("threads", full=True)
    assert at.query("SELECT field, rows FROM meta.drift ORDER BY field") == [
        ("text", 1),
        ("title", 2),
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
