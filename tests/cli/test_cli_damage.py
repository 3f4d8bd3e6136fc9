from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from connector.sandbox import Sandbox
from tests.cli.conftest import Cli, ended
from tests.few import few


@pytest.fixture
def damaged(cli: Cli) -> Cli:
    """A data directory of its own, for a test to break."""
    assert cli.run("sync", "tags").code == 0
    return cli


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"\0" * path.stat().st_size)


def test_a_data_directory_that_can_not_be_made_is_named(cli: Cli) -> None:
    (cli.folder / "file").write_text("")
    said = cli.with_settings(data_dir="file/data").run("sync", "tags")
    assert said.code == 2
    assert "file/data" in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("command", [["sql", "FROM tags"], ["status"]])
def test_a_damaged_warehouse_is_named_and_made_again(damaged: Cli, command: list[str]) -> None:
    spoil(damaged.data_dir / "productlane.duckdb")
    said = damaged.run(*command)
    assert said.code == 2
    assert "productlane.duckdb" in said.err
    assert "rebuild" in said.err
    assert damaged.run("rebuild").code == 0
    assert damaged.run(*command).code == 0


@pytest.mark.parametrize("command", [["sql", "FROM tags"], ["status"]])
def test_a_warehouse_that_is_gone_can_be_made_again_from_the_lake(
    damaged: Cli, command: list[str]
) -> None:
    (damaged.data_dir / "productlane.duckdb").unlink()
    said = damaged.run(*command)
    assert "there is a lake in data, but no warehouse" in said.out + said.err
    assert "productlane-elt rebuild" in said.out + said.err


def test_status_of_a_warehouse_of_another_version_says_what_to_do(damaged: Cli) -> None:
    path = damaged.data_dir / "productlane.duckdb"
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        con.execute("ALTER TABLE meta.runs DROP COLUMN ended")
    said = damaged.run("status")
    assert said.code == 2
    assert "made by another version. Run `productlane-elt rebuild`" in said.err


def test_a_damaged_work_file_is_told_and_made_again(damaged: Cli) -> None:
    rows = damaged.run("sql", "SELECT id, _hash FROM tags ORDER BY id").out
    spoil(damaged.data_dir / "_work" / "warehouse.duckdb")
    said = damaged.run("sync", "tags")
    assert said.code == 2
    assert "rebuild" in said.err
    assert damaged.run("sql", "SELECT id, _hash FROM tags ORDER BY id").out == rows
    assert damaged.run("rebuild").code == 0
    assert damaged.run("sync", "tags").code == 0
    assert damaged.run("sql", "SELECT id, _hash FROM tags ORDER BY id").out == rows


def test_a_damaged_file_of_the_lake_is_named_and_the_warehouse_stays(damaged: Cli) -> None:
    rows = damaged.run("sql", "FROM tags").out
    (file,) = (damaged.data_dir / "lake" / "tags").rglob("*.parquet")
    spoil(file)
    said = damaged.run("rebuild")
    assert said.code == 2
    assert file.name in said.err
    assert damaged.run("sql", "FROM tags").out == rows


@pytest.mark.parametrize("kilobytes", few([300, 30, 3000], 1))
def test_a_disk_that_is_full_is_told_and_what_was_there_stays(damaged: Cli, kilobytes: int) -> None:
    rows = damaged.run("sql", "FROM tags").out
    limit = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({kilobytes << 10},) * 2)"
    said = ended(damaged.start("sync", "threads", "contacts", "tags", first=limit))
    assert said.code == 2
    assert len(said.err.splitlines()) == 2
    assert "can't be" in said.err or "is full" in said.err
    assert damaged.run("sql", "FROM tags").out == rows
    assert damaged.run("sync", "threads", "contacts", "tags").code == 0


def test_rebuild_without_a_lake_makes_nothing(tmp_path: Path, box: Sandbox) -> None:
    said = Cli(tmp_path).run("rebuild")
    assert said.code == 2
    assert "no lake" in said.err
    assert not (tmp_path / "data").exists()


def test_rebuild_makes_the_same_tables_and_counts_their_rows(damaged: Cli, box: Sandbox) -> None:
    before = damaged.run("sql", "FROM tags ORDER BY id").out
    said = damaged.run("rebuild")
    assert said.code == 0
    counts = dict(line.split() for line in said.out.splitlines() if line.startswith(" tags "))
    assert counts == {"tags": str(len(box.workspace.ids("tags")))}
    assert damaged.run("sql", "FROM tags ORDER BY id").out == before
