"""History as SQL made from the catalogue: every version, and tables as they were at a time.

Two times are kept apart. `threads_as_of(ts)` shows what the source said of itself at that moment,
as far as it is known today; `threads_known_at(ts)` shows what this warehouse could have known then.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.derived import ENTITIES, external_ids, thread_tags
from connector.tables import in_order, own, quoted, text
from schemas import Endpoint

COLUMNS = {
    "_extra": "Fields that the schema doesn't know, or whose value didn't fit",
    "_valid_from": "Since when the row was like this",
    "_valid_to": "Until when; null for the latest version",
    "_deleted": "True for the version that says the row is gone; its values are the last ones",
    "_observed_at": "When this version was first read, by the server's clock",
    "_last_seen_at": "For a deleted row: when a walk last saw it",
    "_noticed_at": "For a deleted row: when its absence was noticed",
    "_hash": "Tells one content from another",
    "_walk": "The walk that read it; see meta.walks",
    "_request_id": "The API's id of the request that read it",
}

OWN = "_extra, _observed_at, _valid_from, _hash, _walk, _request_id"
"""What the rows of another day say of themselves."""


def create_history(endpoint: Endpoint) -> Iterator[str]:
    """The view of a stream's versions, and its two table macros."""
    stream = endpoint.stream
    yield _versions(endpoint)
    yield f"COMMENT ON VIEW history.{stream} IS {text(f'Every version: {endpoint.meaning}')}"
    meanings = [(name, meaning) for name, _, meaning in endpoint.stored()]
    for name, meaning in [*meanings, *COLUMNS.items()]:
        yield f'COMMENT ON COLUMN history.{stream}."{name}" IS {text(meaning)}'
    yield from _macro(f"{stream}_as_of", _as_of(endpoint), f"What the source had at ts: {stream}")
    yield from _macro(f"{stream}_known_at", _known_at(endpoint), f"What was known at ts: {stream}")


def create_derived_history() -> Iterator[str]:
    """The macros of the tables that are made of other tables; those must be there."""
    times = {"as_of": "What the source had at ts", "known_at": "What was known at ts"}
    for when, what in times.items():
        tags = thread_tags(f"threads_{when}(ts)")
        ids = " UNION ALL ".join(external_ids(s, f"{s}_{when}(ts)") for s in ENTITIES)
        yield from _macro(f"thread_tags_{when}", tags, f"{what}: thread_tags")
        yield from _macro(f"external_ids_{when}", ids, f"{what}: external_ids")


def _macro(name: str, sql: str, meaning: str) -> Iterator[str]:
    yield f"CREATE MACRO main.{name}(ts) AS TABLE {sql}"
    yield f"COMMENT ON MACRO TABLE main.{name} IS {text(meaning)}"


def _versions(endpoint: Endpoint) -> str:
    columns, none = quoted(own(endpoint)), "NULL::TIMESTAMPTZ"
    return f"""
        CREATE VIEW history.{endpoint.stream} AS
        SELECT {columns}, _extra, _valid_from, {none} AS _valid_to, false AS _deleted,
            _synced_at AS _observed_at, {none} AS _last_seen_at,
            {none} AS _noticed_at, _hash, _walk, _request_id
        FROM main.{endpoint.stream}
        UNION ALL
        SELECT {columns}, _extra, _valid_from, _valid_to, _deleted, _observed_at, _last_seen_at,
            _noticed_at, _hash, _walk, _request_id
        FROM past.{endpoint.stream} WHERE NOT _repeat"""


def _as_of(endpoint: Endpoint) -> str:
    return f"""
        SELECT {quoted(own(endpoint))}, {OWN} FROM history.{endpoint.stream}
        WHERE NOT _deleted AND _valid_from <= CAST(ts AS TIMESTAMPTZ)
            AND (_valid_to IS NULL OR _valid_to > CAST(ts AS TIMESTAMPTZ))"""


def _known_at(endpoint: Endpoint) -> str:
    """The last of what had been read; that a row is gone was known once it was noticed."""
    return f"""
        SELECT {quoted(own(endpoint))}, {OWN} FROM (
            SELECT *, lead(_hash) OVER (
                PARTITION BY {quoted(endpoint.key)} ORDER BY {in_order(endpoint)}) AS _next
            FROM history.{endpoint.stream}
            WHERE coalesce(_noticed_at, _observed_at) <= CAST(ts AS TIMESTAMPTZ))
        WHERE _next IS NULL AND NOT _deleted"""
