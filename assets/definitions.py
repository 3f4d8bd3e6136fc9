"""All of the definitions, put together in one place. Nothing else happens here.

Loading makes no request and opens no data: settings are read when a run needs them. Three places
have names like a connector's parts (`assets.lake`, `assets.warehouse`) because they are what these
parts look like from Dagster.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg

from assets.lake import lake_asset
from assets.partitions import start_date
from assets.resource import Productlane
from assets.schedules import reconcile_schedule, sync_schedule
from assets.views import view_asset
from assets.warehouse import unique_check, warehouse_asset
from connector.analytics import VIEWS
from schemas import STREAMS


def build(
    *, start: date | None = None, resources: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """The code location. Tests hand in another first partition, or other resources.

    Steps run in the run's own process, one at a time: a process for each takes ten times as long
    (DESIGN, measured), and what can be done at a time is done within a step.
    """
    return dg.Definitions(
        assets=_assets(start or start_date()),
        asset_checks=[*map(unique_check, STREAMS.values())],
        schedules=[sync_schedule(), reconcile_schedule()],
        resources={"productlane": Productlane(), **(resources or {})},
        executor=dg.in_process_executor,
    )


def _assets(first: date) -> list[dg.AssetsDefinition]:
    endpoints = STREAMS.values()
    with warnings.catch_warnings():
        # Backfill policies are "beta"; without one, a backfill of 30 days is 30 runs.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [
            *(lake_asset(one, first) for one in endpoints),
            *map(warehouse_asset, endpoints),
            *map(view_asset, VIEWS.values()),
        ]


defs = build()
