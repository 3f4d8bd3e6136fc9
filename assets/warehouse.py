"""Assets `warehouse/<stream>`: the tables as readers see them, and the check that guards them.

Annotations are not postponed here: Dagster reads those of an asset's function as they are.
"""

from typing import Any

import dagster as dg

from assets import published
from assets.columns import table_columns
from assets.failure import explained
from assets.names import lake_key, op_tags, warehouse_key
from assets.resource import Productlane
from connector.lake import Lake
from connector.published import PUBLISHED
from connector.warehouse import publish_if_behind
from schemas import Endpoint


def warehouse_asset(endpoint: Endpoint) -> dg.AssetsDefinition:
    """The asset of a stream's table: published, unless it has been already, and measured."""

    @dg.asset(
        key=warehouse_key(endpoint.stream),
        deps=[lake_key(endpoint.stream)],
        description=f"{endpoint.meaning}: the rows that the API lists now, one for each key.",
        group_name=endpoint.area,
        kinds={"duckdb"},
        metadata={
            "dagster/table_name": f"productlane.main.{endpoint.stream}",
            "dagster/column_schema": table_columns(endpoint),
            "history": f"productlane.history.{endpoint.stream}",
        },
        op_tags=op_tags(endpoint, "warehouse"),
        # Without days of its own, and yet `--partition-range` takes it along only with a policy.
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def warehouse(
        context: dg.AssetExecutionContext, productlane: Productlane
    ) -> dg.MaterializeResult[None]:
        with explained():
            fresh = publish_if_behind(Lake(productlane.settings.data_dir))
            measured = _measured(productlane, endpoint)
        context.log.info("published" if fresh else "what is published is up to date")
        return dg.MaterializeResult(metadata=measured)

    return warehouse


def _measured(productlane: Productlane, endpoint: Endpoint) -> dict[str, Any]:
    data_dir = productlane.settings.data_dir
    facts = published.facts(data_dir, endpoint)
    newest = {"newest_updated_at": dg.MetadataValue.timestamp(facts.newest)} if facts.newest else {}
    return {
        "dagster/row_count": facts.rows,
        "versions": facts.versions,
        **newest,
        "dagster/column_schema": table_columns(endpoint),
        "path": dg.MetadataValue.path(data_dir / PUBLISHED),
    }


def unique_check(endpoint: Endpoint) -> dg.AssetChecksDefinition:
    """No key has two rows. The tables have no primary key (DESIGN: 13 to 190 times slower)."""

    @dg.asset_check(
        name="keys_are_unique",
        asset=warehouse_key(endpoint.stream),
        description=f"One row for each {', '.join(endpoint.key)} in what is published.",
    )
    def keys_are_unique(productlane: Productlane) -> dg.AssetCheckResult:
        with explained():
            doubled = published.doubled(productlane.settings.data_dir, endpoint)
        return dg.AssetCheckResult(
            passed=not doubled,
            severity=dg.AssetCheckSeverity.ERROR,
            metadata={"key": ", ".join(endpoint.key), "keys_with_several_rows": doubled},
        )

    return keys_are_unique
