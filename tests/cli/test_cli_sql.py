from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from connector.lake import Lake
from tests.cli.conftest import Cli


def test_into_a_pipe_goes_csv_with_a_header(synced: Cli) -> None:
    said = synced.spawn("sql", "SELECT 1 AS a, 'x,\"y\"\nz' AS b, NULL AS c, [1, 2] AS d")
    assert said.code == 0
    assert list(csv.reader(said.out.splitlines(keepends=True))) == [
        ["a", "b", "c", "d"],
        ["1", 'x,"y"\nz', "", "[1,2]"],
    ]


def test_times_are_in_utc(synced: Cli) -> None:
    query = "SELECT TIMESTAMPTZ '2026-01-31 12:00:00+02:00' AS t"
    assert synced.run("sql", query).out == "t\n2026-01-31 10:00:00+00:00\n"


def test_as_json_keeps_json(synced: Cli) -> None:
    said = synced.run("sql", "SELECT id, contact FROM threads LIMIT 1", "--format", "json")
    (row,) = json.loads(said.out)
    assert set(row["contact"]) >= {"id", "email"}


def test_as_a_table_cuts_long_texts(synced: Cli) -> None:
    said = synced.run("sql", "SELECT repeat('x', 9999) AS long", "--format", "table")
    assert "…" in said.out
    assert len(said.out) < 2000


def test_as_a_table_says_when_it_does_not_show_all(synced: Cli) -> None:
    said = synced.run("sql", "FROM range(1500)", "--format", "table")
    assert "999" in said.out
    assert "1000" not in said.out
    assert "first 1000 rows" in said.err


def test_a_table_without_rows_shows_its_columns(synced: Cli) -> None:
    assert "title" in synced.run("sql", "FROM threads LIMIT 0", "--format", "table").out
    assert "name" in synced.run("sql", "SELECT name FROM tags LIMIT 0", "--format", "table").out


def test_rows_too_wide_for_a_table_are_shown_one_by_one(synced: Cli) -> None:
    said = synced.run("sql", "FROM threads LIMIT 2", "--format", "table").out
    assert said.count("last_outbound_message_at") == 2


def test_a_wrong_query_is_answered_with_where_it_is_wrong(synced: Cli) -> None:
    said = synced.run("sql", "SELECT nonsense FROM threads")
    assert (said.code, said.out) == (2, "")
    assert "nonsense" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM threads",
        "CREATE TABLE mine AS SELECT 1",
        "COPY threads TO 'threads.csv'",
        "ATTACH 'other.duckdb'",
        "FROM read_csv('/etc/hostname')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_nothing_can_be_written_and_no_file_read(synced: Cli, query: str) -> None:
    before = set(synced.folder.rglob("*"))
    assert synced.run("sql", query).code == 2
    assert set(synced.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", "the query is empty"),
        (" ; ", "the query is empty"),
        ("SELECT 1; SELECT 2", "more than one query"),
    ],
)
def test_what_is_not_one_query_is_refused(synced: Cli, query: str, complaint: str) -> None:
    said = synced.run("sql", query)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


def test_a_statement_may_prepare_the_query(synced: Cli) -> None:
    said = synced.run("sql", "CREATE TEMP TABLE a AS SELECT 42 AS answer; FROM a;")
    assert said.out == "answer\n42\n"


@pytest.mark.parametrize("command", [("sql", "FROM threads"), ("status",)])
def test_while_the_first_sync_is_under_way_says_so(cli: Cli, command: tuple[str, ...]) -> None:
    with Lake(cli.data_dir).walking("threads"):
        said = cli.run(*command)
    assert "the first sync of data is under way" in said.out + said.err
    assert "under way" not in cli.run(*command).out


def test_without_a_warehouse_says_what_makes_one(tmp_path: Path) -> None:
    said = Cli(tmp_path).run("sql", "FROM threads")
    assert said.code == 2
    assert "productlane-elt sync" in said.err
