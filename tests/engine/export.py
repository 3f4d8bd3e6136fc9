"""The whole of a warehouse in a form that can be compared."""

from __future__ import annotations

from connector.lake import Lake
from connector.warehouse import opened
from tests.bench import Bench

PLACES = {"meta.ledger_position"}
"""How far the ledger was read is no content: a compaction adds a line that changes nothing."""


def export(at: Bench) -> dict[str, list[object]]:
    """Every table of the published file, ordered, but for the place in the ledger."""
    with opened(Lake(at.settings.data_dir)) as warehouse:
        warehouse.publish()
    tables = at.query("SELECT schema_name, table_name FROM duckdb_tables()")
    names = {f"{schema}.{table}" for schema, table in tables} - PLACES
    return {
        name: list(at.query(f"SELECT t::VARCHAR FROM {name} t ORDER BY 1"))
        for name in sorted(names)
    }
