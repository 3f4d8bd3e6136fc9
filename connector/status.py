"""How the data stand, as the published warehouse tells it: what `status` shows.

It asks neither the API nor the catalogue: what the file has is what there is to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from connector.errors import DataDirError
from connector.published import PUBLISHED, NotYet, is_under_way, reading
from connector.rotation import Rotation
from connector.settings import Settings

Span = tuple[datetime | None, datetime]
"""From, or from the beginning of time; to."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The latest run, whichever command it was.

    `ended`: `done`, `stopped`, or `failed` by what concerns all streams, which `error` says.
    """

    run: str
    command: str
    started_at: datetime
    ended_at: datetime
    minutes: float
    requests: int
    waited_seconds: float
    ended: str
    error: str


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """One stream. Times of runs are this machine's, those of windows and walks the server's.

    `windows` are the closed spans of `updated_at`, `gaps` what lies between and before them.
    `last_error` is that of the latest run, empty if it went well; if it was an answer of the API's,
    with its HTTP status, its code and its request id. `held` counts rows that a full
    walk did not show and that are not believed to be gone.

    Every row is as the source had it at some moment from `proven_from` to `read_to`; or from
    `stamped_from`, if every change moves `updated_at` and nothing was deleted. `unasked` counts
    parents under which nothing was asked so far; until it is 0, nothing is proven of a child.
    Under the others was asked since `oldest_check`, and is asked again within `recheck_days`, if a
    sync runs every hour or more often; None if the rotation is off.
    `late` rows came under a stamp up to which everything was closed: they became visible later
    than the lag allows for, were restored, or backdated. `drifted` rows changed without a new
    `updated_at`, in `drifted_fields`. Only full walks are sure to find either.
    """

    stream: str
    rows: int
    newest_updated_at: datetime | None = None
    last_run_at: datetime | None = None
    last_outcome: str = ""
    last_error: str = ""
    last_error_status: int | None = None
    last_error_code: str = ""
    last_error_request_id: str = ""
    last_success_at: datetime | None = None
    last_walk_at: datetime | None = None
    last_full_walk_at: datetime | None = None
    windows: tuple[Span, ...] = ()
    gaps: tuple[Span, ...] = ()
    set_aside: int = 0
    held: int = 0
    unknown_fields: tuple[str, ...] = ()
    late: int = 0
    drifted: int = 0
    drifted_fields: tuple[str, ...] = ()
    drift_noticed_at: datetime | None = None
    proven_from: datetime | None = None
    stamped_from: datetime | None = None
    read_to: datetime | None = None
    unasked: int | None = None
    oldest_check: datetime | None = None
    recheck_days: float | None = None

    @property
    def was_read(self) -> bool:
        """Has it ever been asked for? A run that was stopped leaves walks, but no outcome."""
        return bool(self.last_run_at or self.last_walk_at)

    @property
    def closed_to(self) -> datetime | None:
        """The end of the latest closed window."""
        return self.windows[-1][1] if self.windows else None


@dataclass(frozen=True, slots=True)
class Status:
    """All streams of a data directory. Without `published_at`, `note` says why there are none.

    `under_way`: a process is walking lists right now.
    """

    data_dir: str
    under_way: bool = False
    note: str = ""
    published_at: datetime | None = None
    last_run: LastRun | None = None
    streams: tuple[StreamStatus, ...] = ()


def status(settings: Settings) -> Status:
    """Read it from the published warehouse; a missing one is no error.

    Raises `DataDirError` where it is damaged, or lacks what this version asks of it.
    """
    data_dir = settings.data_dir
    try:
        with reading(data_dir) as con:
            changed = (data_dir / PUBLISHED).stat().st_mtime
            return Status(
                data_dir=str(data_dir),
                under_way=is_under_way(data_dir),
                published_at=datetime.fromtimestamp(changed, UTC),
                last_run=_last_run(con),
                streams=_streams(con, settings),
            )
    except duckdb.BinderException as fault:
        raise DataDirError(
            f"the warehouse in {data_dir} was made by another version",
            todo="Run `productlane-elt rebuild`, which makes it again from the lake",
        ) from fault
    except NotYet as reason:
        return Status(str(data_dir), is_under_way(data_dir), str(reason))


def rows_by_table(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows each table of `main` has."""
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY table_name"
    ).fetchall()
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM main.{name}" for (name,) in tables)
    return dict(con.execute(counts).fetchall())


def gaps(windows: tuple[Span, ...]) -> tuple[Span, ...]:
    """What is not closed before the end of the last window.

    >>> day = [datetime(2026, 1, n, tzinfo=UTC) for n in range(1, 5)]
    >>> gaps(((None, day[0]), (day[2], day[3]))) == ((day[0], day[2]),)
    True
    >>> gaps(((day[0], day[1]),)) == ((None, day[0]),)
    True
    """
    found: list[Span] = []
    reached: datetime | None = None
    for number, (start, end) in enumerate(windows):
        if start is not None and (number == 0 or reached is None or start > reached):
            found.append((reached, start))
        reached = end
    return tuple(found)


def _last_run(con: duckdb.DuckDBPyConnection) -> LastRun | None:
    rows = con.execute(
        "SELECT run, command, started_at, ended_at, "
        "round(epoch(ended_at - started_at) / 60, 3) AS minutes, requests, waited_seconds, ended, "
        "error "
        "FROM meta.runs ORDER BY ended_at DESC LIMIT 1"
    ).fetchall()
    return LastRun(*rows[0]) if rows else None


_PER_STREAM = """
    WITH latest AS (
        SELECT stream, max(ended_at) AS at, max_by(outcome, ended_at) AS outcome,
            max_by(error, ended_at) AS error,
            max_by({'status': status, 'code': code, 'request_id': request_id}, ended_at) AS answer,
            max(ended_at) FILTER (outcome = 'done') AS success
        FROM meta.run_streams GROUP BY stream
    ), walked AS (
        SELECT stream, max(asked_at) AS at, max(asked_at) FILTER (kind = 'full') AS full_at
        FROM meta.walks WHERE kind <> 'push' GROUP BY stream
    ), closed AS (
        SELECT stream, list((closed_from, closed_to) ORDER BY closed_to) AS spans
        FROM meta.windows GROUP BY stream
    ), aside AS (SELECT stream, count(*) AS n FROM meta.set_aside GROUP BY stream
    ), held AS (SELECT stream, count(*) AS n FROM meta.missing GROUP BY stream
    ), fields AS (
        SELECT stream, list(field ORDER BY field) AS names FROM meta.schema_changes GROUP BY stream
    ), drift AS (
        SELECT stream, list(DISTINCT field ORDER BY field) AS names, max(noticed_at) AS at
        FROM meta.drift GROUP BY stream
    ), drifted AS (
        SELECT stream, sum(drifted)::BIGINT AS n, sum(late)::BIGINT AS late
        FROM meta.walks GROUP BY stream
    )
    SELECT s.stream, latest.at AS last_run_at, coalesce(latest.outcome, '') AS last_outcome,
        coalesce(latest.error, '') AS last_error, latest.answer.status AS last_error_status,
        coalesce(latest.answer.code, '') AS last_error_code,
        coalesce(latest.answer.request_id, '') AS last_error_request_id,
        latest.success AS last_success_at, walked.at AS last_walk_at,
        walked.full_at AS last_full_walk_at,
        coalesce(closed.spans, []) AS windows, coalesce(aside.n, 0) AS set_aside,
        coalesce(held.n, 0) AS held, coalesce(fields.names, []) AS unknown_fields,
        coalesce(drifted.late, 0) AS late, coalesce(drifted.n, 0) AS drifted,
        coalesce(drift.names, []) AS drifted_fields, drift.at AS drift_noticed_at,
        f.* EXCLUDE (stream)
    FROM (SELECT view_name AS stream FROM duckdb_views() WHERE schema_name = 'history') s
    LEFT JOIN latest USING (stream) LEFT JOIN walked USING (stream)
    LEFT JOIN closed USING (stream) LEFT JOIN aside USING (stream)
    LEFT JOIN held USING (stream) LEFT JOIN fields USING (stream)
    LEFT JOIN drift USING (stream) LEFT JOIN drifted USING (stream)
    LEFT JOIN meta.freshness f USING (stream)
    ORDER BY s.stream"""


def _streams(con: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[StreamStatus, ...]:
    """A status for each stream; the columns of the query are named as the fields are."""
    rows, newest = rows_by_table(con), _newest(con)
    bound = Rotation.of(settings).bound(con)
    asked = con.execute(_PER_STREAM)
    names = [name for name, *_ in asked.description]
    found = []
    for values in asked.fetchall():
        one: dict[str, Any] = dict(zip(names, map(_frozen, values), strict=True))
        stream = one["stream"]
        one |= {"rows": rows[stream], "newest_updated_at": newest.get(stream)}
        if bound and one["oldest_check"]:
            one["recheck_days"] = round(bound / timedelta(days=1), 2)
        found.append(StreamStatus(**one, gaps=gaps(one["windows"])))
    return tuple(found)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _newest(con: duckdb.DuckDBPyConnection) -> dict[str, datetime | None]:
    stamped = con.execute(
        "SELECT table_name FROM duckdb_columns() "
        "WHERE schema_name = 'main' AND column_name = 'updated_at'"
    ).fetchall()
    maxima = " UNION ALL ".join(
        f"SELECT '{name}', max(updated_at) FROM main.{name}" for (name,) in stamped
    )
    return dict(con.execute(maxima).fetchall())
