"""The tables as a function of the set of observations, whatever order they land in.

One total order decides: when the server was asked (`_observed_at`), then the walk (ids sort by
their beginning), then the row's own stamp, then the content's hash. Why not `updated_at` first: it
can be set by hand and so move back, and then the newer reading is right. A stale replica that
answers with an older state is read as a change back, and mended by the next walk that reads the
row; the other order would keep a stamp that moved back wrong for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import duckdb

from connector.derived import derive, derive_again
from connector.tables import in_order, own, quoted, same_key, stamp_of
from schemas import STREAMS, Endpoint

BUSY = 20_000
"""Rows put in order again at a time: 60 MB of threads with their histories."""


Pieces = Callable[[], Iterator[str]]
"""Rows as SQL, piece by piece; each is good until the next one is asked for. They may be large."""


NAMED = 2000
"""Files that one query names: it has some hundred bytes for each."""


def parquet(files: Sequence[str]) -> str:
    """SQL of all rows in some files of the lake that have the same columns."""
    return f"FROM read_parquet({list(files)!r}, hive_partitioning = false)"


def parquets(files: Sequence[str]) -> Iterator[str]:
    """The same, so many files at a time as a query can name."""
    return (parquet(files[start : start + NAMED]) for start in range(0, len(files), NAMED))


def apply(
    con: duckdb.DuckDBPyConnection,
    endpoint: Endpoint,
    rows: Pieces,
    deletions: Pieces,
    *,
    streamed: bool = False,
) -> None:
    """Bring `main` and `past` up to date with new rows of the lake, in the caller's transaction.

    `rows` and `deletions` are the new observations and tombstones; `streamed` says that the rows
    come from Arrow, and not from files.

    Rows that were never heard of go straight in; for every other row, all that was ever observed
    of it is put in order again. Cost follows the number of new rows.
    """
    con.execute("RESET disabled_optimizers; RESET threads")
    pieces = _events(endpoint, rows, deletions)
    _sort_out(con, endpoint, pieces)
    with _by_one_thread(con) if streamed else nullcontext():
        with _right_side_held(con):
            _insert_fresh(con, endpoint, rows)
        while con.execute("SELECT count(*) FROM waiting").fetchall() != [(0,)]:
            _next_busy(con, endpoint)
            _reorder_busy(con, endpoint, pieces)
    con.execute("DROP TABLE waiting")


def _events(endpoint: Endpoint, rows: Pieces, deletions: Pieces) -> Pieces:
    columns = _EVENT.format(quoted(own(endpoint)))
    none = "NULL::TIMESTAMPTZ"
    alive = f"false AS _deleted, {none} AS _last_seen_at, {none} AS _noticed_at"
    gone = "true AS _deleted, _last_seen_at, _noticed_at"

    def events() -> Iterator[str]:
        for pieces, fate in ((rows, alive), (deletions, gone)):
            yield from (f"(SELECT {columns}, {fate} FROM ({piece}))" for piece in pieces())

    return events


_EVENT = "{}, _extra, _hash, _walk, _request_id, _observed_at"


def _sort_out(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, pieces: Pieces) -> None:
    """Table `waiting`: the keys that arrive, but for those that come once and are unheard of."""
    key, stream = quoted(endpoint.key), endpoint.stream
    con.execute(
        "CREATE OR REPLACE TEMP TABLE came AS "
        f"SELECT {key}, true AS _deleted FROM main.{stream} LIMIT 0"
    )
    for piece in pieces():
        con.execute(f"INSERT INTO came SELECT {key}, _deleted FROM {piece}")
    known = " UNION ".join(
        f"SELECT {key} FROM came SEMI JOIN {schema}.{stream} k ON {same_key(endpoint, 'k', 'came')}"
        for schema in ("main", "past")
    )
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE waiting AS {known} UNION
        SELECT {key} FROM came GROUP BY {key} HAVING count(*) > 1 OR bool_or(_deleted);
        DROP TABLE came""")


def _insert_fresh(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, rows: Pieces) -> None:
    columns = quoted(own(endpoint))
    since = f"coalesce(least({stamp_of(endpoint)}, _observed_at), _observed_at)"
    for piece in rows():
        fresh = f"({piece}) a ANTI JOIN waiting w ON {same_key(endpoint, 'a', 'w')}"
        con.execute(f"""
            INSERT INTO main.{endpoint.stream}
                ({columns}, _extra, _synced_at, _valid_from, _hash, _walk, _request_id)
            SELECT {columns}, _extra, _observed_at, {since}, _hash, _walk, _request_id
            FROM {fresh}""")
        derive(con, endpoint, f"(FROM {fresh})")


def _next_busy(con: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    """Move some keys from `waiting` to `busy`.

    A new field can change every row of a stream at once; all of them together don't fit memory.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE busy AS FROM waiting LIMIT {BUSY}")
    con.execute(f"DELETE FROM waiting w USING busy WHERE {same_key(endpoint, 'w', 'busy')}")


def _reorder_busy(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, pieces: Pieces) -> None:
    stream, columns = endpoint.stream, quoted(own(endpoint))
    _collect(con, endpoint, pieces)
    con.execute(f"CREATE OR REPLACE TEMP TABLE fates AS {_fates(endpoint)}")
    for schema in ("main", "past"):
        con.execute(
            f"DELETE FROM {schema}.{stream} k USING busy WHERE {same_key(endpoint, 'k', 'busy')}"
        )
    past = (
        "_extra, _observed_at, _valid_from, _valid_to, _deleted, _repeat, _last_seen_at, "
        "_noticed_at, _hash, _walk, _request_id"
    )
    with _right_side_held(con):
        con.execute(f"""
            INSERT INTO main.{stream}
                ({columns}, _extra, _synced_at, _valid_from, _hash, _walk, _request_id)
            SELECT {columns}, _extra, _observed_at, _valid_from, _hash, _walk, _request_id
            FROM {_VERSIONS} WHERE _present""")
        con.execute(
            f"INSERT INTO past.{stream} ({columns}, {past}) SELECT {columns}, {past} "
            f"FROM {_VERSIONS} WHERE NOT _present"
        )
    derive_again(con, endpoint, "busy", f"(FROM {_VERSIONS} WHERE _present)")
    con.execute("DROP TABLE fates; DROP TABLE events")


_VERSIONS = "events JOIN fates ON fates._event = events.rowid"
"""SQL of every observation of the busy rows, with its fate."""


def _collect(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, pieces: Pieces) -> None:
    """Table `events`: all that was ever observed of the `busy` rows, and what arrives of them."""
    stream, columns = endpoint.stream, _EVENT.format(quoted(own(endpoint)))
    busy = f"SEMI JOIN busy ON {same_key(endpoint, 'e', 'busy')}"
    none = "NULL::TIMESTAMPTZ"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE events AS
        SELECT {columns}, _deleted, _last_seen_at, _noticed_at FROM past.{stream} e {busy}
        UNION ALL
        SELECT {columns.replace("_observed_at", "_synced_at")}, false, {none}, {none}
        FROM main.{stream} e {busy}""")
    with _right_side_held(con):
        for piece in pieces():
            con.execute(f"INSERT INTO events FROM {piece} e {busy}")


@contextmanager
def _right_side_held(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let joins hold what stands on their right: some keys, while whole rows stream by.

    DuckDB takes a stream of Arrow for a single row, and would hold all that comes of it.
    """
    con.execute("SET disabled_optimizers = 'build_side_probe_side'")
    yield
    con.execute("RESET disabled_optimizers")  # after an error, the next `apply` does it


@contextmanager
def _by_one_thread(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let one thread do what comes from one stream of Arrow.

    Of fresh rows, two leave a row group half full each, and to join them, the next checkpoint packs
    most of 100,000 threads again: in all twice the processor's time, and half as much space more.
    To look for whole rows in a large table takes each thread that does 20 MB, to unpack them, and
    two of them a fifth more of the processor's time.
    """
    con.execute("SET threads = 1")
    yield
    con.execute("RESET threads")  # after an error, the next `apply` does it


def _fates(endpoint: Endpoint) -> str:
    """SQL of what becomes of every observation in `events`: the span in which it held.

    Windows hold all that they look at, so they see nothing but what decides.

    An observation that finds what the one before found is a repeat and begins no version. A new
    version holds since the row's own stamp, if that moved forward, else since it was observed;
    never since before the version it follows.
    """
    key = quoted(endpoint.key)
    return f"""
        WITH compared AS (
            SELECT rowid AS _event, {key}, _hash, _deleted, _observed_at,
                {stamp_of(endpoint)} AS _moved_at,
                lag(_hash) OVER before AS _hash_before,
                lag(_deleted) OVER before AS _deleted_before,
                max(_moved_at) OVER (before ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                    AS _moved_before,
                row_number() OVER before AS _place
            FROM events WINDOW before AS (PARTITION BY {key} ORDER BY {in_order(endpoint)})
        ), judged AS (
            SELECT *,
                coalesce(_hash_before = _hash AND _deleted_before = _deleted, false) AS _repeat,
                CASE WHEN NOT _deleted AND (_moved_before IS NULL OR _moved_at > _moved_before)
                    THEN coalesce(least(_moved_at, _observed_at), _observed_at)
                    ELSE _observed_at END AS _since
            FROM compared
        ), spans AS (
            SELECT * EXCLUDE (_since),
                CASE WHEN NOT _repeat THEN max(CASE WHEN NOT _repeat THEN _since END) OVER (
                    PARTITION BY {key} ORDER BY _place ROWS UNBOUNDED PRECEDING) END AS _valid_from
            FROM judged
        )
        SELECT _event, _repeat, _valid_from,
            CASE WHEN NOT _repeat THEN lead(_valid_from) OVER (
                PARTITION BY {key}, _repeat ORDER BY _place) END AS _valid_to,
            NOT _repeat AND NOT _deleted AND lead(_place) OVER (
                PARTITION BY {key}, _repeat ORDER BY _place) IS NULL AS _present
        FROM spans"""


def children_of(endpoint: Endpoint) -> list[Endpoint]:
    """The streams that hang under a stream's rows."""
    return [e for e in STREAMS.values() if e.parent and e.parent.stream == endpoint.stream]
