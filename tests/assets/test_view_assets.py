"""Assets `analytics/<view>` say what DuckDB says of the views, and hang where they belong."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import duckdb
import pytest

from assets.names import view_deps, view_key, warehouse_key
from connector.analytics import VIEWS, View
from connector.shape import streams_of
from connector.workfile import connect
from tests.analytics.parsed import read_by
from tests.assets.conftest import Workshop, definitions, materialized

EVERY = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(tmp_path_factory.mktemp("blank") / "warehouse.duckdb") as con:
        yield con


def bases(con: duckdb.DuckDBPyConnection, relation: str) -> set[str]:
    """The tables below a view, as DuckDB reads its SQL; of a table, itself."""
    below = read_by(con, relation)
    return {base for one in below for base in bases(con, one)} or {relation}


def above(key: dg.AssetKey) -> set[dg.AssetKey]:
    """The tables that an asset is made of, by way of other views too."""
    deps = view_deps(VIEWS[key.path[1]]) if key.path[0] == "analytics" else []
    return {key} if not deps else {table for dep in deps for table in above(dep)}


@EVERY
def test_a_view_hangs_under_the_tables_that_duckdb_reads_for_it(
    blank: duckdb.DuckDBPyConnection, view: View
) -> None:
    read = {base.replace("past.", "main.") for base in bases(blank, f"analytics.{view.name}")}
    streams = {stream for base in read for stream in streams_of(base)}
    assert above(view_key(view.name)) == set(map(warehouse_key, streams))
    parents = definitions().resolve_asset_graph().get(view_key(view.name)).parent_keys
    assert parents == set(view_deps(view))


@EVERY
def test_group_description_kinds_and_columns_come_from_the_declaration(view: View) -> None:
    found = definitions().resolve_asset_graph().get(view_key(view.name)).to_asset_spec()
    assert (found.group_name, found.kinds) == (f"{view.area}_analytics", {"duckdb", "view"})
    assert found.description == f"{view.meaning}."
    columns = found.metadata["dagster/column_schema"].columns
    assert {c.name: (c.type, c.description) for c in columns} == view.columns
    assert found.partitions_def is None


def test_a_run_counts_the_rows_of_views_last(workshop: Workshop) -> None:
    result = workshop.bring_up_to_date("threads", "companies", views=("inbox_weekly",))
    assert result.success
    found = materialized(result)
    assert list(found)[-1] == "analytics/inbox_weekly"
    rows = found["analytics/inbox_weekly"]["dagster/row_count"]
    with duckdb.connect(str(workshop.data_dir / "productlane.duckdb"), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM analytics.inbox_weekly").fetchall() == [(rows,)]
    assert rows


@pytest.mark.parametrize("view", [(), ("inbox_weekly",)])
def test_a_data_directory_without_a_lake_gets_no_empty_warehouse(
    workshop: Workshop, view: tuple[str, ...]
) -> None:
    """Of a table as of a view: it may be that its folder is mistyped."""
    result = workshop.run(*([] if view else ["threads"]), layers="warehouse", views=view)
    (failed,) = result.get_step_failure_events()
    assert "nothing has been synced in" in str(failed.step_failure_data.user_failure_data)
    assert not workshop.data_dir.exists()
