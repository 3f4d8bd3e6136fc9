"""The README is run: its commands, its settings, its tables, its SQL."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from connector.cli import guide, main
from connector.cli.streams import markdown
from connector.published import PUBLISHED
from connector.questions import questions
from connector.settings import DEFAULT_BASE_URL, NAMES, Settings
from connector.shape import everything
from tests.bench import Bench, bench, connect
from tests.push.pushed import Desk

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = bench(tmp_path_factory.mktemp("readme"), threads=60)
    with made.box:
        for row in csv.DictReader(blocks("csv")[0].splitlines()):
            own = {"company_id": None, "company_ids": [], "name": None, "is_subscribed": True}
            made.box.workspace.create("contacts", email=row["email"], **own)
        made.box.workspace.update("companies", made.box.workspace.ids("companies")[0], name="Acme")
        connect(made).sync()
        for stream in ("threads", "contacts"):
            made.box.workspace.delete(stream, made.box.workspace.ids(stream)[5])
        made.pass_time()
        made.sync(full=True)
        somebody = made.box.workspace.ids("contacts")[7]
        Desk(made, []).push({"id": somebody, "name": "Ada"})
        yield made


@pytest.mark.parametrize("question", blocks("sql"))
def test_every_query_runs(synced: Bench, question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(synced.settings.data_dir.parent)
    with duckdb.connect("data/productlane.duckdb", read_only=True) as con:
        found = con.sql(question.strip().rstrip(";"))
        assert found.columns
        if "rejected_rows" not in question:
            assert found.fetchall()


def test_the_lake_query_gives_the_rows_of_the_table(
    synced: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(synced.settings.data_dir.parent)
    question = next(one for one in blocks("sql") if "read_parquet" in one)
    with duckdb.connect("data/productlane.duckdb", read_only=True) as con:
        lake = con.sql(f"SELECT id, _hash FROM ({question.strip().rstrip(';')}) ORDER BY id")
        main_rows = con.sql("SELECT id, _hash FROM main.threads ORDER BY id").fetchall()
        assert lake.fetchall() == main_rows
        assert len(main_rows) == 59


def test_the_first_screen_asks_the_demo_in_words_that_can_be_pasted(synced: Bench) -> None:
    asked = "PRODUCTLANE_DATA_DIR=demo-data .venv/bin/productlane-elt sql "
    (block,) = [one for one in blocks("sh") if one.startswith(asked)]
    (query,) = shlex.split(block.removeprefix(asked))
    with duckdb.connect(str(synced.settings.data_dir / PUBLISHED), read_only=True) as con:
        found = con.sql(query)
        assert f"| {' | '.join(found.columns)} |" in README
        assert len(found.fetchall()) == 3
    assert README.index(block) < README.index("## ")


def test_commands_have_no_comments_which_an_interactive_zsh_takes_for_arguments() -> None:
    assert [block for block in blocks("sh") if "#" in block] == []


COMMANDS = [
    line.strip()
    for block in blocks("sh")
    for line in block.splitlines()
    if line.startswith("productlane-elt ")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_works_as_written(synced: Bench, command: str) -> None:
    folder = synced.settings.data_dir.parent
    (folder / "corrections.csv").write_text(blocks("csv")[0])
    environ = {
        "PRODUCTLANE_API_KEY": synced.settings.api_key,
        "PRODUCTLANE_BASE_URL": synced.settings.base_url,
        "PRODUCTLANE_DATA_DIR": str(synced.settings.data_dir),
        "PATH": str(Path(sys.executable).parent),
    }
    ran = subprocess.run(  # noqa: S603  # the README's own lines
        shlex.split(command), env=environ, capture_output=True, text=True, timeout=120, check=False,
        cwd=folder,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_extras_and_questions_that_are_named_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(re.findall(r"'\.\[(\w+)\]'", README)) >= {"report", "notebook", "test"}
    assert set(re.findall(r"'\.\[(\w+)\]'", README)) <= set(project["optional-dependencies"])
    named = set(re.findall(r"sql (?:--list )?@([a-z-]+)", README))
    assert named
    assert named <= {question.name for question in questions()}


def test_files_that_are_linked_are_there() -> None:
    linked = re.findall(r"\]\((?!http|#)([^)#]+)", README)
    assert "notebooks/ten_questions.py" in linked
    assert "docs/dagster.md" in linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_pages_link_are_there(page: Path) -> None:
    linked = re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text())
    assert [path for path in linked if not (page.parent / path).exists()] == []


def test_pictures_are_shown_and_small() -> None:
    shown = re.findall(r"\(pictures/([^)]+)\)", (ROOT / "docs" / "dagster.md").read_text())
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert sorted(shown) == sorted(picture.name for picture in pictures)
    assert [one.name for one in pictures if one.stat().st_size > 120_000] == []


def test_the_stream_table_is_what_the_catalogue_says() -> None:
    table = re.search(r"<!-- streams -->\n(.*?)\n<!-- /streams -->", README, re.DOTALL)
    assert table
    assert table[1] == markdown()


def test_the_settings_are_those_that_are_read_with_their_defaults() -> None:
    table = re.search(r"<!-- settings -->\n(.*?)<!-- /settings -->", README, re.DOTALL)
    assert table
    said = dict(re.findall(r"^\| `(PRODUCTLANE_\w+)` \| (.*?) \|", table[1], re.MULTILINE))
    source = (ROOT / "connector" / "settings.py").read_text()
    assert set(said) == set(NAMES) == set(re.findall(r'"(PRODUCTLANE_\w+)"', source))
    default = Settings.load({})
    assert said["PRODUCTLANE_BASE_URL"] == f"`{DEFAULT_BASE_URL}`"
    given = {name: value.strip("`") for name, value in said.items() if value != "none"}
    assert replace(Settings.load(given), api_key="") == default


def test_every_command_has_its_line_and_no_line_is_too_many() -> None:
    said = set(re.findall(r"^\| `([a-z]+)[ `]", README.split("## Settings")[0], re.MULTILINE))
    ran = subprocess.run(  # our own command, in this interpreter
        [sys.executable, "-c", "from connector.cli import main; main()", "--help"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    offered = set(re.findall(r"^│ ([a-z]+) ", ran.stdout, re.MULTILINE))
    assert said == offered
    assert main


@pytest.mark.parametrize("name", ["schemas", "connector", "assets"])
def test_each_package_is_the_one_in_this_checkout(name: str) -> None:
    """The names are common ones: another distribution must not stand in for ours."""
    module = __import__(name)
    assert Path(str(module.__file__)).parent == ROOT / name


def test_contributing_opens_with_adding_an_endpoint() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    assert text.startswith("# Contributing\n\n## Add an endpoint\n")


def test_the_table_of_views_is_what_they_say_of_themselves() -> None:
    table = re.search(r"<!-- views -->\n(.*?)\n<!-- /views -->", README, re.DOTALL)
    assert table
    assert table[1] == guide.listed(one for one in everything() if one.schema == "analytics")


def test_the_page_of_tables_is_what_the_catalogue_says() -> None:
    assert (ROOT / "docs" / "tables.md").read_text() == f"{guide.markdown()}\n"


def test_the_page_names_every_table_column_and_reference() -> None:
    page = (ROOT / "docs" / "tables.md").read_text()
    for table in everything():
        name = table.name.split(".")[1]
        assert table.schema == "history" or f"\n### {table.name}\n" in page
        assert all(
            f"| `{column}` | {kind} |" in page for column, (kind, _) in table.columns.items()
        )
        for column, target in table.references.items():
            assert f"    {target} |o--o{{ {name} : {column}\n" in page or table.schema == "history"


def test_every_reference_leads_to_rows(synced: Bench) -> None:
    """Declared joins are asked of the data: where ids are given, they find their rows."""
    with duckdb.connect(str(synced.settings.data_dir / PUBLISHED), read_only=True) as con:
        for table in everything():
            for column, target in table.references.items():
                given, found = con.execute(
                    f"""SELECT count(t."{column}"), count(r.id)
                    FROM {table.name} t LEFT JOIN main.{target} r ON r.id = t."{column}" """
                ).fetchall()[0]
                assert found >= 0.8 * given, (table.name, column)
