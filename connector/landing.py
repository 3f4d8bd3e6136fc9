"""The landing of a walk: its files, its line in the ledger, its rows in the tables.

One way for lists and for children, inside an open warehouse with the lake's lock held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb
import pyarrow as pa

from connector import gone, news, staging
from connector.absence import Verdict
from connector.lake import Lake
from connector.ledger import LakeFile, Landing
from connector.locks import WalkLock
from connector.memory import give_back
from connector.news import News
from connector.staging import Staged, rejected_table
from connector.walk import Window
from connector.warehouse import Warehouse
from schemas import STREAMS, Endpoint


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk that is through, with its pages staged.

    `checked` are the parents of a child's, `in_vain` the ids of those that were not there.
    """

    run: str
    endpoint: Endpoint
    staged: Staged
    kind: Literal["window", "full", "early", "children", "rotation", "push"]
    window: Window
    requests: int
    closed: tuple[datetime | None, datetime] | None = None
    checked: pa.Table | None = None
    in_vain: Sequence[str] = ()


def land(warehouse: Warehouse, walked: Walked, verdict: Verdict, lock: WalkLock) -> Landing:
    """Write what is new, gone, set aside and held; then make it count.

    Until then it may be begun again: with more memory (`Warehouse.with_room`).
    """
    con, lake, endpoint, staged = (
        warehouse.con,
        warehouse.lake,
        walked.endpoint,
        walked.staged,
    )
    lake.begin(staged.walk)
    give_back(staged.rows)
    keep_all = lock.contended()
    found = news.find_news(con, endpoint, staged, keep_all=keep_all)
    files = [
        *news.write_news(con, endpoint, lake, staged, found),
        *gone.write_gone(con, endpoint, lake, staged, verdict.gone, verdict.at),
        *_write_orphans(con, lake, walked, verdict),
        *_write_aside(lake, endpoint, staged),
        *gone.write_held(lake, endpoint, verdict.held, staged.walk),
    ]
    if walked.checked is not None:
        checked = walked.checked.to_reader()
        files += lake.write_beside("parents", endpoint.stream, staged.walk, checked)
    if walked.in_vain and endpoint.parent:
        above = STREAMS[endpoint.parent.stream]
        files += gone.write_held(lake, above, [(one,) for one in walked.in_vain], staged.walk)
    give_back(staged.rows)
    shows_all = walked.kind == "full" and news.shows_all(con, endpoint, staged)
    landing = _landing(walked, verdict, found, files, shows_all)
    warehouse.commit(landing, {endpoint.stream: news.arrivals(con, endpoint, staged, found)})
    staged.drop()
    if walked.kind != "early":  # what a dead walk read before may be undone by what this one saw
        staging.sweep(lake.root / "_staging", endpoint.stream)
    give_back(staged.rows)
    return landing


def _write_orphans(
    con: duckdb.DuckDBPyConnection, lake: Lake, walked: Walked, verdict: Verdict
) -> Iterator[LakeFile]:
    if walked.kind == "full":
        found = verdict.gone, verdict.at
        yield from gone.write_orphans(con, walked.endpoint, lake, walked.staged, *found)


def _write_aside(lake: Lake, endpoint: Endpoint, staged: Staged) -> Iterator[LakeFile]:
    if staged.rejected and staged.answered_at:
        table = rejected_table(endpoint.stream, staged.rejected, staged.walk, staged.answered_at)
        yield from lake.write_beside("rejected", endpoint.stream, staged.walk, table.to_reader())


def _landing(
    walked: Walked, verdict: Verdict, found: News, files: list[LakeFile], shows_all: bool
) -> Landing:
    staged, stream = walked.staged, walked.endpoint.stream
    assert staged.asked_at
    assert staged.answered_at
    return Landing(
        walk=staged.walk,
        run=walked.run,
        stream=stream,
        kind=walked.kind,
        asked_at=staged.asked_at,
        answered_at=staged.answered_at,
        asked_after=walked.window.after,
        asked_before=walked.window.before,
        closed=walked.closed,
        requests=walked.requests,
        rows=staged.rows,
        new=found.new,
        changed=found.changed,
        deleted=sum(f.rows for f in files if f.kind == "deletions" and f.stream == stream),
        missing=len(verdict.held),
        unstamped=staged.unstamped,
        late=found.late,
        drifted=found.drift.rows,
        drifted_fields=found.drift.fields,
        shows_all=shows_all,
        unknown=staged.unknown,
        files=tuple(files),
    )
