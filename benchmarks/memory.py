"""Peak memory of a first load, for a small and a large workspace.

python -m benchmarks.memory
"""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.changes import TOP
from benchmarks.figures import Figure, Streams, command
from benchmarks.measured import connectors
from benchmarks.server import Server

SMALL = {"threads": [50, 200]}


def run(
    threads: Annotated[list[int], typer.Option(help="A size; repeatable.")] = [50_000, 1_000_000],  # noqa: B006  # read only
    streams: Streams = TOP,
) -> list[Figure]:
    """The highest peak of all sizes, and by how much it exceeds the lowest."""
    peaks = [peak(size, streams) for size in threads]
    how = f"first load of {' and '.join(f'{size:,}' for size in threads)} threads"
    return [
        Figure("peak memory", how, max(peaks), 400, at_most=True, unit=" MB"),
        Figure("highest peak over the lowest", how, max(peaks) / min(peaks), 1.15, at_most=True),
    ]


def peak(threads: int, streams: list[str]) -> float:
    """Megabytes that a first load takes at its worst."""
    with Server(threads) as server, connectors(server) as [connector]:
        return connector.sync(*streams).peak_mb


if __name__ == "__main__":
    command(run)
