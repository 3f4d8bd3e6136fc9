"""Compaction: fewer files, the same observations, whatever kills it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector.compaction import Compacted, compact
from connector.errors import DataDirError
from connector.lake import Lake
from connector.warehouse import opened, rebuild
from schemas import STREAMS as CATALOGUE
from schemas.endpoint import Column
from tests.bench import Bench, bench, connect
from tests.engine.export import export
from tests.engine.test_crashes import killed_sync
from tests.few import few

pytestmark = pytest.mark.long

STREAMS = ("threads", "thread_comments", "tags")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A lake with many small files of one day, of which nothing may be lost."""
    at = bench(tmp_path_factory.mktemp("crowded"), threads=12)
    with at.box:
        connect(at)
        for number in range(10):
            at.sync(*STREAMS)
            for row in at.box.workspace.ids("threads")[:3]:
                at.box.workspace.update("threads", row, title=f"change {number}")
            at.box.workspace.add_comment(at.box.workspace.ids("threads")[number])
            at.pass_time(60)
        at.box.workspace.delete("threads", at.box.workspace.ids("threads")[1])
        at.sync(*STREAMS)
        yield at


@pytest.fixture
def copy(crowded: Bench, tmp_path: Path) -> Bench:
    shutil.copytree(crowded.settings.data_dir, tmp_path / "data")
    return Bench(crowded.box, replace(crowded.settings, data_dir=tmp_path / "data"))


def compacted(at: Bench) -> Compacted:
    with opened(Lake(at.settings.data_dir)) as warehouse:
        return compact(warehouse)


def files(at: Bench) -> int:
    return len(list((at.settings.data_dir / "lake").rglob("*.parquet")))


def test_small_files_become_few_and_every_observation_stays(copy: Bench) -> None:
    tables, versions, before = export(copy), copy.versions(), files(copy)
    done = compacted(copy)
    assert done.before > 10 * done.after > 0
    assert files(copy) == before - done.before + done.after
    assert copy.versions() == versions
    assert export(copy) == tables


def test_a_rebuild_after_compactions_gives_the_same_tables(copy: Bench) -> None:
    tables = export(copy)
    compacted(copy)
    rebuild(Lake(copy.settings.data_dir))
    assert export(copy) == tables
    assert compacted(copy) == Compacted(0, 0)


def test_a_work_file_from_before_the_compaction_is_made_anew(copy: Bench) -> None:
    """A backup of it lacks landings whose files are now one with files that it knows."""
    work = copy.settings.data_dir / "_work" / "warehouse.duckdb"
    tables = export(copy)
    for number in (1, 2):
        row = copy.box.workspace.ids("threads")[number]
        copy.box.workspace.update("threads", row, title="since the backup")
        copy.pass_time(60)
        if number == 1:
            old = work.read_bytes()
        copy.sync(*STREAMS)
    tables = export(copy)
    compacted(copy)
    work.write_bytes(old)
    assert export(copy) == tables


def test_a_file_that_is_damaged_is_named_and_nothing_is_merged(copy: Bench) -> None:
    days = (copy.settings.data_dir / "lake" / "threads").iterdir()
    victim = next(max(days, key=lambda day: len(list(day.iterdir()))).iterdir())
    victim.write_bytes(victim.read_bytes()[:-5])
    before = files(copy)
    with pytest.raises(DataDirError, match=victim.name):
        compacted(copy)
    assert files(copy) == before


@pytest.mark.parametrize("fatal", few([9, "append:1", "unlink:1", 2, "_advance:2", "unlink:9"], 3))
def test_b11_a_compaction_killed_at_any_write_loses_no_version(
    copy: Bench, fatal: int | str
) -> None:
    tables, versions = export(copy), copy.versions()
    assert killed_sync(copy, fatal, "compact", streams=())
    assert export(copy) == tables
    rebuild(Lake(copy.settings.data_dir))
    assert export(copy) == tables
    assert copy.versions() == versions


@pytest.mark.exhaustive  # `test_redeclared` merges files of two catalogues
def test_files_with_other_columns_are_not_merged_with_each_other(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where a column is missing is its value looked for in `_extra`."""
    at = make_bench(threads=8)
    row = at.box.workspace.ids("contacts")[0]

    def read_mood(mood: str) -> None:
        at.box.workspace.schema_change("contacts", add={"mood": mood})
        at.box.workspace.update("contacts", row, name=mood)
        at.pass_time(60)
        at.sync("contacts")

    for number in range(9):
        read_mood(f"mood {number}")
    contacts = CATALOGUE["contacts"]
    mood = Column("mood", "text", "How they feel")
    with monkeypatch.context() as later:
        later.setitem(CATALOGUE, "contacts", replace(contacts, columns=(*contacts.columns, mood)))
        read_mood("mood 9")
        at.sync("contacts", full=True)
        compacted(at)
        rebuild(Lake(at.settings.data_dir))
        export(at)
        assert at.differences("contacts") == []
    moods = at.query(f"""SELECT mood, _extra FROM history.contacts
        WHERE id = '{row}' ORDER BY _valid_from""")
    assert moods == [(f"mood {number}", None) for number in range(10)]
