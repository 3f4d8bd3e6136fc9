"""What can be asked of a warehouse to see that it is as it should be, stream by stream.

Each check is asked of an open warehouse, the work file or the published one, and answers in
numbers. Those that are `blocking` guard the readers: nothing is published while one of them finds
an error (`connector.guard`). The others say what a reader should know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from connector import derived
from connector.status import gaps
from connector.tables import quoted
from schemas import Endpoint

Connection = duckdb.DuckDBPyConnection
Facts = dict[str, int | str | datetime]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `error`: it is proven that something is wrong; else it is a warning."""

    check: str
    passed: bool
    facts: Facts = field(default_factory=dict)
    error: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name; `look` answers (passed, facts, whether a failure is an error)."""

    name: str
    meaning: str
    look: Callable[[Connection, Endpoint], tuple[bool, Facts, bool]]
    concerns: Callable[[Endpoint], bool] = lambda _: True
    blocking: bool = False

    def of(self, con: Connection, endpoint: Endpoint) -> Finding:
        """What it finds of a stream."""
        passed, facts, error = self.look(con, endpoint)
        return Finding(self.name, passed, facts, error=not passed and error)


def checks_of(endpoint: Endpoint) -> list[Check]:
    """The checks that concern a stream."""
    return [check for check in CHECKS if check.concerns(endpoint)]


def _unique(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    """By their hashes first, which takes half the time: only equal ones can be equal keys."""
    key, table = quoted(endpoint.key), f"main.{endpoint.stream}"
    doubled = 0
    if _number(con, f"SELECT count(*) - count(DISTINCT hash({key})) FROM {table}"):
        twice = f"SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1"
        doubled = _number(con, f"SELECT count(*) FROM ({twice})")
    return not doubled, {"keys_with_several_rows": doubled}, True


def _parents(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    """That a parent was never heard of is an error; one that went a moment ago is not."""
    assert endpoint.parent
    parent, column = endpoint.parent.stream, endpoint.parent.column
    gone, unknown, example = con.execute(f"""
        SELECT count(*) FILTER (known), count(*) FILTER (NOT known), coalesce(min(id), '') FROM (
            SELECT c."{column}" AS id, c."{column}" IN (SELECT id FROM past.{parent}) AS known
            FROM main.{endpoint.stream} c ANTI JOIN main.{parent} p ON p.id = c."{column}")
        """).fetchall()[0]
    facts: Facts = {"rows_under_unknown_parents": unknown, "rows_under_deleted_parents": gone}
    if example:
        facts["example"] = example
    return not gone + unknown, facts, bool(unknown)


def _references(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    """Two lists are read at two moments, so what one names may not be in the other yet."""
    facts: Facts = {}
    for table, column, target in _named(endpoint):
        if _was_read(con, target):
            found = f"main.{table} r ANTI JOIN main.{target} t ON t.id = r.{column}"
            facts[f"{column}_not_in_{target}"] = _number(
                con, f"SELECT count(*) FROM {found} WHERE r.{column} IS NOT NULL"
            )
    return not any(facts.values()), facts, False


def _named(endpoint: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Table, column and target of what rows name; `parents_exist` looks at what they hang under.

    A user may have left the workspace, and `members` lists those who work there now.
    """
    parent = endpoint.parent.column if endpoint.parent else ""
    tables = {endpoint.stream: endpoint.references}
    if endpoint.stream == "threads":
        tables["thread_tags"] = {"tag_id": derived.REFERENCES["main.thread_tags"]["tag_id"]}
    for table, references in tables.items():
        for column, target in references.items():
            if column != parent and target != "members":
                yield table, column, target


def _closed(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    """A gap is no fault: a backfill before the first sync leaves one, which that sync shuts."""
    windows = tuple(
        con.execute(
            "SELECT closed_from, closed_to FROM meta.windows WHERE stream = ? ORDER BY closed_to",
            [endpoint.stream],
        ).fetchall()
    )
    facts: Facts = {"windows": len(windows), "gaps": len(gaps(windows))}
    if windows:
        facts["closed_to"] = windows[-1][1]
    if open_spans := gaps(windows):
        start, end = open_spans[0]
        facts["first_gap"] = f"{start or 'the beginning'} to {end}"
        facts["what_to_do"] = f"Run `productlane-elt sync {endpoint.stream}`"
    return bool(windows) and not open_spans, facts, False


def _counted(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    """Rows that slices of a walk show twice, at their borders, count as one in a hundred at most.

    A warning: a walk that began before the full one and landed after it is not told apart.
    """
    last = con.execute(
        "SELECT walk, rows + missing, asked_at FROM meta.walks WHERE stream = ? AND kind = 'full' "
        "ORDER BY walk DESC LIMIT 1",
        [endpoint.stream],
    ).fetchall()
    rows = _number(con, f"SELECT count(*) FROM main.{endpoint.stream}")
    if not last:
        return True, {"rows": rows, "note": "no full walk yet"}, False
    walk, shown, asked_at = last[0]
    come, gone = con.execute(
        "SELECT coalesce(sum(new), 0)::BIGINT, coalesce(sum(deleted), 0)::BIGINT FROM meta.walks "
        "WHERE stream = ? AND kind <> 'early' AND walk > ?",
        [endpoint.stream, walk],
    ).fetchall()[0]
    expected = shown + come - gone
    facts: Facts = {
        "rows": rows,
        "rows_expected": expected,
        "rows_in_last_full_walk": shown,
        "last_full_walk_at": asked_at,
    }
    least = expected - expected // 100 if endpoint.sliced else expected
    return least <= rows <= expected, facts, False


def _fields(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    found = con.execute(
        "SELECT field FROM meta.schema_changes WHERE stream = ? ORDER BY field", [endpoint.stream]
    ).fetchall()
    facts: Facts = {"unknown_fields": len(found)}
    if found:
        facts["fields"] = ", ".join(name for (name,) in found)
        facts["what_to_do"] = "Their values are in _extra; declare them in schemas/ as columns"
    return not found, facts, False


def _set_aside(con: Connection, endpoint: Endpoint) -> tuple[bool, Facts, bool]:
    found = con.execute(
        "SELECT reason, count(*) FROM meta.set_aside WHERE stream = ? GROUP BY reason ORDER BY ALL",
        [endpoint.stream],
    ).fetchall()
    facts: Facts = {"records_set_aside": sum(count for _, count in found)}
    if found:
        facts["reasons"] = "; ".join(f"{reason} ({count})" for reason, count in found)
        facts["what_to_do"] = "`FROM meta.set_aside` shows the records"
    return not found, facts, False


def _number(con: Connection, question: str) -> int:
    return int(con.execute(question).fetchall()[0][0])


def _was_read(con: Connection, stream: str) -> bool:
    return bool(con.execute("FROM meta.walks WHERE stream = ? LIMIT 1", [stream]).fetchall())


def _is_counted(endpoint: Endpoint) -> bool:
    """A list with flags is walked once for each combination, and shows a row more than once."""
    return not endpoint.parent and not endpoint.flags


CHECKS = (
    Check(
        "keys_are_unique",
        "One row for each key. The tables have no primary key, which would be 13 times slower.",
        _unique,
        blocking=True,
    ),
    Check(
        "parents_exist",
        "Every row hangs under a row that is there. An error if that was never heard of, a warning "
        "if it was deleted a moment ago.",
        _parents,
        concerns=lambda endpoint: bool(endpoint.parent),
        blocking=True,
    ),
    Check(
        "references_are_live",
        "What rows name is in its own table. A warning: the lists are read one after the other.",
        _references,
        concerns=lambda endpoint: any(_named(endpoint)),
    ),
    Check(
        "window_is_closed",
        "Everything from the beginning of time to the newest closed moment was read, without gap.",
        _closed,
        concerns=lambda endpoint: endpoint.asked == "window",
    ),
    Check(
        "count_matches_last_full_walk",
        "As many rows as the last full walk showed, with those that came and without those that "
        "went since.",
        _counted,
        concerns=_is_counted,
    ),
    Check("fields_are_known", "The schema knows every field that the API sends.", _fields),
    Check("no_rows_are_set_aside", "Every record could be read.", _set_aside),
)


def look(con: Connection, endpoint: Endpoint, *, blocking: bool = False) -> Iterator[Finding]:
    """What all checks of a stream find, or only the blocking ones."""
    yield from (c.of(con, endpoint) for c in checks_of(endpoint) if c.blocking or not blocking)
