"""Settings as people write them: what works, and what is told where it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.sandbox import Sandbox
from tests.cli.conftest import Cli, connected


def test_the_data_directory_may_begin_with_ones_home(tmp_path: Path, box: Sandbox) -> None:
    cli = connected(tmp_path, box)
    cli.settings["HOME"] = str(tmp_path / "home")
    (tmp_path / ".env").write_text("PRODUCTLANE_DATA_DIR=~/lake\n")
    assert cli.run("sync", "tags").code == 0
    assert (tmp_path / "home" / "lake" / "productlane.duckdb").exists()
    said = Cli(tmp_path).with_settings(data_dir="~nobody-of-that-name/x").run("status")
    assert (said.code, "names no home that is known" in said.err) == (2, True)


@pytest.mark.parametrize("name", ["md:x", "s3:x", ":memory:"])
def test_a_folder_is_a_folder_whatever_duckdb_reads_in_its_name(
    tmp_path: Path, box: Sandbox, name: str
) -> None:
    cli = connected(tmp_path, box).with_settings(data_dir=name)
    assert cli.run("sync", "tags").code == 0
    assert cli.run("sql", "SELECT count(*) > 0 FROM tags", "--format", "md").out.endswith(
        "true |\n"
    )
    assert (tmp_path / name / "productlane.duckdb").exists()
