"""Assets `analytics/<view>`: the views for people, after the tables that they read.

Annotations are not postponed here: Dagster reads those of an asset's function as they are.
"""

import dagster as dg

from assets import published
from assets.columns import view_columns
from assets.failure import explained
from assets.names import group, tags, view_deps, view_key
from assets.resource import Productlane
from connector.analytics import View
from connector.guard import let_readers_see, whole_copy
from connector.lake import Lake
from connector.published import PUBLISHED


def view_asset(view: View) -> dg.AssetsDefinition:
    """The asset of a view: published, unless it has been already, and counted."""

    @dg.asset(
        key=view_key(view.name),
        deps=view_deps(view),
        description=f"{view.meaning}.",
        group_name=group(view.area, "analytics"),
        tags=tags(view.area, "analytics"),
        kinds={"duckdb", "view"},
        metadata={
            "dagster/table_name": f"productlane.analytics.{view.name}",
            "dagster/column_schema": view_columns(view),
        },
        # Without days of its own, and yet `--partition-range` takes it along only with a policy.
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def analytics(
        context: dg.AssetExecutionContext, productlane: Productlane
    ) -> dg.MaterializeResult[None]:
        data_dir = productlane.settings.data_dir
        with explained():
            published.require_lake(data_dir)
        lake = Lake(data_dir)
        with explained(), whole_copy(lake) as copy:
            fresh = not copy and let_readers_see(lake)
            rows = published.rows(data_dir, f"analytics.{view.name}")
        if fresh:
            context.log.info("published")
        path = dg.MetadataValue.path(data_dir / PUBLISHED)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows, "path": path})

    return analytics
