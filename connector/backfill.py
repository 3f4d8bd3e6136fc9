"""A long window in stretches, one walk after the other: what is finished stays finished.

A list is ordered by `created_at`, so half a walk has finished no day of `updated_at`. Each stretch
costs one request more, and a landing; so there are few of them, however long the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from math import ceil
from typing import TypeVar

import duckdb

from connector.lake import Lake
from connector.ledger import Run, StreamOutcome
from connector.settings import Grain
from connector.warehouse import opened

T = TypeVar("T")

MOST = 12
"""Stretches of a window: a failure costs a twelfth of the work at most, and a retry the rest."""


def stretches(lake: Lake, stream: str, parts: Sequence[T]) -> list[Sequence[T]]:
    """The parts of a window, some at a time; all at once where a window asks for everything."""
    if len(parts) <= 1 or _is_stampless(lake, stream):
        return [parts]
    size = ceil(len(parts) / MOST)
    return [parts[at : at + size] for at in range(0, len(parts), size)]


def _is_stampless(lake: Lake, stream: str) -> bool:
    with opened(lake) as warehouse:
        return warehouse.states()[stream].stampless


def together(runs: Sequence[Run]) -> Run:
    """What several runs of one stream took and brought, as one; it fared as the last one did."""
    first, last = runs[0], runs[-1]
    return replace(
        last,
        started_at=first.started_at,
        requests=sum(run.requests for run in runs),
        refused=sum(run.refused for run in runs),
        waited=round(sum(run.waited for run in runs), 3),
        bytes=sum(run.bytes for run in runs),
        streams=(_sum([run.streams[0] for run in runs]),),
    )


def _sum(outcomes: Sequence[StreamOutcome]) -> StreamOutcome:
    counted = ("rows", "new", "changed", "deleted", "rejected", "requests", "late", "drifted")
    sums = {name: sum(getattr(one, name) for one in outcomes) for name in counted}
    return replace(outcomes[-1], **sums)


def rows_by_partition(
    con: duckdb.DuckDBPyConnection, stream: str, grain: Grain, first: date
) -> tuple[dict[date, int], datetime | None]:
    """How many rows a stream has now in each day, week or month of `updated_at` from `first` on.

    By the first day of each; those without rows are left out. And the newest `updated_at` of all.
    """
    found = con.execute(
        f"SELECT CAST(date_trunc('{grain}', updated_at) AS DATE), count(*) "
        f"FROM main.{stream} WHERE updated_at >= CAST(? AS DATE) GROUP BY ALL",
        [first],
    ).fetchall()
    newest = con.execute(f"SELECT max(updated_at) FROM main.{stream}").fetchall()
    return dict(found), newest[0][0]
