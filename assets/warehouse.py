"""Assets `warehouse/<stream>`: the tables as readers see them, and the checks that guard them.

Annotations are not postponed here: Dagster reads those of an asset's function as they are.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import published
from assets.checks import result_of, table_checks
from assets.columns import table_columns
from assets.failure import explained, failure
from assets.names import group, lake_key, op_tags, tags, warehouse_key
from assets.resource import Productlane
from connector.guard import examine, examine_and_publish, whole_copy
from connector.lake import Lake
from connector.published import PUBLISHED
from connector.settings import Settings
from schemas import Endpoint


def warehouse_asset(endpoint: Endpoint) -> dg.AssetsDefinition:
    """The asset of a stream's table: checked, published, unless it has been already, measured."""

    @dg.asset(
        key=warehouse_key(endpoint.stream),
        deps=[lake_key(endpoint.stream)],
        description=f"{endpoint.meaning}: the rows that the API lists now, one for each key.",
        group_name=group(endpoint.area, "warehouse"),
        tags=tags(endpoint.area, "warehouse"),
        kinds={"duckdb"},
        metadata={
            "dagster/table_name": f"productlane.main.{endpoint.stream}",
            "dagster/column_schema": table_columns(endpoint),
            "history": f"productlane.history.{endpoint.stream}",
        },
        op_tags=op_tags(endpoint, "warehouse"),
        check_specs=table_checks(endpoint),
        # Without days of its own, and yet `--partition-range` takes it along only with a policy.
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def warehouse(
        context: dg.AssetExecutionContext, productlane: Productlane
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        with explained():
            published.require_lake(productlane.settings.data_dir)
        lake = Lake(productlane.settings.data_dir)
        with explained(), whole_copy(lake) as copy:
            examined = examine(copy, endpoint) if copy else examine_and_publish(lake, endpoint)
            metadata = {} if examined.unsound else measured(productlane.settings, endpoint)
        yield from (result_of(endpoint, finding) for finding in examined.findings)
        if examined.unsound:
            raise failure(examined.unsound)
        if examined.published:
            context.log.info("published")
        yield dg.MaterializeResult(metadata=metadata)

    return warehouse


def measured(settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    """What is published of a stream, in numbers that plot."""
    path = settings.data_dir / PUBLISHED
    facts = published.facts(settings.data_dir, endpoint)
    newest = {"newest_updated_at": dg.MetadataValue.timestamp(facts.newest)} if facts.newest else {}
    return {
        "dagster/row_count": facts.rows,
        "versions": facts.versions,
        "deleted": facts.gone,
        "drifted": facts.drifted,
        "set_aside": facts.set_aside,
        "unknown_fields": facts.unknown,
        **newest,
        "warehouse_bytes": path.stat().st_size,
        "dagster/column_schema": table_columns(endpoint),
        "path": dg.MetadataValue.path(path),
        **_preview(settings, endpoint),
    }


def _preview(settings: Settings, endpoint: Endpoint) -> dict[str, Any]:
    """Some rows, if somebody has decided that all who can open Dagster's pages may see them."""
    if not settings.preview:
        return {}
    rows = published.preview(settings.data_dir, endpoint, settings.preview)
    records = [dg.TableRecord(row) for row in rows]
    names = [column.name for column in table_columns(endpoint).columns]
    schema = dg.TableSchema([dg.TableColumn(name, "string") for name in names])
    return {"preview": dg.MetadataValue.table(records, schema)}
