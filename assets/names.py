"""What things are called in Dagster: asset keys, the run tag, the order of steps.

Asset keys are promises to users. Whatever else needs a name from here imports it.
"""

from __future__ import annotations

from typing import Literal

import dagster as dg

from connector.analytics import View
from connector.shape import streams_of
from schemas import STREAMS, Endpoint

Mode = Literal["sync", "reconcile"]
Layer = Literal["lake", "warehouse", "analytics"]

MODE_TAG = "productlane/mode"
"""Says what a run is for: `sync` brings up to date, `reconcile` walks everything.

Without it a run re-extracts the partitions that it was asked for.
"""


def lake_key(stream: str) -> dg.AssetKey:
    """The key of a stream's Parquet files."""
    return dg.AssetKey(["lake", stream])


def warehouse_key(stream: str) -> dg.AssetKey:
    """The key of a stream's DuckDB table."""
    return dg.AssetKey(["warehouse", stream])


def view_key(view: str) -> dg.AssetKey:
    """The key of a view of `analytics`."""
    return dg.AssetKey(["analytics", view])


def view_deps(view: View) -> list[dg.AssetKey]:
    """What a view is made of: tables, and other views."""
    views = [name.removeprefix("analytics.") for name in view.reads if "analytics." in name]
    tables = [stream for name in view.reads for stream in streams_of(name)]
    return [*map(view_key, views), *map(warehouse_key, dict.fromkeys(tables))]


def group(area: str, layer: Layer) -> str:
    """The box in which an asset stands in the graph: what it is about, and in which form it is."""
    return f"{area}_{layer}"


def tags(area: str, layer: Layer) -> dict[str, str]:
    """What assets can be searched by: `tag:layer=warehouse`, `tag:area=feedback`."""
    return {"layer": layer, "area": area}


def op_tags(endpoint: Endpoint, layer: Layer) -> dict[str, str]:
    """The order of the steps of a run: lists, their tables, then what hangs under their rows.

    A run has one step at a time. In this order the tables of the lists, which take minutes, are
    published before the messages and comments, which take a request for each thread, are asked
    for; and the file is published twice in a run, not once for each table.
    """
    rank = {"lake": 4, "warehouse": 3}[layer] - (2 if endpoint.parent else 0)
    return {"dagster/priority": str(rank)}


def scheduled() -> list[Endpoint]:
    """The streams that schedules keep up to date: all that don't cost a request per contact."""
    return [endpoint for endpoint in STREAMS.values() if not endpoint.by_name]
