"""All figures in one table: some hours as the targets are set.

    python -m benchmarks
    python -m benchmarks --small

`--small` only tries that the commands work: its figures mean nothing, and those of the budget
can't be reached, so it exits with 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import (
    budget,
    children,
    growth,
    idle,
    incremental,
    loading,
    memory,
    rebuild,
    serving,
    startup,
    throughput,
)
from benchmarks.figures import Figure, command, say

SECOND = {"latency_ms": 1000.0, "latency_p99_ms": 1000.0, "reach": 0.95}
ALL: tuple[tuple[Callable[..., list[Figure]], dict[str, Any], dict[str, Any]], ...] = (
    (serving.run, {}, serving.SMALL),
    (startup.run, {}, startup.SMALL),
    (loading.run, {}, loading.SMALL),
    (idle.run, {}, idle.SMALL),
    (throughput.run, {}, throughput.SMALL),
    (budget.run, {}, budget.SMALL),
    (budget.run, {"processes": 2}, budget.SMALL | {"processes": 2}),
    (budget.run, SECOND, budget.SMALL),
    (incremental.run, {}, incremental.SMALL),
    (memory.run, {}, memory.SMALL),
    (rebuild.run, {}, rebuild.SMALL),
    (growth.run, {}, growth.SMALL),
    (children.run, {}, children.SMALL),
)
"""Each benchmark with its options at full size, and with those of a version of seconds."""


def run(small: bool = False) -> list[Figure]:
    """Run every benchmark, one after the other; one that fails leaves the others alone."""
    figures: list[Figure] = []
    for benchmark, full, tiny in ALL:
        name, options = benchmark.__module__, tiny if small else full
        say(f"\n== {name} {options}")
        try:
            figures += benchmark(**options)
        except Exception as fault:
            say(f"{type(fault).__name__}: {fault}")
            figures.append(Figure(name, f"failed: {str(fault)[:60]}", 0, 1))
    return figures


if __name__ == "__main__":
    command(run)
