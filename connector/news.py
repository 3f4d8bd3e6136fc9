"""What a walk saw that the warehouse doesn't know: found, and written to the lake by day.

Staged rows are asked about piece by piece, since DuckDB may choose to hold the wider side of a
join, and holds all of a result before it hands out the first batch of it (version 2.0).
Every function here works inside an open warehouse, with the lake's lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from connector.buckets import by_day
from connector.drift import Drift, find_drift, late, unmoved
from connector.lake import Lake
from connector.ledger import LakeFile
from connector.staging import Staged
from connector.tables import quoted, same_key
from schemas import Endpoint


@dataclass(frozen=True, slots=True)
class News:
    """How many of the staged rows are new, and how many changed, some under an unmoved stamp.

    `late`: new or changed under a stamp up to which everything was closed. They became visible
    later than the lag allows for, or came back from the dead.
    """

    new: int
    changed: int
    late: int
    drift: Drift


def find_news(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged, *, keep_all: bool
) -> News:
    """Leave in table `news` which staged observations say something the warehouse doesn't know.

    A row of which any staged observation differs is kept with all of them: dropping those that
    look known would lose a change back. The staged rows are compared piece by piece, since
    DuckDB may choose to hold the wider side of a join.
    """
    pieces = register_pieces(con, endpoint, staged)
    found = _compare(con, endpoint, pieces)
    if not (found.new or found.changed or keep_all):
        con.execute("CREATE OR REPLACE TEMP TABLE news AS SELECT NULL AS _day WHERE false")
    else:
        _choose(con, endpoint, pieces, keep_all)
    return found


def _compare(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, pieces: list[str]) -> News:
    """Leave in table `differing` the keys of staged rows that are not as the warehouse has them."""
    _gather(
        con,
        "differing",
        pieces,
        lambda piece: (
            f"""
        SELECT {quoted(endpoint.key, "s.")}, m._hash IS NULL AS is_new,
            {unmoved(endpoint, "s", "m")} AS is_drift, {late(endpoint, "s")} AS is_late
        FROM {piece} s LEFT JOIN main.{endpoint.stream} m ON {same_key(endpoint, "s", "m")}
        WHERE m._hash IS DISTINCT FROM s._hash"""
        ),
    )
    new, changed, late_ones = con.execute(f"""
        SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new),
            count(*) FILTER (is_late) FROM (
            SELECT bool_or(is_new) AS is_new,
                bool_or(is_late AND (is_new OR NOT is_drift)) AS is_late
            FROM differing GROUP BY {quoted(endpoint.key)})""").fetchall()[0]
    drift = find_drift(con, endpoint, pieces) if changed else Drift()
    return News(new, changed, late_ones, drift)


def _choose(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, pieces: list[str], keep_all: bool
) -> None:
    key = quoted(endpoint.key)
    semi = "" if keep_all else f"SEMI JOIN differing d ON {same_key(endpoint, 's', 'd')}"
    stamp = "updated_at" if endpoint.asked == "window" else "_observed_at"
    _gather(
        con,
        "news",
        pieces,
        lambda piece: (
            f"""
        SELECT {key}, _hash, _observed_at, _walk,
            CAST(CAST({stamp} AS DATE) AS VARCHAR) AS _day
        FROM {piece} s {semi}"""
        ),
    )
    if con.execute(f"SELECT 1 FROM news GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchall():
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE news AS FROM news
            QUALIFY _hash IS DISTINCT FROM lag(_hash) OVER (
                PARTITION BY {key} ORDER BY _observed_at, _walk)""")


def register_pieces(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged
) -> list[str]:
    """The names under which the staged rows can be asked for, piece by piece; at least one."""
    names = []
    pieces = list(staged.pieces(endpoint.schema)) or [endpoint.schema.empty_table()]
    for number, piece in enumerate(pieces):
        names.append(f"piece_{number}")
        con.register(names[-1], piece)
    return names


def _gather(
    con: duckdb.DuckDBPyConnection, table: str, pieces: list[str], ask: Callable[[str], str]
) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {ask(pieces[0])}")
    for piece in pieces[1:]:
        con.execute(f"INSERT INTO {table} {ask(piece)}")


def shows_all(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged) -> bool:
    """Did the chain that set no flag show each staged row, and each flag with both its values?

    It is the last one of a full walk. A walk that was restarted has more chains than questions,
    and then proves nothing.
    """
    if not endpoint.flags:
        return False
    chain = len(endpoint.parts) + 1
    last = f"_walk LIKE '%.{chain:04d}'"
    both = " AND ".join(f'count(DISTINCT "{flag}") FILTER ({last}) = 2' for flag in endpoint.flags)
    keys = ", ".join(f"coalesce(\"{k}\", '')" for k in endpoint.key)
    con.register("staged", staged.table(endpoint.schema))
    found = con.execute(f"""
        SELECT count(DISTINCT ({keys})) = count(DISTINCT ({keys})) FILTER ({last}) AND {both}
            AND max(_walk) LIKE '%.{chain:04d}' FROM staged""").fetchall()
    return bool(found[0][0])


def told(endpoint: Endpoint, piece: str) -> str:
    """SQL of the rows in a piece of the staged ones that stand in table `news`, and their day."""
    same = f"{same_key(endpoint, 's', 'n')} AND s._hash = n._hash"
    return (
        f"SELECT s.*, n._day FROM {piece} s JOIN news n ON {same} "
        "AND s._observed_at = n._observed_at AND s._walk = n._walk"
    )


def write_news(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, lake: Lake, staged: Staged
) -> Iterator[LakeFile]:
    """Write the rows of table `news` to the lake, by day; they stream through."""
    days = con.sql("SELECT _day, count(*) FROM news GROUP BY _day ORDER BY _day NULLS FIRST")
    if counts := days.fetchall():
        batches = _batches(con, endpoint, staged)
        yield from lake.write_rows(endpoint, staged.walk, by_day(batches, counts, staged.folder))


def _batches(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged
) -> Iterator[pa.RecordBatch]:
    """The news, one piece of the staged rows at a time.

    DuckDB 2.0 holds all of a result before it hands out the first batch of it.
    """
    schema = endpoint.schema.append(pa.field("_day", pa.string()))
    for piece in register_pieces(con, endpoint, staged):
        yield from con.sql(told(endpoint, piece)).to_arrow_table().cast(schema).to_batches()


def arrivals(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged
) -> dict[str, list[str]]:
    """What the landing's new files hold, as SQL in pieces, without reading it back from them."""
    if con.execute("SELECT 1 FROM news LIMIT 1").fetchall():
        pieces = register_pieces(con, endpoint, staged)
        return {endpoint.stream: [told(endpoint, piece) for piece in pieces]}
    return {}
