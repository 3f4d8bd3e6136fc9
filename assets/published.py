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
from connector.published import NotYet, reading
from connector.tables import own
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a table holds now: rows, versions of all time, rows that are gone, and how they stand.

    `drifted` rows changed under an unmoved `updated_at`; `set_aside` are records that no table can
    hold; `unknown` fields stand in `_extra`.
    """

    rows: int
    versions: int
    gone: int
    drifted: int
    set_aside: int
    unknown: int
    newest: datetime | None


def require_lake(data_dir: Path) -> None:
    """Raise `NotYet` where nothing was ever synced: the tables of an empty lake are empty.

    To publish those would be green, and take the place of what readers had if a setting is wrong.
    """
    if not any((data_dir / "lake" / "_walks").glob("*.jsonl")):
        raise NotYet(
            f"nothing has been synced in {data_dir} yet, so nothing is published",
            todo="Materialize the assets `lake/...`, or set PRODUCTLANE_DATA_DIR to where they are",
        )


def facts(data_dir: Path, endpoint: Endpoint) -> TableFacts:
    """How a stream's table stands."""
    newest = "max(updated_at)" if "updated_at" in own(endpoint) else "NULL"
    with reading(data_dir) as con:
        row = con.execute(
            f"""SELECT count(*), (SELECT count(*) FROM history.{endpoint.stream}),
                (SELECT count(*) FILTER (_deleted AND _valid_to IS NULL)
                    FROM history.{endpoint.stream}),
                (SELECT coalesce(sum(drifted), 0)::BIGINT FROM meta.walks WHERE stream = $stream),
                (SELECT count(*) FROM meta.set_aside WHERE stream = $stream),
                (SELECT count(*) FROM meta.schema_changes WHERE stream = $stream), {newest}
            FROM main.{endpoint.stream}""",
            {"stream": endpoint.stream},
        ).fetchall()[0]
    return TableFacts(*row)


def rows(data_dir: Path, relation: str) -> int:
    """How many rows a table or view has."""
    with reading(data_dir) as con:
        return int(con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def preview(data_dir: Path, endpoint: Endpoint, rows: int) -> list[dict[str, str]]:
    """The rows read last, as texts: whoever may see them is for the caller to know."""
    with reading(data_dir) as con:
        found = con.execute(
            f"SELECT columns(*)::VARCHAR FROM main.{endpoint.stream} "
            "ORDER BY _synced_at DESC, _hash LIMIT ?",
            [rows],
        )
        names = [name for name, *_ in found.description]
        return [
            {name: value or "" for name, value in zip(names, values, strict=True)}
            for values in found.fetchall()
        ]


def latest_outcomes(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """How each stream fared in the latest run that asked for it."""
    found = con.execute(
        "SELECT stream, arg_max(outcome, ended_at) FROM meta.run_streams GROUP BY stream"
    )
    return dict(found.fetchall())


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
