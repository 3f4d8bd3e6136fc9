"""What a walk saw that the warehouse doesn't know: found, and written to the lake by day.

What tells one observation from another is gathered from the staged rows into one narrow table and
compared there; the rows themselves are then taken from the staged pages by their place, in Arrow,
and go through DuckDB once, when they are inserted.
Every function here works inside an open warehouse, with the lake's lock held.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from connector.buckets import HELD, by_day
from connector.drift import Drift, find_drift, late, unmoved
from connector.lake import Lake
from connector.ledger import LakeFile
from connector.staging import Staged
from connector.streamed import Streamed
from connector.tables import own, quoted, same_key
from connector.versions import Pieces
from connector.workfile import let_go
from schemas import Endpoint

COMPARED = 200_000
"""Rows compared at a time: DuckDB may choose to hold the wider side of a join."""


@dataclass(frozen=True, slots=True)
class News:
    """How many of the staged rows are new, and how many changed, some under an unmoved stamp.

    `late`: new or changed under a stamp up to which everything was closed. They became visible
    later than the lag allows for, or came back from the dead. `kept`: do any go to the lake?
    """

    new: int = 0
    changed: int = 0
    late: int = 0
    drift: Drift = field(default_factory=Drift)
    kept: bool = False


def find_news(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged, *, keep_all: bool
) -> News:
    """Leave in table `news` which staged observations say something the warehouse doesn't know.

    A row of which any staged observation differs is kept with all of them: dropping those that
    look known would lose a change back. Most walks find nothing: then there is no table.
    """
    if not staged.rows:
        return News()
    _see(con, endpoint, staged)
    found = _compare(con, endpoint, staged)
    kept = keep_all or found.new + found.changed > 0
    if kept:
        _choose(con, endpoint, keep_all=keep_all)
    con.execute("DROP TABLE seen; DROP TABLE differing")
    return replace(found, kept=kept)


def _see(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged) -> None:
    """Table `seen`: what tells the staged observations apart, and the place of each, from 0 on."""
    names = [*endpoint.key, "_hash", "_observed_at", "_walk"]
    names += ["updated_at"] if "updated_at" in own(endpoint) else []
    into = "CREATE OR REPLACE TEMP TABLE seen AS"
    for start, piece in _placed(endpoint, staged):
        places = pa.array(range(start, start + piece.num_rows), pa.int32())
        con.register("piece", piece.select(names).append_column("_place", places))
        con.execute(f"{into} FROM piece")
        into = "INSERT INTO seen"


def _placed(endpoint: Endpoint, staged: Staged) -> Iterator[tuple[int, pa.Table]]:
    """The staged rows, piece by piece, each with the place of its first row."""
    start = 0
    for piece in staged.pieces(endpoint.schema):
        yield start, piece
        start += piece.num_rows


def _compare(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged) -> News:
    """Leave in table `differing` the keys of staged rows that are not as the warehouse has them."""
    ask = f"""
        SELECT {quoted(endpoint.key, "s.")}, m._hash IS NULL AS is_new,
            {unmoved(endpoint, "s", "m")} AS is_drift, {late(endpoint, "s")} AS is_late
        FROM seen s LEFT JOIN main.{endpoint.stream} m ON {same_key(endpoint, "s", "m")}
        WHERE m._hash IS DISTINCT FROM s._hash AND s._place BETWEEN"""
    into = "CREATE OR REPLACE TEMP TABLE differing AS"
    for start in range(0, staged.rows, COMPARED):
        con.execute(f"{into} {ask} {start} AND {start + COMPARED - 1}")
        into = "INSERT INTO differing"
    new, changed, late_ones = con.execute(f"""
        SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new),
            count(*) FILTER (is_late) FROM (
            SELECT bool_or(is_new) AS is_new,
                bool_or(is_late AND (is_new OR NOT is_drift)) AS is_late
            FROM differing GROUP BY {quoted(endpoint.key)})""").fetchall()[0]
    drift = find_drift(con, endpoint, _show(con, endpoint, staged)) if changed else Drift()
    return News(new, changed, late_ones, drift)


@dataclass(slots=True)
class _Shown:
    """What DuckDB sees under a name, changed from piece to piece.

    A name that is registered anew keeps what it stood for until the transaction ends: all pieces
    would be held at once.
    """

    piece: pa.Table

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self.piece.__arrow_c_stream__(schema)


def _show(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged) -> Pieces:
    """The staged rows, so few at a time that DuckDB may hold them in a join."""
    shown = _Shown(endpoint.schema.empty_table())
    con.register("shown", shown)

    def pieces() -> Iterator[str]:
        for piece in staged.pieces(endpoint.schema):
            shown.piece = piece
            yield "FROM shown"

    return pieces


def _choose(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, *, keep_all: bool) -> None:
    key = quoted(endpoint.key)
    semi = "" if keep_all else f"SEMI JOIN differing d ON {same_key(endpoint, 's', 'd')}"
    stamp = _dated_by(endpoint)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE news AS
        SELECT {key}, _hash, _observed_at, _walk, _place, CAST({stamp} AS DATE) AS _day
        FROM seen s {semi}""")
    if con.execute(f"SELECT 1 FROM news GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchall():
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE news AS FROM news
            QUALIFY _hash IS DISTINCT FROM lag(_hash) OVER (
                PARTITION BY {key} ORDER BY _observed_at, _walk)""")


def _dated_by(endpoint: Endpoint) -> str:
    """The column whose UTC day says in which folder of the lake a row belongs."""
    return "updated_at" if endpoint.asked == "window" else "_observed_at"


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
    con.register("staged", staged.streamed(endpoint.schema))
    found = con.execute(f"""
        SELECT count(DISTINCT ({keys})) = count(DISTINCT ({keys})) FILTER ({last}) AND {both}
            AND max(_walk) LIKE '%.{chain:04d}' FROM staged""").fetchall()
    return bool(found[0][0])


def _places(con: duckdb.DuckDBPyConnection) -> pa.Array:
    """Where the rows of table `news` stand among the staged ones, ascending."""
    found = con.sql("SELECT _place FROM news ORDER BY _place").to_arrow_table()["_place"]
    return found.combine_chunks()


def _taken(places: pa.Array, endpoint: Endpoint, staged: Staged) -> Iterator[pa.Table]:
    """The rows at some places, which ascend."""
    done = 0
    for start, piece in _placed(endpoint, staged):
        end = bisect_left(places, start + piece.num_rows, done, key=lambda place: place.as_py())
        here, done = places[done:end], end
        if len(here) == piece.num_rows:
            yield piece
        elif len(here):
            yield piece.take(pc.subtract(here, start))


def write_news(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, lake: Lake, staged: Staged, found: News
) -> Iterator[LakeFile]:
    """Write the rows of table `news` to the lake, by day; they stream through."""
    if not found.kept:
        return
    # `sql` would make an object that, kept by an error's traceback, keeps the work file open.
    days = con.execute("SELECT _day, count(*) FROM news GROUP BY _day ORDER BY _day NULLS FIRST")
    counts = days.fetchall()
    tables = _taken(_places(con), endpoint, staged)
    if staged.rows > HELD:  # or Arrow holds next to nothing beside it
        let_go(con)
    by_days = by_day(tables, _dated_by(endpoint), counts, staged.folder)
    yield from lake.write_rows(endpoint, staged.walk, by_days)


def arrivals(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, staged: Staged, found: News
) -> Pieces:
    """What the landing's new files hold, without reading it back from them."""
    if not found.kept:
        return lambda: iter(())
    tables = partial(_taken, _places(con), endpoint, staged)
    con.register("arrivals", Streamed(endpoint.schema, tables))
    return lambda: iter(["FROM arrivals"])
