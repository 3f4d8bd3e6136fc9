from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.demo.folder import MARKER, fresh
from connector.demo.questions import QUESTIONS
from connector.errors import DataDirError
from schemas import STREAMS
from tests.cli.conftest import Cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what is left of an earlier demo: a lake that belongs to another workspace."""
    made = tmp_path_factory.mktemp("demo")
    lake = fresh(made / "demo-data") / "lake"
    lake.mkdir()
    (lake / "_workspace.json").write_text('{"workspace_id": "another one"}')
    return made


@pytest.fixture(scope="module")
def out(folder: Path) -> str:
    said = Cli(folder).spawn("demo", "--threads", "12")
    assert said.code == 0, said.out + said.err
    return said.out


def test_shows_the_whole_job_and_proves_it(out: str) -> None:
    assert out.count("Proven:") == 2
    assert f"{len(STREAMS)} tables" in out
    rows = dict(re.findall(r"^ (\w+) +([\d,·]+) ", out, re.MULTILINE))
    assert set(STREAMS) <= set(rows)
    assert all(title in out and query in out for title, query in QUESTIONS)
    proven = re.findall(r"tables, ([\d,]+) rows", out)
    now = [rows[stream].replace("·", "0").replace(",", "") for stream in STREAMS]
    assert int(proven[-1].replace(",", "")) == sum(map(int, now))
    assert "What to try next" in out


def test_replaces_an_earlier_one_and_leaves_what_it_says(folder: Path, out: str) -> None:
    cli = Cli(folder).with_settings(data_dir="demo-data")
    assert int(cli.run("sql", "SELECT count(*) FROM history.companies WHERE _deleted").out[-2]) > 0
    suggested = re.findall(r'productlane-elt sql "(.*)"', out)
    assert [cli.run("sql", query).code for query in suggested] == [0]
    assert cli.run("status").code == 0
    assert (folder / "demo-data" / "lake" / "threads").is_dir()


def test_refuses_a_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("")
    said = Cli(tmp_path).run("demo", "--dir", "mine")
    assert said.code == 2
    assert "mine was not made by the demo" in said.err
    assert (tmp_path / "mine" / "precious").exists()


def test_a_file_is_no_folder_to_replace(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(DataDirError, match="not made by the demo"):
        fresh(tmp_path / "mine")


def test_its_own_folder_is_emptied(tmp_path: Path) -> None:
    made = fresh(tmp_path / "mine")
    (made / "old").write_text("")
    assert [path.name for path in fresh(made).iterdir()] == [MARKER]


def test_of_a_link_it_is_the_folder_behind_that_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("folder")
    for _ in range(2):
        made = fresh(tmp_path / "link")
        assert [path.name for path in made.iterdir()] == [MARKER]
        (made / "old").write_text("")
    assert (tmp_path / "link").is_symlink()
