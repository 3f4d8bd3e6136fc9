"""Questions to the published warehouse file, which never changes while it is open.

Nothing here waits: the file is a copy of its own, and whoever reads it takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from connector.errors import DataDirError
from connector.published import PUBLISHED
from connector.settings import Settings
from connector.tables import own, quoted
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a table holds now."""

    rows: int
    versions: int
    newest: datetime | None


def path_of(settings: Settings) -> Path:
    """Where readers find the warehouse."""
    return settings.data_dir / PUBLISHED


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only, with times in UTC. Raises `DataDirError` if there is none."""
    if not path.exists():
        raise DataDirError(f"nothing is published at {path}", todo="Materialize a warehouse/ asset")
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


def facts(path: Path, endpoint: Endpoint) -> TableFacts:
    """How many rows and versions a stream has, and its newest `updated_at`."""
    newest = "max(updated_at)" if "updated_at" in own(endpoint) else "NULL"
    with opened(path) as con:
        row = con.execute(
            f"SELECT count(*), (SELECT count(*) FROM history.{endpoint.stream}), {newest} "
            f"FROM main.{endpoint.stream}"
        ).fetchall()[0]
    return TableFacts(*row)


def doubled(path: Path, endpoint: Endpoint) -> int:
    """How many keys have more than one row; must be none."""
    with opened(path) as con:
        found = con.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM main.{endpoint.stream} "
            f"GROUP BY {quoted(endpoint.key)} HAVING count(*) > 1)"
        ).fetchall()
    return int(found[0][0])


def first_unclosed(path: Path, streams: Iterable[str]) -> date | None:
    """The UTC day up to which all of these streams are closed; None if none of them is.

    A stream that the key can't read at present is left out: it would hold the day back for ever.
    So is one that was never closed, which is asked for everything anyway. A file that is not
    there or not readable closes nothing; the next run replaces it.
    """
    try:
        with opened(path) as con:
            found = con.execute(
                """SELECT CAST(min(w.closed_to) AT TIME ZONE 'UTC' AS DATE) FROM meta.windows w
                LEFT JOIN (SELECT stream, arg_max(outcome, ended_at) AS latest
                    FROM meta.run_streams GROUP BY stream) r USING (stream)
                WHERE w.closed_from IS NULL AND w.stream IN (SELECT unnest($streams::VARCHAR[]))
                    AND r.latest IS DISTINCT FROM 'skipped'""",
                {"streams": list(streams)},
            ).fetchall()
    except (duckdb.Error, DataDirError):
        return None
    day: date | None = found[0][0]
    return day
