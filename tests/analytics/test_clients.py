"""Other versions of DuckDB, and whoever else has the published file open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connector.analytics import VIEWS
from connector.published import PUBLISHED
from connector.shape import everything
from tests import oracle
from tests.bench import Bench
from tests.few import few

ASK = """
import json, sys
import duckdb
path, questions = sys.argv[1], json.load(sys.stdin)
with duckdb.connect(path, read_only=True) as con:
    con.execute("SET TimeZone = 'UTC'")
    answers = [con.execute(question).fetchall() for question in questions]
json.dump([duckdb.__version__, answers], sys.stdout, default=str)
"""

COMMENTS = """SELECT schema_name, table_name, column_name, comment FROM duckdb_columns()
    WHERE schema_name IN ('main', 'history', 'meta', 'analytics') AND comment IS NOT NULL
    ORDER BY ALL"""
QUESTIONS = [
    *(f"FROM analytics.{view.name} ORDER BY ALL" for view in VIEWS.values()),
    *(f"FROM analytics.{v.macro}('Europe/Berlin') ORDER BY ALL" for v in VIEWS.values() if v.macro),
    *(f"SELECT count(*) FROM {table.name}" for table in everything()),
    "SELECT count(*) FROM threads_as_of('2026-11-01')",
    COMMENTS,
]


@pytest.mark.long
@pytest.mark.parametrize("lived", [1], indirect=True)
@pytest.mark.parametrize("version", few(["1.4.0", "1.4.4", "1.5.5"], 1))
def test_an_older_client_reads_every_view_and_comment_as_we_do(
    lived: Bench, tmp_path: Path, version: str
) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path)]
    subprocess.run(  # noqa: S603  # into a folder of the test's own
        [*pip, f"duckdb=={version}", "pytz"], check=True, timeout=200, capture_output=True
    )
    file = str(lived.settings.data_dir / PUBLISHED)
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ASK, file],
        input=json.dumps(QUESTIONS), env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    said, answers = json.loads(ran.stdout)
    assert said == version
    with oracle.published(lived.settings.data_dir) as con:
        ours = json.loads(json.dumps([con.execute(q).fetchall() for q in QUESTIONS], default=str))
    for question, theirs, our in zip(QUESTIONS, answers, ours, strict=True):
        assert [*map(about, theirs)] == [*map(about, our)], question
    assert len(answers[-1]) > 1000


def about(row: list[Any]) -> list[Any]:
    """A row with its fractions as far as sums in another order give the same."""
    return [round(value, 6) if isinstance(value, float) else value for value in row]


def test_under_any_name_views_read_the_file_that_they_are_in(lived: Bench) -> None:
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"ATTACH '{lived.settings.data_dir / PUBLISHED}' AS inbox (READ_ONLY)")
        con.execute("CREATE SCHEMA analytics; CREATE TABLE threads (id INTEGER)")
        for view in VIEWS.values():
            assert con.execute(f"FROM inbox.analytics.{view.name}").fetchall()


def test_b23_a_reader_sees_one_state_in_all_views_while_syncs_publish(at_bench: Bench) -> None:
    at_bench.sync("threads")
    questions = [f"FROM analytics.{name} ORDER BY ALL" for name in ("inbox_weekly", "status_daily")]
    with oracle.published(at_bench.settings.data_dir) as reader:
        before = [reader.execute(question).fetchall() for question in questions]
        at_bench.box.workspace.create("threads", status="open")
        at_bench.pass_time(86400)
        at_bench.sync("threads")
        assert [reader.execute(question).fetchall() for question in questions] == before
    after = [at_bench.query(question) for question in questions]
    assert [len(one) for one in after] > [len(one) for one in before]


def test_b23_who_writes_into_the_published_file_harms_nothing(at_bench: Bench) -> None:
    """Also with a journal left beside it by a writer that was cut short."""
    import duckdb

    at_bench.sync("threads", "tags")
    file = at_bench.settings.data_dir / PUBLISHED
    file.chmod(0o644)
    writer = duckdb.connect(str(file))
    try:
        writer.execute("SET checkpoint_threshold = '1GB'; DROP VIEW analytics.inbox_weekly")
        writer.execute("UPDATE tags SET name = 'mine'; DELETE FROM threads")
        assert file.with_name(f"{PUBLISHED}.wal").exists()
        at_bench.pass_time()
        at_bench.sync("threads", "tags", full=True)
    finally:
        writer.close()
    assert at_bench.differences("threads", "tags") == []
    assert at_bench.query("SELECT sum(threads) FROM analytics.inbox_weekly") == [(24,)]
    assert file.stat().st_mode & 0o777 == 0o444
    at_bench.pass_time()
    at_bench.sync("tags")
    assert at_bench.differences("threads", "tags") == []
