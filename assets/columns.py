"""Columns of lake and warehouse with their meanings, from the catalogue, for the UI."""

from __future__ import annotations

import dagster as dg

from connector import history
from connector.analytics import View
from connector.tables import DUCKDB, MAIN_OWN
from schemas import Endpoint
from schemas.arrow import BOOKKEEPING


def lake_columns(endpoint: Endpoint) -> dg.TableSchema:
    """The columns of a stream's Parquet files, in Arrow's words."""
    schema = endpoint.schema
    own = [
        dg.TableColumn(name, str(schema.field(name).type), meaning)
        for name, _, meaning in endpoint.stored()
    ]
    ours = [
        dg.TableColumn(field.name, str(field.type), history.COLUMNS[field.name])
        for field in BOOKKEEPING
    ]
    return dg.TableSchema([*own, *ours])


def view_columns(view: View) -> dg.TableSchema:
    """The columns of a view, in DuckDB's words."""
    columns = view.columns.items()
    return dg.TableSchema(
        [dg.TableColumn(name, kind, meaning) for name, (kind, meaning) in columns]
    )


def table_columns(endpoint: Endpoint) -> dg.TableSchema:
    """The columns of a stream's table, in DuckDB's words."""
    own = [dg.TableColumn(name, DUCKDB[kind], meaning) for name, kind, meaning in endpoint.stored()]
    ours = [dg.TableColumn(name, kind, meaning) for name, (kind, meaning) in MAIN_OWN.items()]
    return dg.TableSchema([*own, *ours])
