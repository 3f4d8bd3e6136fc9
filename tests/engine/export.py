"""The whole of a warehouse in a form that can be compared."""

from __future__ import annotations

from connector.lake import Lake
from connector.warehouse import opened
from tests import oracle
from tests.bench import Bench

PLACES = {"meta.ledger_position"}
"""How far the ledger was read is no content: a compaction adds a line that changes nothing."""


def export(at: Bench) -> dict[str, list[object]]:
    """Every table of the published file, ordered, but for the place in the ledger."""
    with opened(Lake(at.settings.data_dir)) as warehouse:
        warehouse.publish()
    with oracle.published(at.settings.data_dir) as con:
        tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        names = {f"{schema}.{table}" for schema, table in tables} - PLACES
        return {
            name: list(con.execute(f"SELECT t::VARCHAR FROM {name} t ORDER BY 1").fetchall())
            for name in sorted(names)
        }
