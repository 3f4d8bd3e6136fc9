"""The tables of the warehouse, as SQL made from the catalogue.

`main` holds the present rows, `past` every other observation, `history` shows both as versions,
`meta` the connector's own records. There is no primary key anywhere: DuckDB is 13 to 190 times
slower with one (DESIGN, measured); uniqueness is checked instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from schemas import STREAMS, Endpoint

DUCKDB = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "stamp": "TIMESTAMPTZ",
    "texts": "VARCHAR[]",
    "json": "JSON",
}

MAIN_OWN = {
    "_extra": ("JSON", "Fields that the schema doesn't know, or whose value didn't fit"),
    "_synced_at": ("TIMESTAMPTZ", "When this version was read, by the server's clock"),
    "_valid_from": ("TIMESTAMPTZ", "Since when the row has been like this"),
    "_hash": ("VARCHAR", "Tells one content from another"),
    "_walk": ("VARCHAR", "The walk that read it; see meta.walks"),
    "_request_id": ("VARCHAR", "The API's id of the request that read it"),
}
PAST_OWN = {
    "_extra": ("JSON", ""),
    "_observed_at": ("TIMESTAMPTZ", ""),
    "_valid_from": ("TIMESTAMPTZ", ""),
    "_valid_to": ("TIMESTAMPTZ", ""),
    "_deleted": ("BOOLEAN", ""),
    "_repeat": ("BOOLEAN", ""),
    "_last_seen_at": ("TIMESTAMPTZ", ""),
    "_noticed_at": ("TIMESTAMPTZ", ""),
    "_hash": ("VARCHAR", ""),
    "_walk": ("VARCHAR", ""),
    "_request_id": ("VARCHAR", ""),
}
HISTORY_OWN = {
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

META = """
CREATE TABLE meta.runs (
    run VARCHAR, command VARCHAR, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ,
    requests BIGINT, refused BIGINT, waited_seconds DOUBLE, bytes BIGINT);
CREATE TABLE meta.run_streams (
    run VARCHAR, ended_at TIMESTAMPTZ, stream VARCHAR, outcome VARCHAR, rows BIGINT, new BIGINT,
    changed BIGINT, deleted BIGINT, rejected BIGINT, requests BIGINT, error VARCHAR);
CREATE TABLE meta.walks (
    walk VARCHAR, run VARCHAR, stream VARCHAR, kind VARCHAR, asked_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ, asked_after TIMESTAMPTZ, asked_before TIMESTAMPTZ, requests BIGINT,
    rows BIGINT, new BIGINT, changed BIGINT, deleted BIGINT, missing BIGINT, unstamped BIGINT,
    drifted BIGINT, shows_all BOOLEAN);
CREATE TABLE meta.windows (stream VARCHAR, closed_from TIMESTAMPTZ, closed_to TIMESTAMPTZ);
CREATE TABLE meta.rejected_rows (
    stream VARCHAR, key VARCHAR, reason VARCHAR, record VARCHAR, observed_at TIMESTAMPTZ,
    walk VARCHAR);
CREATE TABLE meta.schema_changes (
    stream VARCHAR, field VARCHAR, type VARCHAR, first_seen_at TIMESTAMPTZ, walk VARCHAR);
CREATE TABLE meta.parents (
    stream VARCHAR, parent_id VARCHAR, signal VARCHAR, checked_at TIMESTAMPTZ, rows BIGINT);
CREATE TABLE meta.missing (stream VARCHAR, key VARCHAR, walk VARCHAR);
CREATE TABLE meta.ledger_position (file VARCHAR, "offset" BIGINT, catalogue VARCHAR);
"""

DERIVED = """
CREATE TABLE main.external_ids (
    entity_type VARCHAR, entity_id VARCHAR, system VARCHAR, external_id VARCHAR);
CREATE TABLE main.thread_tags (thread_id VARCHAR, tag_id VARCHAR);
"""

ENTITIES = {"threads": "thread", "contacts": "contact", "companies": "company"}
"""Streams whose `external_ids` go to `main.external_ids`, and how they are called there."""


def quoted(names: Iterable[str], prefix: str = "") -> str:
    """Column names for SQL: `order`, `from` and `to` are words of it."""
    return ", ".join(f'{prefix}"{name}"' for name in names)


def own(endpoint: Endpoint) -> list[str]:
    """The names of the stream's own columns."""
    return [name for name, _, _ in endpoint.stored()]


def same_key(endpoint: Endpoint, left: str, right: str) -> str:
    """The condition that two relations speak of one row; a null language equals a null language."""
    return " AND ".join(f'{left}."{k}" IS NOT DISTINCT FROM {right}."{k}"' for k in endpoint.key)


def fingerprint() -> str:
    """Tells one shape of the tables from another; comments and all."""
    return hashlib.sha256("\n".join(create_all()).encode()).hexdigest()[:16]


def create_all(endpoints: Iterable[Endpoint] = tuple(STREAMS.values())) -> Iterable[str]:
    """Every statement that makes an empty warehouse."""
    yield "CREATE SCHEMA past; CREATE SCHEMA history; CREATE SCHEMA meta; CREATE SCHEMA analytics"
    yield META
    yield DERIVED
    for endpoint in endpoints:
        columns = [(name, DUCKDB[kind]) for name, kind, _ in endpoint.stored()]
        for schema, extra in (("main", MAIN_OWN), ("past", PAST_OWN)):
            own_columns = [(name, kind) for name, (kind, _) in extra.items()]
            body = ", ".join(f'"{n}" {t}' for n, t in [*columns, *own_columns])
            yield f"CREATE TABLE {schema}.{endpoint.stream} ({body})"
        yield _history(endpoint)
        yield from _comments(endpoint)


def _history(endpoint: Endpoint) -> str:
    columns = quoted(own(endpoint))
    return f"""
        CREATE VIEW history.{endpoint.stream} AS
        SELECT {columns}, _extra, _valid_from, NULL::TIMESTAMPTZ AS _valid_to, false AS _deleted,
            _synced_at AS _observed_at, NULL::TIMESTAMPTZ AS _last_seen_at,
            NULL::TIMESTAMPTZ AS _noticed_at, _hash, _walk, _request_id
        FROM main.{endpoint.stream}
        UNION ALL
        SELECT {columns}, _extra, _valid_from, _valid_to, _deleted, _observed_at, _last_seen_at,
            _noticed_at, _hash, _walk, _request_id
        FROM past.{endpoint.stream} WHERE NOT _repeat"""


def _comments(endpoint: Endpoint) -> Iterable[str]:
    stream = endpoint.stream
    yield f"COMMENT ON TABLE main.{stream} IS {_text(endpoint.meaning)}"
    yield f"COMMENT ON VIEW history.{stream} IS {_text(f'Every version: {endpoint.meaning}')}"
    meanings = [(name, meaning) for name, _, meaning in endpoint.stored()]
    ours = [(name, meaning) for name, (_, meaning) in MAIN_OWN.items()]
    for name, meaning in [*meanings, *ours]:
        yield f'COMMENT ON COLUMN main.{stream}."{name}" IS {_text(meaning)}'
    for name, meaning in [*meanings, *HISTORY_OWN.items()]:
        yield f'COMMENT ON COLUMN history.{stream}."{name}" IS {_text(meaning)}'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
