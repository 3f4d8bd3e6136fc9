"""How long the code location takes to load, beyond Dagster itself.

python -m benchmarks.loading
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.figures import Figure, command

SMALL = {"times": 1, "reach": 60}

TIMED = """
import time
import dagster
began = time.perf_counter()
import assets.definitions
assets.definitions.defs.resolve_asset_graph()
print(time.perf_counter() - began)
"""


def run(times: int = 5, reach: float = 2.0) -> list[Figure]:
    """The median time from `import dagster` to an asset graph."""
    took = [seconds() for _ in range(times)]
    how = f"{times} times, after `import dagster`"
    return [
        Figure("time to load the code location", how, statistics.median(took), reach, True, " s")
    ]


def seconds() -> float:
    """One loading, in a process of its own."""
    ran = subprocess.run(  # noqa: S603  # this interpreter, our own lines
        [sys.executable, "-c", TIMED], capture_output=True, text=True, check=True
    )
    return float(ran.stdout)


if __name__ == "__main__":
    command(run)
