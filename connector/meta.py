"""The connector's own records in the warehouse (schema `meta`), as functions of the ledger.

Everything here runs in the caller's transaction, and in the order of the ledger's lines.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from connector.lake import Lake
from connector.ledger import Landing, Run
from connector.versions import children_of, parquet
from schemas import STREAMS

Connection = duckdb.DuckDBPyConnection


def set_aside(con: Connection, files: list[str]) -> None:
    """Each unreadable record once, as it was first seen."""
    if files:
        con.execute(f"""
            INSERT INTO meta.rejected_rows
            SELECT stream, key, reason, record, observed_at, walk FROM ({parquet(files)}) r
            WHERE NOT EXISTS (FROM meta.rejected_rows k
                WHERE k.stream = r.stream AND k.record = r.record)
            QUALIFY row_number() OVER (PARTITION BY stream, record ORDER BY walk) = 1""")


def remember_parents(con: Connection, files: list[str]) -> None:
    """Under which parents was asked; the latest asking counts, whenever it lands."""
    if files:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE asked AS
            SELECT stream, parent_id, signal, checked_at, rows FROM ({parquet(files)})
            QUALIFY row_number() OVER (
                PARTITION BY stream, parent_id ORDER BY checked_at DESC, walk DESC) = 1;
            DELETE FROM asked USING meta.parents p
            WHERE p.stream = asked.stream AND p.parent_id = asked.parent_id
                AND p.checked_at > asked.checked_at;
            DELETE FROM meta.parents p USING asked a
            WHERE p.stream = a.stream AND p.parent_id = a.parent_id;
            INSERT INTO meta.parents FROM asked; DROP TABLE asked""")


def forget_parents(con: Connection, stream: str) -> None:
    """Under a parent that was gone and may come back, everything is to be asked again."""
    for child in children_of(STREAMS[stream]):
        con.execute(
            f"""DELETE FROM meta.parents p USING past.{stream} d
            WHERE p.stream = ? AND d._deleted AND NOT d._repeat AND d.id = p.parent_id
                AND d._observed_at >= p.checked_at""",
            [child.stream],
        )


def record_landing(con: Connection, one: Landing, lake: Lake) -> None:
    """What a landing says of itself: its walk, what it closed, held, and found unknown."""
    _insert(
        con, "walks", one.walk, one.run, one.stream, one.kind, one.asked_at, one.answered_at,
        one.asked_after, one.asked_before, one.requests, one.rows, one.new, one.changed,
        one.deleted, one.missing, one.unstamped, one.drifted, one.shows_all,
    )  # fmt: skip
    if one.closed:
        _close(con, one.stream, *one.closed)
    for name, kind in one.unknown.items():
        _note_field(con, one, name, kind)
    _hold(con, one, lake)


def record_run(con: Connection, run: Run) -> None:
    """What a run took, and how each stream fared in it."""
    _insert(
        con, "runs", run.run, run.command, run.started_at, run.ended_at, run.requests,
        run.refused, run.waited, run.bytes,
    )  # fmt: skip
    for s in run.streams:
        _insert(
            con, "run_streams", run.run, run.ended_at, s.stream, s.outcome, s.rows, s.new,
            s.changed, s.deleted, s.rejected, s.requests, s.error,
        )  # fmt: skip


def _insert(con: Connection, table: str, *values: object) -> None:
    marks = ", ".join("?" * len(values))
    con.execute(f"INSERT INTO meta.{table} VALUES ({marks})", list(values))


def _close(con: Connection, stream: str, start: datetime | None, end: datetime) -> None:
    """Add a span to the closed ones and join what touches; the order of adding is no matter."""
    touching = """stream = $stream AND coalesce(closed_from, '-infinity') <= $end
        AND closed_to >= coalesce($start, '-infinity'::TIMESTAMPTZ)"""
    values = {"stream": stream, "start": start, "end": end}
    joined = con.execute(
        f"""SELECT nullif(least(min(coalesce(closed_from, '-infinity')),
                coalesce($start, '-infinity'::TIMESTAMPTZ)), '-infinity'),
            greatest(max(closed_to), $end) FROM meta.windows WHERE {touching}""",
        values,
    ).fetchall()[0]
    con.execute(f"DELETE FROM meta.windows WHERE {touching}", values)
    _insert(con, "windows", stream, *joined)


def _note_field(con: Connection, landing: Landing, name: str, kind: str) -> None:
    known = con.execute(
        "SELECT 1 FROM meta.schema_changes WHERE stream = ? AND field = ?", [landing.stream, name]
    ).fetchall()
    if not known:
        _insert(
            con, "schema_changes", landing.stream, name, kind, landing.answered_at, landing.walk
        )


def _hold(con: Connection, landing: Landing, lake: Lake) -> None:
    """What is held now: a full walk decides anew on its stream, a child's on its parents."""
    files: dict[str, list[str]] = {"missing": [], "parents": []}
    for file in landing.files:
        files.setdefault(file.kind, []).append(lake.path(file))
    if landing.kind == "full":
        con.execute("DELETE FROM meta.missing WHERE stream = ?", [landing.stream])
    elif files["parents"]:
        con.execute(
            f"""DELETE FROM meta.missing m USING ({parquet(files["parents"])}) p
            WHERE m.stream = p.stream AND json_extract_string(m.key, '$[0]') = p.parent_id"""
        )
    if files["missing"]:
        con.execute(
            f"INSERT INTO meta.missing SELECT stream, key, walk FROM ({parquet(files['missing'])})"
        )
