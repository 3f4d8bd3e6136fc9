"""The page of `productlane-elt report`: what is in it, and what can't be."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from connector.report import CHARTS, page, workspace_of
from connector.report.drawing import _library
from tests.bench import START
from tests.cli.conftest import Cli
from tests.report.conftest import EVIL, page_of


class Read(HTMLParser):
    """A page as a browser reads it: elements with their attributes, and its words."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def shown(lively: Cli) -> Read:
    return Read(page_of(lively))


@pytest.fixture(scope="module")
def bare(empty: Cli) -> Read:
    return Read(page_of(empty))


def test_every_chart_is_drawn_for_a_desk_and_for_a_phone(shown: Read) -> None:
    assert [one["id"] for one in shown.named("section")] == [*(c.key for c in CHARTS), "health"]
    assert len(shown.named("svg")) == 2 * len(CHARTS)
    assert all(float(one["width"] or 0) > 200 for one in shown.named("svg"))


def test_each_chart_has_a_sentence_how_fresh_it_is_and_its_numbers(shown: Read) -> None:
    assert shown.words.count("Fresh as of 2026-11-01") == len(CHARTS)
    assert shown.words.count("The numbers") == len(CHARTS)


def test_words_of_customers_are_no_markup(shown: Read) -> None:
    assert shown.named("script") == []
    assert EVIL in shown.words
    assert not any(name.startswith("on") for _, attributes in shown.elements for name in attributes)


def test_nothing_in_the_page_comes_from_elsewhere(shown: Read) -> None:
    outward = ("src", "href", "xlink:href", "action", "data", "poster", "srcset")
    links = [value for _, found in shown.elements for name, value in found.items()
             if name in outward and not str(value).startswith("#")]  # fmt: skip
    assert links == []
    style = re.findall(r"url\(|@import|@font-face", shown.words)
    assert style == []


def test_the_page_says_whose_it_is_and_of_when(lively: Cli, shown: Read) -> None:
    workspace = workspace_of(lively.data_dir)
    assert f"Workspace {workspace}" in shown.words
    assert f"last read on {START.day} November {START.year}" in shown.words


def test_the_numbers_are_those_of_the_warehouse(lively: Cli, shown: Read) -> None:
    with duckdb.connect(str(lively.data_dir / "productlane.duckdb"), read_only=True) as con:
        (open_threads,) = con.sql("SELECT count(*) FROM threads WHERE status = 'open'").fetchall()
        (nobodys,) = con.sql(
            "SELECT count(*) FROM threads WHERE status = 'open' AND assignee_id IS NULL"
        ).fetchall()
    assert f"{open_threads[0]} threads are open" in shown.words
    assert f"{nobodys[0]} are nobody's" in shown.words


def test_an_empty_workspace_is_told_what_to_do_and_shows_no_axes(bare: Read) -> None:
    assert bare.named("svg") == []
    assert "There is nothing to draw yet" in bare.words
    assert "productlane-elt sync" in bare.words
    assert "How fresh and complete the data are" in bare.words


def test_what_was_never_read_is_asked_for(tmp_path: Path, lively: Cli) -> None:
    """A key may read threads and not contacts' wishes: charts say it one by one."""
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes((lively.data_dir / "productlane.duckdb").read_bytes())
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:
        con.execute("DELETE FROM main.contact_issues; DELETE FROM main.contact_projects")
        made = page(con, "w", START)
    assert "sync contacts contact_projects contact_issues" in made
    assert made.count("<svg") == 2 * (len(CHARTS) - 2)


def test_without_the_library_the_command_that_installs_it_is_named(
    lively: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    _library.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    said = lively.run("report", "--output", "none.html")
    assert said.code == 2
    assert "pip install -e '.[report]'" in said.err
    assert not (lively.folder / "none.html").exists()


def test_without_a_warehouse_says_what_makes_one(tmp_path: Path) -> None:
    said = Cli(tmp_path).run("report")
    assert said.code == 2
    assert "productlane-elt sync" in said.err
