"""What runs out of memory is done again with more, and nothing is done twice by that."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pytest

from connector import guard, news, workfile
from connector.errors import DataDirError
from connector.lake import Lake
from connector.ledger import Position, Run
from connector.turns import Turns
from connector.warehouse import Warehouse, opened
from connector.workfile import MEMORY, MORE, _limit, connect, hold_at_most, let_go, with_room
from schemas import STREAMS
from tests.bench import Bench

T = TypeVar("T")


def hold(con: duckdb.DuckDBPyConnection, millions: int) -> int:
    """Hold so many numbers at once, of 8 bytes each: a list can't go to the disk."""
    found = con.execute(f"SELECT len(list(range)) FROM range({millions}_000_000)").fetchall()
    return int(found[0][0])


def taken(data_dir: Path, act: Callable[[Warehouse], T]) -> T:
    """What comes of one turn at a warehouse."""

    async def take() -> T:
        turns = Turns(Lake(data_dir), Warehouse.publish)
        try:
            return await turns.take(act)
        finally:
            await turns.close()

    return asyncio.run(take())


def test_a_question_that_runs_out_of_memory_is_asked_again_with_more(tmp_path: Path) -> None:
    assert taken(tmp_path, lambda warehouse: hold(warehouse.con, 6)) == 6_000_000


def test_what_no_memory_is_enough_for_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workfile, "MORE", MORE[:1])  # all of it would be gigabytes, and 20 s
    with pytest.raises(DataDirError, match="don't fit 60 MB"):
        taken(tmp_path, lambda warehouse: hold(warehouse.con, 100))


def test_what_had_to_be_more_is_never_made_less(tmp_path: Path) -> None:
    con = connect(tmp_path / "warehouse.duckdb")
    limits = []

    def act() -> None:
        assert len(limits) <= len(MORE), limits
        limits.append(_limit(con))
        let_go(con)
        raise duckdb.OutOfMemoryException

    with pytest.raises(duckdb.OutOfMemoryException):
        with_room(con, lambda: with_room(con, act))
    assert limits == [MEMORY, *MORE]
    con.close()


WIDE = "repeat(md5(range::VARCHAR), 1024)"
MANY = ", ".join(f"md5({number}::VARCHAR || range) AS c{number}" for number in range(45))


@pytest.mark.parametrize(
    ("columns", "rows", "steps"),
    [(WIDE, 2048, MORE), (MANY, 15_000, (30, *MORE))],
    ids=["for a piece of it", "to commit it"],  # DuckDB has an error for each
)
def test_a_journal_is_replayed_with_as_much_memory_as_that_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str, rows: int, steps: tuple[int, ...]
) -> None:
    monkeypatch.setattr(workfile, "MORE", steps)
    path, killed = tmp_path / "warehouse.duckdb", tmp_path / "killed.duckdb"
    con = connect(path)
    hold_at_most(con, 1000)
    con.execute("SET wal_autocheckpoint = '1GB'")
    con.execute(f"CREATE TABLE many AS SELECT {columns} FROM range({rows})")
    for suffix in ("", ".wal"):  # as they are on the disk of a process that is killed now
        shutil.copyfile(f"{path}{suffix}", f"{killed}{suffix}")
    con.close()
    con = connect(killed)
    assert con.sql("SELECT count(*) FROM many").fetchall() == [(rows,)]
    assert _limit(con) == MEMORY
    con.close()


def test_what_has_made_an_entry_count_is_not_done_again(tmp_path: Path) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)

    def act(warehouse: Warehouse) -> None:
        warehouse.commit(Run("1", "sync", at, at, 0, 0, 0.0, 0, ()))
        hold(warehouse.con, 6)

    with pytest.raises(DataDirError, match="don't fit"):
        taken(tmp_path, act)
    assert len(list(Lake(tmp_path).ledger.since(Position()))) == 1


@pytest.mark.parametrize("written", [True, False], ids=["after its files", "before its files"])
def test_a_landing_that_runs_out_of_memory_is_landed_once(
    at_bench: Bench, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    times = []

    def write(con: duckdb.DuckDBPyConnection, *rest: Any) -> Iterator[Any]:
        times.append(1)
        files = list(before(con, *rest)) if written else []
        hold(con, 6)
        yield from files or before(con, *rest)

    before = news.write_news
    monkeypatch.setattr(news, "write_news", write)
    at_bench.sync("threads")
    assert len(times) > 1
    assert at_bench.differences("threads") == []
    lake = at_bench.settings.data_dir / "lake"
    landed = [file.path for one, _ in Lake(lake.parent).ledger.since(Position())
              if not isinstance(one, Run) for file in one.files]  # fmt: skip
    found = [str(path.relative_to(lake)) for path in lake.glob("[!_]*/*/*")]
    assert sorted(found) == sorted(landed)


def test_checks_that_run_out_of_memory_are_asked_again(
    at_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_bench.sync("threads")

    def look(con: duckdb.DuckDBPyConnection, *rest: Any, **options: Any) -> Iterator[Any]:
        hold(con, 6)
        yield from before(con, *rest, **options)

    before = guard.look
    monkeypatch.setattr(guard, "look", look)
    assert guard.examine_and_publish(Lake(at_bench.settings.data_dir), STREAMS["threads"]).findings
    with opened(Lake(at_bench.settings.data_dir)) as warehouse:
        guard.publish_if_sound(warehouse)
