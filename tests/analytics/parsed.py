"""What DuckDB's own parser says that a view reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb


def read_by(con: duckdb.DuckDBPyConnection, view: str) -> set[str]:
    """The tables and views named in a view's SQL, with their schemas; none of a table.

    `get_table_names` is no help: it looks through views, and adds aliases to names.
    """
    found = con.execute(
        "SELECT sql FROM duckdb_views() WHERE schema_name || '.' || view_name = ?", [view]
    ).fetchall()
    if not found:
        return set()
    query = found[0][0].split(" AS ", 1)[1].rstrip(";")
    ((text,),) = con.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
    tree = json.loads(text)
    assert not tree["error"], tree
    named = {(node["schema_name"], node["table_name"]) for node in _tables(tree)}
    return {f"{schema}.{table}" for schema, table in named if schema}


def _tables(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield node
        for value in node.values():
            yield from _tables(value)
    elif isinstance(node, list):
        for value in node:
            yield from _tables(value)
