"""Tables made of a column of other tables: the tags of threads, and external ids.

Each is SQL over any relation with the columns of its source, so that the same words serve the
tables of today and those of another day.
"""

from __future__ import annotations

import duckdb

from schemas import Endpoint

ENTITIES = {"threads": "thread", "contacts": "contact", "companies": "company"}
"""Streams whose `external_ids` go to `main.external_ids`, and how they are called there."""


REFERENCES = {"main.thread_tags": {"thread_id": "threads", "tag_id": "tags"}}
"""Which columns of such a table hold the `id` of a row of which stream."""


def thread_tags(threads: str) -> str:
    """SQL of (`thread_id`, `tag_id`) for a relation of threads, each there once."""
    return f"""
        SELECT t.id AS thread_id,
            unnest(list_distinct(json_extract_string(t.tags, '$[*].id'))) AS tag_id
        FROM {threads} t WHERE starts_with(t.tags, '[') AND t.tags <> '[]'"""


def external_ids(stream: str, rows: str) -> str:
    """SQL of a relation's external ids: {"hubspot": "7"} names systems, ["7"] doesn't.

    (`entity_type`, `entity_id`, `system` or NULL, `external_id`.) Unnested maps take half the time
    that `json_each` does, a tenth where most rows have none, and the rows are read once.
    """
    return f"""
        SELECT DISTINCT '{ENTITIES[stream]}' AS entity_type, id AS entity_id, named.key AS system,
            named.value ->> '$' AS external_id
        FROM (
            SELECT id, unnest(CASE WHEN starts_with(external_ids, '{{')
                THEN map_entries(from_json(external_ids, '"MAP(VARCHAR, JSON)"'))
                ELSE list_transform(from_json(external_ids, '["JSON"]'),
                    lambda one: {{'key': NULL::VARCHAR, 'value': one}}) END) AS named
            FROM {rows} r
            WHERE starts_with(external_ids, '{{')
                OR (starts_with(external_ids, '[') AND external_ids <> '[]'))
        WHERE named.value ->> '$' IS NOT NULL"""


def derive(con: duckdb.DuckDBPyConnection, endpoint: Endpoint, rows: str) -> None:
    """Add what follows from a relation of rows of which nothing has been derived yet."""
    if endpoint.stream in ENTITIES:
        con.execute(f"INSERT INTO main.external_ids {external_ids(endpoint.stream, rows)}")
    if endpoint.stream == "threads":
        con.execute(f"INSERT INTO main.thread_tags {thread_tags(rows)}")


def derive_again(
    con: duckdb.DuckDBPyConnection, endpoint: Endpoint, touched: str, rows: str
) -> None:
    """Make again what follows from some keys (a table with their `id`), of which these are rows.

    They are given and not looked up: that would unpack a large part of the table for few of them.
    """
    if entity := ENTITIES.get(endpoint.stream):
        con.execute(
            f"DELETE FROM main.external_ids e USING {touched} k "
            f"WHERE e.entity_type = '{entity}' AND e.entity_id = k.id"
        )
    if endpoint.stream == "threads":
        con.execute(f"DELETE FROM main.thread_tags t USING {touched} k WHERE t.thread_id = k.id")
    derive(con, endpoint, rows)
