"""What a tick of the schedule `sync` costs when nothing has changed: a run of all assets.

python -m benchmarks.idle
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from benchmarks.figures import Figure, command
from benchmarks.measured import Measured, Started, connectors
from benchmarks.server import Server

SMALL = {"threads": 50, "reach": 600}

TICKS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import dagster as dg
from assets.definitions import defs

span = {f"dagster/asset_partition_range_{end}": sys.argv[1] for end in ("start", "end")}
job = defs.resolve_job_def("__anonymous_asset_job_sync")
quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with dg.DagsterInstance.local_temp() as instance:
    for _ in range(2):
        began = time.perf_counter()
        run = job.execute_in_process(
            instance=instance, run_config=quiet, tags={"productlane/mode": "sync", **span}
        )
        took = time.perf_counter() - began
asked = {
    event.asset_key: event.materialization.metadata["requests"].value
    for event in run.get_asset_materialization_events()
    if event.asset_key.path[0] == "lake"
}
print(json.dumps({"seconds": took, "requests": sum(asked.values()) + 1}))
"""


def run(threads: int = 500, reach: float = 60.0) -> list[Figure]:
    """Seconds and requests (that for the key's owner, too) of the second tick of two."""
    with Server(threads) as server, connectors(server) as [connector]:
        connector.sync()
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        ticked: Measured = Started(
            (sys.executable, "-c", TICKS, today), connector.environment
        ).wait()
    found = ticked.document
    how = f"{threads:,} threads, everything was read before"
    return [
        Figure("time of an idle tick", how, found["seconds"], reach, True, " s"),
        Figure("requests of an idle tick", how, found["requests"], 60, True),
    ]


if __name__ == "__main__":
    command(run)
