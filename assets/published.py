"""Questions to the published warehouse file, which never changes while it is open.

Nothing here waits: the file is a copy of its own, and whoever reads it takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from connector.errors import ConfigurationError
from connector.published import reading
from connector.tables import own, quoted
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a table holds now."""

    rows: int
    versions: int
    newest: datetime | None


def facts(data_dir: Path, endpoint: Endpoint) -> TableFacts:
    """How many rows and versions a stream has, and its newest `updated_at`."""
    newest = "max(updated_at)" if "updated_at" in own(endpoint) else "NULL"
    with reading(data_dir) as con:
        row = con.execute(
            f"SELECT count(*), (SELECT count(*) FROM history.{endpoint.stream}), {newest} "
            f"FROM main.{endpoint.stream}"
        ).fetchall()[0]
    return TableFacts(*row)


def rows(data_dir: Path, relation: str) -> int:
    """How many rows a table or view has."""
    with reading(data_dir) as con:
        return int(con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def doubled(data_dir: Path, endpoint: Endpoint) -> int:
    """How many keys have more than one row; must be none."""
    with reading(data_dir) as con:
        found = con.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM main.{endpoint.stream} "
            f"GROUP BY {quoted(endpoint.key)} HAVING count(*) > 1)"
        ).fetchall()
    return int(found[0][0])


def first_unclosed(data_dir: Path, streams: Iterable[str]) -> date | None:
    """The UTC day up to which all of these streams are closed; None if none of them is.

    A stream that the key can't read at present is left out: it would hold the day back for ever.
    So is one that was never closed, which is asked for everything anyway. A file that is not
    there or not readable closes nothing; the next run replaces it.
    """
    try:
        with reading(data_dir) as con:
            found = con.execute(
                """SELECT CAST(min(w.closed_to) AT TIME ZONE 'UTC' AS DATE) FROM meta.windows w
                LEFT JOIN (SELECT stream, arg_max(outcome, ended_at) AS latest
                    FROM meta.run_streams GROUP BY stream) r USING (stream)
                WHERE w.closed_from IS NULL AND w.stream IN (SELECT unnest($streams::VARCHAR[]))
                    AND r.latest IS DISTINCT FROM 'skipped'""",
                {"streams": list(streams)},
            ).fetchall()
    except (ConfigurationError, duckdb.Error):
        return None
    day: date | None = found[0][0]
    return day
