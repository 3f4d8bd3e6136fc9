"""What is declared of a view is what DuckDB makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest

from connector.analytics import VIEWS, View
from connector.shape import SCHEMAS, everything
from connector.workfile import connect
from tests.analytics.parsed import read_by

Connection = duckdb.DuckDBPyConnection

EVERY = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)

TYPES = {
    "VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE", "JSON",
    "VARCHAR[]",
}  # fmt: skip
"""What every client of DuckDB, pandas and BI tools can show."""


@EVERY
def test_names_types_and_order_of_columns_are_those_declared(con: Connection, view: View) -> None:
    found = con.sql(f"FROM analytics.{view.name}")
    assert [*zip(found.columns, map(short, found.types), strict=True)] == [
        (name, kind) for name, (kind, _) in view.columns.items()
    ]
    if view.macro:
        zoned = con.sql(f"FROM analytics.{view.macro}('Asia/Kathmandu')")
        assert (zoned.columns, zoned.types) == (found.columns, found.types)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A warehouse as it is made, without rows."""
    with connect(tmp_path_factory.mktemp("blank") / "warehouse.duckdb") as made:
        yield made


def short(kind: object) -> str:
    return str(kind).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


@EVERY
def test_what_a_view_reads_is_what_duckdb_reads_for_it(con: Connection, view: View) -> None:
    assert read_by(con, f"analytics.{view.name}") == set(view.reads)


@EVERY
def test_a_view_comes_after_those_that_it_reads(view: View) -> None:
    before = list(VIEWS)[: list(VIEWS).index(view.name)]
    read = {name.split(".")[1] for name in view.reads if name.startswith("analytics.")}
    assert read <= set(before)


def test_every_table_view_macro_and_column_for_readers_has_a_comment(con: Connection) -> None:
    bare = con.execute(f"""
        SELECT schema_name, table_name, '' FROM duckdb_tables()
        WHERE schema_name IN {SCHEMAS!r} AND comment IS NULL
        UNION ALL SELECT schema_name, view_name, '' FROM duckdb_views()
        WHERE schema_name IN {SCHEMAS!r} AND comment IS NULL AND NOT internal
        UNION ALL SELECT schema_name, function_name, '' FROM duckdb_functions()
        WHERE schema_name IN {SCHEMAS!r} AND comment IS NULL AND NOT internal
        UNION ALL SELECT schema_name, table_name, column_name FROM duckdb_columns()
        WHERE schema_name IN {SCHEMAS!r} AND comment IS NULL AND NOT internal""").fetchall()
    counted = con.execute(f"""SELECT schema_name, count(*) FROM duckdb_columns()
        WHERE schema_name IN {SCHEMAS!r} AND NOT internal GROUP BY ALL""").fetchall()
    assert bare == []
    assert {schema for schema, columns in counted if columns > 20} == set(SCHEMAS)


def test_the_columns_of_the_warehouse_are_those_declared_in_their_order_and_types(
    con: Connection,
) -> None:
    found = con.execute(f"""SELECT schema_name || '.' || table_name, column_name, data_type,
            comment
        FROM duckdb_columns() WHERE schema_name IN {SCHEMAS!r} AND NOT internal""").fetchall()
    order = con.execute(f"""SELECT schema_name || '.' || table_name,
            list(column_name ORDER BY column_index)
        FROM duckdb_columns() WHERE schema_name IN {SCHEMAS!r} AND NOT internal
        GROUP BY ALL""").fetchall()
    declared = {table.name: table for table in everything()}
    assert dict(order) == {name: list(table.columns) for name, table in declared.items()}
    assert sorted(found) == sorted(
        (table.name, name, kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), meaning)
        for table in declared.values()
        for name, (kind, meaning) in table.columns.items()
    )
    assert {kind for _, _, kind, _ in found} <= TYPES


def test_no_macro_has_a_with_which_duckdb_1_4_0_does_not_understand() -> None:
    assert [view.name for view in VIEWS.values() if view.macro and "WITH " in view.sql] == []


def test_meanings_are_short_plain_lines() -> None:
    for table in everything():
        for said in (table.meaning, *(meaning for _, meaning in table.columns.values())):
            assert re.fullmatch(r"[^\n|]{4,250}", said), (table.name, said)
            assert not said.endswith(".")


def test_an_unknown_time_zone_is_refused(con: Connection) -> None:
    with pytest.raises(duckdb.Error, match="Unknown TimeZone"):
        con.execute("SELECT timezone('Europe/Atlantis', now())")
    for view in VIEWS.values():
        assert not view.macro or con.execute(f"FROM analytics.{view.macro}('UTC')")
