"""Views of what can be proven from the warehouse alone: how fresh rows are, who was merged."""

from __future__ import annotations

from collections.abc import Iterator

from connector.bookkeeping import TABLES, Columns
from connector.parents import signal_of
from connector.rotation import in_vain
from connector.tables import own, same_key, text
from schemas import STREAMS, Endpoint

FRESHNESS: Columns = {
    "stream": ("VARCHAR", "The table in main"),
    "proven_from": (
        "TIMESTAMPTZ",
        "Every row that is not set aside is as the source had it at some moment from here to "
        "read_to: the beginning of the last full walk that missed nothing; under parents, the "
        "oldest check, or reading of a row that is held or whose parent is gone",
    ),
    "stamped_from": (
        "TIMESTAMPTZ",
        "The same, if every change moves the row's updated_at (or its parent's) and nothing was "
        "deleted",
    ),
    "read_to": (
        "TIMESTAMPTZ",
        "When the API was last asked for rows of the stream, by its own clock",
    ),
    "unasked": (
        "BIGINT",
        "For what hangs under other rows: of how many nothing was asked so far",
    ),
    "oldest_check": (
        "TIMESTAMPTZ",
        "Since when was asked under each of the others; without those that were not there when "
        "they were last asked under and wait for a full walk",
    ),
}
MERGES: Columns = {
    "loser_id": ("VARCHAR", "The company that is gone"),
    "winner_id": ("VARCHAR", "The company to which all went that had been the loser's"),
    "rows_moved": ("BIGINT", "Contacts and threads that were seen to move"),
    "last_seen_at": ("TIMESTAMPTZ", "When the loser was last seen; the merge came after"),
    "noticed_at": ("TIMESTAMPTZ", "When it was found to be gone"),
}
VIEWS: dict[str, tuple[str, Columns]] = {
    "meta.freshness": ("How old what is shown can be, by stream", FRESHNESS),
    "meta.set_aside": (
        "Records of meta.rejected_rows that still stand so",
        TABLES["meta.rejected_rows"][1],
    ),
    "meta.company_merges": ("Companies absorbed by others, where it shows", MERGES),
}
"""These views: what they say, and their columns."""


MOVED = tuple(e.stream for e in STREAMS.values() if "company_id" in own(e) and not e.parent)
"""The streams whose rows move when companies are merged."""


def create_evidence() -> Iterator[str]:
    """The views `meta.freshness`, `meta.set_aside` and `meta.company_merges`."""
    lists = [_list(e) for e in STREAMS.values() if not e.parent]
    children = [_children(e) for e in STREAMS.values() if e.parent]
    yield f"""
        CREATE VIEW meta.freshness AS
        WITH walked AS (
            SELECT stream, max(asked_at) FILTER (kind = 'full' AND missing = 0) AS full_from,
                max(answered_at) AS read_to
            FROM meta.walks GROUP BY stream
        ), closed AS (
            SELECT stream, closed_to FROM meta.windows WHERE closed_from IS NULL
        ), lists AS ({" UNION ALL ".join(lists)})
        FROM lists UNION ALL {" UNION ALL ".join(children)}"""
    yield _set_aside()
    yield _merges()
    for view, (meaning, columns) in VIEWS.items():
        yield f"COMMENT ON VIEW {view} IS {text(meaning)}"
        for name, (_, said) in columns.items():
            yield f"COMMENT ON COLUMN {view}.{name} IS {text(said)}"


def _set_aside() -> str:
    """Records that could not be read and have not been seen to be in order, or gone, since.

    Only windows need a look at their rows: any other walk reads the whole list, or all of a parent.
    """
    read = " UNION ALL ".join(_read_since(e) for e in STREAMS.values() if e.asked == "window")
    return f"""
        CREATE VIEW meta.set_aside AS
        WITH standing AS (
            SELECT * FROM meta.rejected_rows r
            WHERE NOT EXISTS (FROM meta.walks w
                    WHERE w.stream = r.stream AND w.kind = 'full' AND w.walk > r.last_walk)
                AND NOT EXISTS (FROM meta.parents p
                    WHERE p.stream = r.stream AND p.parent_id = r.key ->> '$[0]'
                        AND p.walk > r.last_walk))
        FROM standing ANTI JOIN ({read}) USING (stream, key, record)"""


def _read_since(endpoint: Endpoint) -> str:
    """Records whose row was read by a walk that began later, and not before the record came."""
    return " UNION ALL ".join(
        f"""SELECT r.stream, r.key, r.record
        FROM {schema}.{endpoint.stream} m JOIN ({_named(endpoint, "standing")}) r
        ON {same_key(endpoint, "m", "r")}
        WHERE split_part(m._walk, '.', 1) > r.last_walk AND m.{at} > r.observed_at"""
        for schema, at in (("main", "_synced_at"), ("past", "_observed_at"))
    )


def _list(endpoint: Endpoint) -> str:
    """Without windows, a stream is as fresh as its last full walk."""
    stamped = "greatest(closed_to, full_from)" if endpoint.asked == "window" else "full_from"
    return f"""
        SELECT '{endpoint.stream}' AS stream, full_from AS proven_from, {stamped} AS stamped_from,
            read_to, NULL::BIGINT AS unasked, NULL::TIMESTAMPTZ AS oldest_check
        FROM (SELECT 1) LEFT JOIN walked w ON w.stream = '{endpoint.stream}'
        LEFT JOIN closed c ON c.stream = '{endpoint.stream}'"""


def _children(endpoint: Endpoint) -> str:
    """Rows under a parent are as fresh as the latest asking under it.

    If what is new under a parent moves it, they are as fresh as the parent, unless it has moved.
    What nobody has seen since it was read is only as fresh as that: `_unproven`.
    """
    parent = endpoint.parent
    assert parent
    return f"""
        SELECT '{endpoint.stream}', CASE WHEN p.unasked = 0 THEN least(oldest, u.since) END,
            CASE WHEN p.unasked = 0 THEN least(l.stamped_from, oldest_moved) END,
            greatest(w.read_to, l.read_to), p.unasked, p.oldest_check
        FROM (
            SELECT min(c.checked_at) AS oldest, count(*) FILTER (c.parent_id IS NULL) AS unasked,
                min(c.checked_at) FILTER (c.signal <> {signal_of(parent)}) AS oldest_moved,
                min(c.checked_at) FILTER (v.id IS NULL) AS oldest_check
            FROM main.{parent.stream} p LEFT JOIN meta.parents c
                ON c.stream = '{endpoint.stream}' AND c.parent_id = p.id
            LEFT JOIN ({in_vain(parent.stream)}) v ON v.id = p.id) p
        LEFT JOIN walked w ON w.stream = '{endpoint.stream}'
        LEFT JOIN lists l ON l.stream = '{parent.stream}'
        CROSS JOIN ({_unproven(endpoint)}) u"""


def _unproven(endpoint: Endpoint) -> str:
    """SQL of since when rows are unseen that are held, or whose parent is in no table.

    A parent leaves its table by a tombstone only. To begin with those takes 0.1 s of CPU where
    3,000,000 rows hang under 1,000,000 parents; to compare all of them takes 0.5 s.
    """
    parent = endpoint.parent
    assert parent
    missing = _named(endpoint, "meta.missing")
    return f"""
        SELECT min(_synced_at) AS since FROM (
            SELECT r._synced_at FROM main.{endpoint.stream} r SEMI JOIN ({missing}) m
                ON {same_key(endpoint, "r", "m")}
            UNION ALL
            SELECT _synced_at FROM (
                SELECT r.* FROM main.{endpoint.stream} r
                SEMI JOIN (SELECT id FROM past.{parent.stream} WHERE _deleted) d
                    ON d.id = r."{parent.column}") r
            ANTI JOIN main.{parent.stream} p ON p.id = r."{parent.column}")"""


def _named(endpoint: Endpoint, table: str) -> str:
    """SQL of a table's lines about a stream, with the columns of its key."""
    named = ", ".join(f"key ->> '$[{n}]' AS \"{name}\"" for n, name in enumerate(endpoint.key))
    return f"SELECT *, {named} FROM {table} WHERE stream = '{endpoint.stream}'"


def _merges() -> str:
    """Who absorbed a company that is gone.

    The API doesn't say it (REFERENCE, companies: what was the source's goes to the target). It
    counts as shown if rows were seen to move away from the company after it was last seen itself,
    and all of them to the same one. Moving every row by hand and then deleting looks the same.
    """
    moves = " UNION ALL ".join(
        f"""SELECT company_id AS loser_id, lead(company_id) OVER versions AS winner_id,
                lead(_deleted) OVER versions AS went, lead(_observed_at) OVER versions AS moved_at
            FROM history.{endpoint.stream}
            WINDOW versions AS (PARTITION BY id ORDER BY _valid_from, _observed_at)"""
        for endpoint in map(STREAMS.__getitem__, MOVED)
    )
    return f"""
        CREATE VIEW meta.company_merges AS
        SELECT c.id AS loser_id, min(m.winner_id) AS winner_id, count(*) AS rows_moved,
            min(c._last_seen_at) AS last_seen_at, min(c._noticed_at) AS noticed_at
        FROM history.companies c JOIN ({moves}) m ON m.loser_id = c.id
        WHERE c._deleted AND c._valid_to IS NULL AND NOT m.went
            AND m.winner_id IS DISTINCT FROM m.loser_id AND m.moved_at > c._last_seen_at
        GROUP BY c.id
        HAVING count(DISTINCT m.winner_id) = 1 AND bool_and(m.winner_id IS NOT NULL)"""
