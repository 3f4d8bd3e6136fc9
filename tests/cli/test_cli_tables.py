"""`tables`: what the warehouse holds, before there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.analytics import VIEWS
from connector.shape import everything
from connector.workfile import connect
from tests.cli.conftest import Cli


@pytest.fixture
def bare(tmp_path: Path) -> Cli:
    """A folder without a warehouse and without a key."""
    return Cli(tmp_path)


def test_tables_lists_every_table_and_view_with_what_a_row_is(bare: Cli) -> None:
    said = bare.run("tables").out
    assert all(f" {table.name} " in said for table in everything())
    found = {one["table"]: one for one in bare.run("tables", "--json").document["tables"]}
    assert list(found) == [table.name for table in everything()]
    contact = next(c for c in found["main.threads"]["columns"] if c["name"] == "contact_id")
    assert (contact["type"], contact["refers_to"]) == ("VARCHAR", "contacts")


@pytest.mark.parametrize("name", ["threads", "main.threads", "thread_metrics", "meta.runs"])
def test_tables_tells_the_columns_of_one_with_or_without_its_schema(bare: Cli, name: str) -> None:
    table = next(t for t in everything() if t.name == name or t.name.endswith(f".{name}"))
    said = bare.run("tables", name).out
    assert said.startswith(f"{table.name}: {table.meaning}")
    assert all(f" {column} " in said for column in table.columns)


def test_tables_knows_a_table_by_its_macros(bare: Cli) -> None:
    for name in ("threads_as_of", "threads_known_at"):
        said = bare.run("tables", name).out
        assert said.startswith("main.threads: ")
        assert "At another moment: threads_as_of(ts), threads_known_at(ts)\n" in said
    said = bare.run("tables", "inbox_weekly_in").out
    assert "With another time zone: analytics.inbox_weekly_in(tz)\n" in said


def test_every_macro_of_the_warehouse_is_told_and_no_other(tmp_path: Path) -> None:
    con = connect(tmp_path / "warehouse.duckdb")
    found = con.execute("""SELECT schema_name, function_name, parameters FROM duckdb_functions()
        WHERE function_type = 'table_macro' AND database_name = 'productlane'""").fetchall()
    con.close()
    there = {f"{schema}.{name}({', '.join(given)})" for schema, name, given in found}
    assert there == {
        macro if "." in macro else f"main.{macro}" for t in everything() for macro in t.macros
    }


def test_tables_of_a_schema_are_those_of_it(bare: Cli) -> None:
    found = bare.run("tables", "analytics", "--json").document["tables"]
    assert [one["table"] for one in found] == [f"analytics.{name}" for name in VIEWS]


def test_a_table_that_is_none_is_told_with_the_way_out(bare: Cli) -> None:
    said = bare.run("tables", "thread")
    assert said.code == 2
    assert "there is no table 'thread'" in said.err
    assert "productlane-elt tables" in said.err
