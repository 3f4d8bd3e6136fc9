"""Where a query comes from: the command line, a file, standard input, the questions we know."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from connector.questions import Question, questions
from schemas import STREAMS
from tests.bench import Bench, bench, connect
from tests.cli.conftest import ROOT, Cli

NAMES = [question.name for question in questions()]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A workspace with enough in it that every question has an answer."""
    made = bench(tmp_path_factory.mktemp("questions"), threads=24)
    with made.box:
        connect(made).sync(*(set(STREAMS) - {"contact_companies", "contact_portals"}))
        made.box.workspace.update("threads", made.box.workspace.ids("threads")[3], status="done")
        made.box.workspace.delete("threads", made.box.workspace.ids("threads")[5])
        made.pass_time()
        made.sync("threads", full=True)
        yield made


def test_a_dash_reads_the_query_from_standard_input(synced: Cli) -> None:
    assert synced.run("sql", "-", stdin="SELECT 42 AS answer").out == "answer\n42\n"
    assert synced.run("sql", "--file", "-", stdin="SELECT 42 AS answer").out == "answer\n42\n"


def test_a_query_may_begin_with_a_comment(synced: Cli) -> None:
    assert synced.run("sql", "-- why\nSELECT 42 AS answer").out == "answer\n42\n"
    assert synced.run("sql", synced.run("sql", "--list", "@response-times").out).code == 0


def test_without_a_query_standard_input_is_read_as_psql_does(synced: Cli) -> None:
    assert synced.run("sql", stdin="SELECT 42 AS answer").out == "answer\n42\n"


def test_a_file_is_read_and_may_begin_as_windows_writes_it(synced: Cli) -> None:
    (synced.folder / "query.sql").write_text("\ufeff-- why\nSELECT 42 AS answer;\n")
    assert synced.run("sql", "--file", "query.sql").out == "answer\n42\n"
    assert synced.run("sql", "-f", "query.sql").out == "answer\n42\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--file", "none.sql"], "none.sql can't be read"),
        (["--file", "odd.sql"], "no text in UTF-8"),
        (["SELECT 1", "--file", "query.sql"], "Give one of them"),
        (["query.sql"], "--file query.sql"),
        ([""], "the query is empty"),
    ],
)
def test_what_is_no_query_is_told_with_a_way_out(
    synced: Cli, arguments: list[str], complaint: str
) -> None:
    (synced.folder / "query.sql").write_text("SELECT 42 AS answer")
    (synced.folder / "odd.sql").write_bytes(b"SELECT '\xff'")
    said = synced.run("sql", *arguments)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


@pytest.mark.parametrize("arguments", [["@"], ["--list"]])
def test_the_questions_are_listed_with_what_they_ask(tmp_path: Path, arguments: list[str]) -> None:
    said = Cli(tmp_path).run("sql", *arguments).out
    assert len(NAMES) >= 10
    assert all(f"@{one.name}" in said and one.title[:30] in said for one in questions())


def test_the_sql_of_a_question_is_shown_to_be_changed(tmp_path: Path) -> None:
    (first, *_) = questions()
    assert Cli(tmp_path).run("sql", f"@{first.name}", "--list").out == first.sql


@pytest.mark.parametrize("name", NAMES)
def test_every_question_has_an_answer(full: Bench, tmp_path: Path, name: str) -> None:
    cli = Cli(tmp_path).with_settings(data_dir=str(full.settings.data_dir))
    said = cli.run("sql", f"@{name}", "--format", "json")
    assert said.code == 0, said.err
    assert said.document


@pytest.mark.parametrize("question", questions(), ids=lambda one: one.name)
def test_every_question_asks_in_one_line(question: Question) -> None:
    assert question.sql.startswith("-- ")
    assert question.title.endswith("?")
    assert len(question.title) < 90


def test_an_unknown_name_gets_the_nearest_ones(tmp_path: Path) -> None:
    said = Cli(tmp_path).run("sql", "@response-time")
    assert said.code == 2
    assert "@response-times" in said.err
    assert "sql @" in Cli(tmp_path).run("sql", "@zzzzzz").err


def test_files_that_are_no_python_are_packaged() -> None:
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "package-data"
    ]["connector"]
    kept = [path for path in (ROOT / "connector").rglob("*") if path.is_file()]
    data = [path for path in kept if path.suffix not in (".py", ".pyc")]
    assert data
    for path in data:
        name = str(path.relative_to(ROOT / "connector"))
        assert any(fnmatch(name, glob) for glob in globs), name
