"""The tables that belong to no stream: the connector's own records, and lists taken apart."""

from __future__ import annotations

from collections.abc import Iterator

from connector.tables import text

Columns = dict[str, tuple[str, str]]
"""Name: type and meaning."""

_STREAM = ("VARCHAR", "The stream concerned")
_WALK = ("VARCHAR", "The walk that found it; see meta.walks")

TABLES: dict[str, tuple[str, Columns]] = {
    "main.external_ids": (
        "Ids that other systems have for threads, contacts and companies",
        {
            "entity_type": ("VARCHAR", "thread, contact or company"),
            "entity_id": ("VARCHAR", "Its id in Productlane"),
            "system": ("VARCHAR", "The other system; null where the API doesn't name it"),
            "external_id": ("VARCHAR", "The id there"),
        },
    ),
    "main.thread_tags": (
        "Which tags each thread carries",
        {
            "thread_id": ("VARCHAR", "The thread's id"),
            "tag_id": ("VARCHAR", "The tag's id"),
        },
    ),
    "meta.runs": (
        "Every run of the connector; times are this machine's",
        {
            "run": ("VARCHAR", "The run's id"),
            "command": ("VARCHAR", "What was run"),
            "started_at": ("TIMESTAMPTZ", "When it began"),
            "ended_at": ("TIMESTAMPTZ", "When it ended"),
            "requests": ("BIGINT", "Requests sent"),
            "refused": ("BIGINT", "Requests refused for the rate limit (429)"),
            "waited_seconds": ("DOUBLE", "Seconds spent waiting for the rate limit"),
            "bytes": ("BIGINT", "Bytes received"),
            "ended": ("VARCHAR", "done, stopped or failed"),
            "error": ("VARCHAR", "What ended it as a whole, if anything"),
        },
    ),
    "meta.run_streams": (
        "How each stream fared in each run",
        {
            "run": ("VARCHAR", "The run's id"),
            "ended_at": ("TIMESTAMPTZ", "When the run ended, by this machine's clock"),
            "stream": _STREAM,
            "outcome": ("VARCHAR", "done, failed, skipped or stopped"),
            "rows": ("BIGINT", "Rows read"),
            "new": ("BIGINT", "Rows not known before"),
            "changed": ("BIGINT", "Rows known with another content"),
            "deleted": ("BIGINT", "Rows found to be gone"),
            "rejected": ("BIGINT", "Records set aside"),
            "requests": ("BIGINT", "Requests sent"),
            "error": ("VARCHAR", "What went wrong; empty if nothing did"),
            "status": ("INTEGER", "The HTTP status of that, if it was an answer"),
            "code": ("VARCHAR", "The API's code of it"),
            "request_id": ("VARCHAR", "By which the vendor finds it"),
        },
    ),
    "meta.walks": (
        "Every walk that has landed; times are the server's",
        {
            "walk": ("VARCHAR", "The walk's id; ids sort by their beginning"),
            "run": ("VARCHAR", "The run it belongs to"),
            "stream": _STREAM,
            "kind": (
                "VARCHAR",
                "window, full; under parents: children (they moved), rotation; early: the first "
                "pages of a first full walk, landed before its end, which reads them too; push: "
                "rows that a push wrote or looked at",
            ),
            "asked_at": ("TIMESTAMPTZ", "When it began"),
            "answered_at": ("TIMESTAMPTZ", "When its last page came"),
            "asked_after": ("TIMESTAMPTZ", "Lower end of the window of updated_at asked for"),
            "asked_before": ("TIMESTAMPTZ", "Upper end of it"),
            "requests": ("BIGINT", "Requests sent"),
            "rows": ("BIGINT", "Rows read"),
            "new": ("BIGINT", "Rows not known before"),
            "changed": ("BIGINT", "Rows known with another content"),
            "deleted": ("BIGINT", "Rows found to be gone"),
            "missing": ("BIGINT", "Rows absent, but not believed to be gone"),
            "unstamped": ("BIGINT", "Rows without an updated_at"),
            "late": ("BIGINT", "Rows under a stamp up to which everything was closed"),
            "drifted": ("BIGINT", "Rows changed under an unmoved updated_at"),
            "shows_all": ("BOOLEAN", "Did the list hide nothing when no flag was set?"),
        },
    ),
    "meta.windows": (
        "The closed spans of updated_at: no change in them that moved the stamp is missing",
        {
            "stream": _STREAM,
            "closed_from": ("TIMESTAMPTZ", "Their beginning; null is the beginning of time"),
            "closed_to": ("TIMESTAMPTZ", "Their end, by the server's clock"),
        },
    ),
    "meta.rejected_rows": (
        "Records that no table can hold, each once; meta.set_aside has those that still stand",
        {
            "stream": _STREAM,
            "key": ("VARCHAR", "The row's key as JSON, where it could be read"),
            "reason": ("VARCHAR", "Why it was set aside"),
            "record": ("VARCHAR", "The record as it came"),
            "observed_at": ("TIMESTAMPTZ", "When it came first, by the server's clock"),
            "walk": _WALK,
            "last_walk": ("VARCHAR", "The walk that found it last"),
        },
    ),
    "meta.schema_changes": (
        "Fields that the schema doesn't know; their values are in _extra",
        {
            "stream": _STREAM,
            "field": ("VARCHAR", "The field's name"),
            "type": ("VARCHAR", "The type of its first value"),
            "first_seen_at": ("TIMESTAMPTZ", "When it was seen first, by the server's clock"),
            "walk": _WALK,
        },
    ),
    "meta.drift": (
        "Fields that changed under an unmoved updated_at",
        {
            "stream": _STREAM,
            "field": ("VARCHAR", "The column"),
            "rows": ("BIGINT", "In how many rows"),
            "noticed_at": ("TIMESTAMPTZ", "When it was noticed, by the server's clock"),
            "walk": _WALK,
        },
    ),
    "meta.parents": (
        "Under which rows was asked, for what hangs under them",
        {
            "stream": ("VARCHAR", "What was asked for"),
            "parent_id": ("VARCHAR", "The row under which was asked"),
            "signal": ("VARCHAR", "What that row looked like then; if it moves, it is asked again"),
            "checked_at": ("TIMESTAMPTZ", "When, by the server's clock"),
            "rows": ("BIGINT", "How many rows were found"),
            "walk": _WALK,
        },
    ),
    "meta.missing": (
        "Rows that were absent once and are not yet believed to be gone",
        {
            "stream": _STREAM,
            "key": ("VARCHAR", "The row's key as JSON"),
            "walk": ("VARCHAR", "The walk that missed it"),
        },
    ),
    "meta.writes": (
        "Every attempt to change a row at the source; times are this machine's",
        {
            "write": ("VARCHAR", "The attempt's id"),
            "run": ("VARCHAR", "The run it belongs to; see meta.runs"),
            "stream": _STREAM,
            "key": ("VARCHAR", "The row's id"),
            "attempt": ("INTEGER", "Which attempt at the row it was in its run, from 1 on"),
            "began_at": ("TIMESTAMPTZ", "When it was noted, before the request was sent"),
            "ended_at": ("TIMESTAMPTZ", "When its outcome was noted; null until then"),
            "os_user": ("VARCHAR", "Who ran it on this machine"),
            "api_key_id": ("VARCHAR", "The key's id, as GET /me tells it; never the key"),
            "before": ("JSON", "The fields asked for, as they were just before"),
            "asked": ("JSON", "What was sent"),
            "after": ("JSON", "The same fields as the API showed them afterwards"),
            "outcome": (
                "VARCHAR",
                "begun: nothing more is known yet; done; not_done: the row is as before; refused "
                "by the API; unknown: the row could not be read since, the next push looks again; "
                "unclear: somebody else has changed the row since",
            ),
            "answer_lost": ("BOOLEAN", "No answer came: the outcome was read from the row"),
            "status": ("INTEGER", "HTTP status of the answer, if there was one"),
            "code": ("VARCHAR", "The API's code of an error"),
            "request_id": ("VARCHAR", "The API's id of the request"),
            "details": ("VARCHAR", "What the API said of the refusal, in its own words"),
        },
    ),
    "meta.ledger_position": (
        "How far the ledger of the lake is applied, one row",
        {
            "file": ("VARCHAR", "The ledger's file"),
            "offset": ("BIGINT", "Bytes of it"),
            "catalogue": ("VARCHAR", "Tells the catalogue that made these tables from others"),
            "views": ("VARCHAR", "Tells the set of views in analytics from others"),
        },
    ),
}


def create_bookkeeping() -> Iterator[str]:
    """The statements that make these tables, with their comments."""
    for table, (meaning, columns) in TABLES.items():
        body = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
        yield f"CREATE TABLE {table} ({body})"
        yield f"COMMENT ON TABLE {table} IS {text(meaning)}"
        for name, (_, said) in columns.items():
            yield f'COMMENT ON COLUMN {table}."{name}" IS {text(said)}'
