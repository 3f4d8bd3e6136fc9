"""The connector's own records in the warehouse (schema `meta`), as functions of the ledger.

Everything here runs in the caller's transaction, and in the order of the ledger's lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

import duckdb

from connector.ledger import Compaction, Entry, Landing, Run, Write
from connector.records import dump
from connector.tables import quoted
from connector.versions import children_of, parquet
from schemas import STREAMS

Connection = duckdb.DuckDBPyConnection


def set_aside(con: Connection, files: list[str]) -> None:
    """Each unreadable record of a row once, as it was first seen, and by which walk last."""
    if files:
        same = "k.stream = a.stream AND k.key IS NOT DISTINCT FROM a.key AND k.record = a.record"
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE unreadable AS
            SELECT stream, key, reason, record, observed_at, walk, walk AS last_walk
            FROM ({parquet(files)});
            INSERT INTO unreadable SELECT k.* FROM meta.rejected_rows k
            SEMI JOIN unreadable a ON {same};
            DELETE FROM meta.rejected_rows k USING unreadable a WHERE {same};
            INSERT INTO meta.rejected_rows
            SELECT * REPLACE (max(last_walk) OVER (PARTITION BY stream, key, record) AS last_walk)
            FROM unreadable
            QUALIFY row_number() OVER (PARTITION BY stream, key, record ORDER BY walk) = 1;
            DROP TABLE unreadable""")


def remember_parents(con: Connection, files: list[str]) -> None:
    """Under which parents was asked; the latest asking counts, whenever it lands."""
    if files:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE asked AS
            SELECT stream, parent_id, signal, checked_at, rows, walk FROM ({parquet(files)})
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


def hold(con: Connection, files: list[str]) -> None:
    """Rows that a walk did not show and that are not believed to be gone; each once."""
    if files:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE missed AS
            SELECT stream, key, max(walk) AS walk FROM (
                SELECT stream, key, walk FROM ({parquet(files)})
                UNION ALL FROM meta.missing) GROUP BY ALL;
            DELETE FROM meta.missing; INSERT INTO meta.missing FROM missed; DROP TABLE missed""")


def release(con: Connection) -> None:
    """Forget what later walks have decided: full ones of the stream, or one under the parent.

    And what went because its parent did: such a row is in no table any more.
    """
    if not con.execute("SELECT 1 FROM meta.missing LIMIT 1").fetchall():
        return
    con.execute("""
        DELETE FROM meta.missing m USING meta.walks w
        WHERE w.stream = m.stream AND w.kind = 'full' AND w.walk > m.walk;
        DELETE FROM meta.missing m USING meta.parents p
        WHERE p.stream = m.stream AND p.parent_id = m.key ->> '$[0]' AND p.walk > m.walk""")
    for (stream,) in con.execute("SELECT DISTINCT stream FROM meta.missing").fetchall():
        _release_found(con, stream)
        _release_seen(con, stream)
        con.execute(
            f"DELETE FROM meta.missing m WHERE stream = ? "
            f"AND NOT EXISTS (FROM main.{stream} r WHERE {_same_row(stream)})",
            [stream],
        )


def _same_row(stream: str) -> str:
    return " AND ".join(
        f"r.\"{name}\" IS NOT DISTINCT FROM m.key ->> '$[{place}]'"
        for place, name in enumerate(STREAMS[stream].key)
    )


def _release_seen(con: Connection, stream: str) -> None:
    """Rows that were read, or found to be gone, since the walk began that missed them.

    Such a row may be in no table for a while. A rebuild doesn't see that, but sees what it was.
    """
    key = quoted(STREAMS[stream].key)
    con.execute(
        f"""DELETE FROM meta.missing m USING meta.walks w, (
            SELECT {key}, _synced_at AS at FROM main.{stream} UNION ALL
            SELECT {key}, coalesce(_noticed_at, _observed_at) FROM past.{stream}) r
        WHERE m.stream = ? AND w.walk = m.walk AND r.at >= w.asked_at AND {_same_row(stream)}""",
        [stream],
    )


def _release_found(con: Connection, stream: str) -> None:
    """Rows that only their own lists seemed to lack, and that have answered since."""
    con.execute(
        """DELETE FROM meta.missing m USING meta.walks w, meta.parents p
        WHERE m.stream = ? AND w.walk = m.walk AND w.kind = 'rotation'
            AND p.stream IN (SELECT unnest(?::VARCHAR[])) AND p.parent_id = m.key ->> '$[0]'
            AND p.walk > m.walk""",
        [stream, [child.stream for child in children_of(STREAMS[stream])]],
    )


def record(con: Connection, entry: Entry) -> None:
    """What a line of the ledger says of itself."""
    match entry:
        case Landing():
            _record_landing(con, entry)
        case Run():
            _record_run(con, entry)
        case Compaction():
            pass  # the rows are the same
        case Write():
            _record_write(con, entry)


def _record_landing(con: Connection, one: Landing) -> None:
    """Its walk, what it closed, and what it found unknown."""
    _insert(
        con, "walks", one.walk, one.run, one.stream, one.kind, one.asked_at, one.answered_at,
        one.asked_after, one.asked_before, one.requests, one.rows, one.new, one.changed,
        one.deleted, one.missing, one.unstamped, one.late, one.drifted, one.shows_all,
    )  # fmt: skip
    if one.closed:
        _close(con, one.stream, *one.closed)
    for name, kind in one.unknown.items():
        _note_field(con, one, name, kind)
    for name, rows in one.drifted_fields.items():
        _insert(con, "drift", one.stream, name, rows, one.answered_at, one.walk)


def _record_run(con: Connection, run: Run) -> None:
    """What a run took, and how each stream fared in it; of two lines of a run, the later counts.

    It has two if it is cut short after the first: while the warehouse is published.
    """
    for table in ("runs", "run_streams"):
        con.execute(f"DELETE FROM meta.{table} WHERE run = ?", [run.run])
    _insert(
        con, "runs", run.run, run.command, run.started_at, run.ended_at, run.requests,
        run.refused, run.waited, run.bytes, run.ended, run.error,
    )  # fmt: skip
    told = [
        [
            run.run, run.ended_at, s.stream, s.outcome, s.rows, s.new, s.changed, s.deleted,
            s.rejected, s.requests, s.error, s.status, s.code, s.request_id,
        ]
        for s in run.streams
    ]  # fmt: skip
    _insert_all(con, "run_streams", told)


def _record_write(con: Connection, one: Write) -> None:
    """An attempt when it begins, and what came of it."""
    texts = [None if found is None else dump(found) for found in (one.before, one.asked, one.after)]
    if one.outcome == "begun":
        _insert(
            con, "writes", one.write, one.run, one.stream, one.key, one.attempt, one.noted_at,
            None, one.os_user, one.api_key_id, *texts, one.outcome, False, None, "", "", "",
        )  # fmt: skip
        return
    con.execute(
        """UPDATE meta.writes SET ended_at = ?, outcome = ?, "after" = ?, answer_lost = ?,
            status = ?, code = ?, request_id = ?, details = ? WHERE write = ?""",
        [
            one.noted_at, one.outcome, texts[2], one.answer_lost,
            one.status, one.code, one.request_id, one.details, one.write,
        ],
    )  # fmt: skip


def _insert(con: Connection, table: str, *values: object) -> None:
    _insert_all(con, table, [values])


def _insert_all(con: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Some rows by one statement: each takes as long as its planning, 2 ms."""
    if rows:
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        con.execute(f"INSERT INTO meta.{table} VALUES {marks}", list(chain(*rows)))


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
