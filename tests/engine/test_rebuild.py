"""The warehouse is a function of the lake alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import connector.warehouse as engine
from connector import versions
from connector.errors import ConfigurationError, DataDirError
from connector.lake import Lake
from connector.warehouse import rebuild
from schemas import STREAMS
from tests.bench import Bench
from tests.engine.export import export
from tests.few import few

Make = Callable[..., Bench]


def eventful(at: Bench) -> None:
    at.sync()
    for seed in range(2):
        at.box.workspace.change_randomly(random.Random(seed), 30)
        at.box.workspace.schema_change("contacts", add={"sentiment": seed})
        at.pass_time()
        at.sync(full=seed == 1)


def test_a_rebuild_from_the_lake_gives_the_same_tables_row_for_row(make_bench: Make) -> None:
    at = make_bench(threads=20)
    eventful(at)
    before = export(at)
    rebuild(Lake(at.settings.data_dir))
    assert export(at) == before
    assert at.differences() == []
    (at.settings.data_dir / "_work" / "warehouse.duckdb").unlink()
    assert export(at) == before


def test_a_column_that_is_declared_later_finds_its_past_in_the_lake(
    at_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = at_bench
    tags = STREAMS["tags"]
    without = replace(tags, columns=tuple(c for c in tags.columns if c.name != "color"))
    with monkeypatch.context() as before:
        for streams in (STREAMS, engine.STREAMS, versions.STREAMS):
            before.setitem(streams, "tags", without)
        at.sync("tags", "contacts")
        assert at.query("SELECT count(*) FROM main.tags WHERE _extra ->> 'color' IS NOT NULL") != [
            (0,)
        ]
    at.pass_time()
    at.sync("contacts")
    assert at.differences("tags", "contacts") == []


@pytest.mark.parametrize("harm", few(["flipped", "missing", "cut"]))
def test_a_lake_with_a_missing_or_damaged_file_is_refused_with_its_name(
    at_bench: Bench, harm: str
) -> None:
    at_bench.sync("tags", "contacts")
    before = export(at_bench)
    victim = sorted((at_bench.settings.data_dir / "lake" / "contacts").rglob("*.parquet"))[3]
    whole = victim.read_bytes()
    victim.unlink()
    if harm != "missing":
        victim.write_bytes(whole[:-9] if harm == "cut" else whole[:50] + b"!" + whole[51:])
    with pytest.raises(DataDirError, match=victim.parent.name):
        rebuild(Lake(at_bench.settings.data_dir))
    assert export(at_bench) == before
    victim.write_bytes(whole)
    rebuild(Lake(at_bench.settings.data_dir))
    assert export(at_bench) == before


def test_a_lake_belongs_to_one_workspace(make_bench: Make) -> None:
    one, other = make_bench(seed=1), make_bench(seed=2)
    one.sync("tags")
    other.settings = replace(other.settings, data_dir=one.settings.data_dir)
    with pytest.raises(ConfigurationError, match="holds workspace"):
        other.sync("tags")
    assert one.differences("tags") == []


def test_b23_a_reader_keeps_its_snapshot_while_syncs_publish(at_bench: Bench) -> None:
    from tests.oracle import published

    at_bench.sync("threads")
    with published(at_bench.settings.data_dir) as reader:
        before = reader.sql("SELECT id, title FROM threads ORDER BY id").fetchall()
        for number in range(3):
            row = at_bench.box.workspace.ids("threads")[number]
            at_bench.box.workspace.update("threads", row, title=f"new {number}")
            at_bench.pass_time()
            at_bench.sync("threads")
        assert reader.sql("SELECT id, title FROM threads ORDER BY id").fetchall() == before
    assert at_bench.differences("threads") == []
    assert Path(at_bench.settings.data_dir / "productlane.duckdb").stat().st_mode & 0o777 == 0o444


def test_every_table_view_and_column_for_readers_has_a_comment(at_bench: Bench) -> None:
    at_bench.sync("tags")
    bare = at_bench.query("""
        SELECT schema_name, table_name, '' FROM duckdb_tables()
        WHERE schema_name IN ('main', 'meta') AND comment IS NULL AND NOT internal
        UNION ALL SELECT schema_name, view_name, '' FROM duckdb_views()
        WHERE schema_name IN ('history', 'meta') AND comment IS NULL AND NOT internal
        UNION ALL SELECT schema_name, table_name, column_name FROM duckdb_columns()
        WHERE schema_name IN ('main', 'meta', 'history') AND comment IS NULL AND NOT internal""")
    assert bare == []


def test_rows_that_take_more_memory_than_is_usual_are_read_all_the_same(make_bench: Make) -> None:
    """A Parquet file of a day with 48 MB of texts is unpacked at once."""
    at, rng = make_bench(threads=300), random.Random(1)
    for thread in at.box.workspace.ids("threads")[:200]:
        at.box.workspace.update("threads", thread, text=rng.randbytes(120_000).hex())
    at.sync("threads")
    rebuild(Lake(at.settings.data_dir))
    assert at.differences("threads") == []
