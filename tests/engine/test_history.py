"""History at two times, against a model that remembers what the source had and what was read."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests import oracle
from tests.bench import Bench

Make = Callable[..., Bench]
OWNERS = ("threads", "thread_comments", "companies", "contacts")


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
    at_bench.sync(*OWNERS, "tags")
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
