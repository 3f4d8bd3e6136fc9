"""Settings as people write them: what works, and what is told where it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.sandbox import Sandbox
from tests.cli.conftest import Cli, connected, ended
from tests.few import few


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


@pytest.mark.parametrize(
    "address", ["http://x:99999", "http://[::1", "http://x:port", "https:///v2"]
)
def test_an_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    said = Cli(tmp_path).with_settings(base_url=address, api_key="pl_v2_x").run("check")
    assert (said.code, "PRODUCTLANE_BASE_URL is not a web address" in said.err) == (2, True)


@pytest.mark.parametrize("name", ["lag_seconds", "overlap_seconds", "stale_hours"])
def test_a_margin_that_leads_out_of_time_is_told(tmp_path: Path, name: str) -> None:
    said = Cli(tmp_path).with_settings(**{name: "1e14"}).run("status")
    assert said.code == 2
    assert f"PRODUCTLANE_{name.upper()} is not a number from 0 to 1" in said.err


def test_a_file_of_settings_in_latin_1_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("PRODUCTLANE_DATA_DIR=M\xfcnchen\n".encode("latin-1"))
    said = Cli(tmp_path).run("status")
    assert (said.code, ".env is no text in UTF-8" in said.err) == (2, True)


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_since_the_beginning_of_time_is_everything(
    tmp_path: Path, box: Sandbox, command: str
) -> None:
    cli = connected(tmp_path, box)
    for _ in range(2):
        ends = ("--since", "0001-01-01", "--until", "9999-12-31T23:59:59.9Z")
        assert cli.run(command, "threads", *ends).code == 0
        assert cli.run("sync", "threads", *ends).code == 0
    counted = cli.run("sql", "SELECT count(*) AS n FROM threads").out
    assert counted == f"n\n{len(box.workspace.ids('threads'))}\n"


def test_sql_on_standard_input_in_latin_1_is_told(synced: Cli) -> None:
    (synced.folder / "latin.sql").write_bytes("SELECT 'M\xfcnchen'".encode("latin-1"))
    with (synced.folder / "latin.sql").open() as stdin:
        said = ended(synced.start("sql", stdin=stdin))
    assert (said.code, "standard input is no text in UTF-8" in said.err) == (2, True)


def test_a_pipe_is_given_utf_8_whatever_the_locale_says(synced: Cli) -> None:
    latin = Cli(synced.folder, {**synced.settings, "PYTHONIOENCODING": "latin-1"})
    said = latin.spawn("sql", "SELECT '\u20ac' AS x")
    assert (said.code, said.out) == (0, "x\n\u20ac\n")


@pytest.mark.parametrize("closed", few(["stdout", "stdin", "stderr"], 1))
def test_a_stream_that_is_closed_is_no_fault(tmp_path: Path, box: Sandbox, closed: str) -> None:
    cli = connected(tmp_path, box)
    as_by_the_shell = f"import os, sys; os.close(sys.{closed}.fileno()); sys.{closed} = None"
    said = ended(cli.start("sync", "tags", first=as_by_the_shell))
    assert said.code == 0
    assert "bug" not in said.err
    assert cli.run("sql", "SELECT count(*) > 0 AS some FROM tags").out == "some\ntrue\n"


@pytest.mark.parametrize("command", [["status", "--json"], ["status"], ["sql", "FROM tags"]])
def test_a_full_standard_output_is_told(synced: Cli, command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        said = ended(synced.start(*command, stdout=full))
    assert said.code == 2
    assert "standard output, can't be used: No space left on device" in said.err
    assert "bug" not in said.err
