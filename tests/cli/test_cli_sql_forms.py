"""What an answer looks like in each form, where it goes, and that its size is no matter."""

from __future__ import annotations

import gc
import json
import os
import pty
import signal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Cli, ended
from tests.few import few

ENDLESS = "SELECT range AS n, repeat('x', 200) AS text FROM range(1_000_000_000_000)"
STREAMED = ("csv", "json", "md", "parquet")


def read(path: Path) -> list[tuple[Any, ...]]:
    return duckdb.connect().sql(f"FROM '{path}'").fetchall()


def test_json_is_an_array_with_a_line_for_each_row(synced: Cli) -> None:
    said = synced.run("sql", "SELECT id, is_read, contact FROM threads", "--format", "json").out
    rows = json.loads(said)
    assert [json.loads(line.rstrip(",")) for line in said.splitlines()[1:-1]] == rows
    assert len(rows) == 40
    assert synced.run("sql", "FROM threads LIMIT 0", "--format", "json").document == []


def test_parquet_holds_the_rows_with_their_types(synced: Cli) -> None:
    said = synced.run("sql", "FROM threads ORDER BY id", "--output", "threads.parquet")
    assert (said.code, said.out) == (0, "")
    schema = pq.read_schema(synced.folder / "threads.parquet")
    assert str(schema.field("created_at").type) == "timestamp[us, tz=UTC]"
    with duckdb.connect(str(synced.data_dir / "productlane.duckdb"), read_only=True) as con:
        assert (
            read(synced.folder / "threads.parquet")
            == con.sql("FROM threads ORDER BY id").fetchall()
        )


def test_no_rows_are_a_parquet_file_without_rows(synced: Cli) -> None:
    assert synced.run("sql", "FROM threads LIMIT 0", "-o", "none.parquet").code == 0
    assert read(synced.folder / "none.parquet") == []


@pytest.mark.parametrize("form", STREAMED)
def test_the_name_of_the_file_says_the_form(tmp_path: Path, synced: Cli, form: str) -> None:
    path = tmp_path / f"rows.{form.upper()}"
    assert synced.run("sql", "SELECT id FROM threads", "--output", str(path)).out == ""
    query = ("sql", "SELECT id FROM threads", "--format", form, "-o", f"{path}.x")
    assert synced.run(*query).code == 0
    assert path.read_bytes() == Path(f"{path}.x").read_bytes()


def test_a_table_in_a_file_is_plain_text(synced: Cli) -> None:
    synced.run("sql", "SELECT 42 AS answer", "--format", "table", "--output", "table.txt")
    assert (synced.folder / "table.txt").read_text().split() == ["answer", "─" * 6, "42"]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_two_columns_of_one_name_are_refused_rather_than_one_lost(synced: Cli, form: str) -> None:
    said = synced.run("sql", "SELECT 1 AS a, 2 AS a", "--format", form)
    assert (said.code, said.out) == (2, "")
    assert "two columns are called a" in said.err


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "query", ["SELECT 1 AS a, 2 AS a", "SELECT INTERVAL 1 DAY AS wait", "1; 2"]
)
def test_a_query_that_is_refused_lets_go_of_the_file(synced: Cli, query: str) -> None:
    """DuckDB waits for ever for a file that the same process holds open by what is garbage."""
    gc.disable()
    try:
        assert synced.run("sql", query, "--output", "refused.parquet").code == 2
        assert synced.run("sql", "FROM threads LIMIT 1").code == 0
    finally:
        gc.enable()


def test_what_parquet_has_no_type_for_is_told_with_a_way_out(synced: Cli) -> None:
    said = synced.run("sql", "SELECT INTERVAL 1 DAY AS wait", "--output", "wait.parquet")
    assert said.code == 2
    assert "wait" in said.err
    assert "column::VARCHAR" in said.err
    assert not (synced.folder / "wait.parquet").exists()


LATE = "SELECT CASE WHEN range = 300000 THEN error('odd') ELSE range END AS n FROM range(400000)"


@pytest.mark.parametrize("form", STREAMED)
def test_a_fault_at_a_late_row_is_told_and_leaves_the_old_file(synced: Cli, form: str) -> None:
    path = synced.folder / f"late.{form}"
    path.write_text("old")
    said = synced.run("sql", LATE, "--output", path.name)
    assert said.code == 2
    assert "odd" in said.err
    assert path.read_text() == "old"
    assert list(synced.folder.glob(".late*")) == []


@pytest.mark.parametrize("place", ["data/productlane.duckdb", "data/lake/threads/x.csv"])
def test_a_file_of_the_connector_is_not_written_over(synced: Cli, place: str) -> None:
    before = (synced.folder / "data" / "productlane.duckdb").stat()
    said = synced.run("sql", "SELECT 1", "--output", place)
    assert said.code == 2
    assert "the connector's own" in said.err
    assert (synced.folder / "data" / "productlane.duckdb").stat() == before


def test_a_folder_that_is_not_there_is_told(synced: Cli) -> None:
    said = synced.run("sql", "SELECT 1", "--output", "nowhere/x.csv")
    assert said.code == 2
    assert "nowhere/x.csv can't be written (No such file or directory)" in said.err


def test_a_link_is_followed_and_a_private_file_stays_private(synced: Cli, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("old")
    (tmp_path / "rows.csv").chmod(0o600)
    (tmp_path / "latest.csv").symlink_to("rows.csv")
    assert synced.run("sql", "SELECT 1 AS n", "-o", str(tmp_path / "latest.csv")).code == 0
    assert (tmp_path / "latest.csv").is_symlink()
    assert (tmp_path / "rows.csv").read_text() == "n\n1\n"
    assert (tmp_path / "rows.csv").stat().st_mode & 0o777 == 0o600


def test_standard_output_by_its_name_keeps_what_is_there(synced: Cli, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("before\n")
    with log.open("a") as stdout:
        said = ended(synced.start("sql", "SELECT 1 AS n", "-o", "/dev/fd/1", stdout=stdout))
    assert (said.code, said.err) == (0, "")
    assert log.read_text() == "before\nn\n1\n"


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_rows_come_as_they_are_found_and_whoever_reads_no_further_is_no_fault(
    synced: Cli, form: str
) -> None:
    """An answer without an end: whoever collected it first would never say a word."""
    process = synced.start("sql", ENDLESS, "--format", form)
    assert process.stdout
    assert process.stderr
    assert len(process.stdout.buffer.read(500_000)) == 500_000
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    process.wait(60)


def test_ctrl_c_ends_it_quietly_and_leaves_no_half_file(synced: Cli) -> None:
    process = synced.start("sql", ENDLESS, "--output", "endless.parquet")
    part = synced.folder / f".endless.parquet.{process.pid}.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size):
        pass
    os.kill(process.pid, signal.SIGINT)
    said = ended(process)
    assert (said.code, said.out, said.err) == (130, "", "Stopped.\n")
    assert list(synced.folder.glob("*endless*")) == list(synced.folder.glob(".endless*")) == []


def peak(cli: Cli, form: str, rows: int) -> int:
    """Bytes of memory at most, of a command that writes so many rows of 200 letters each."""
    query = f"SELECT range AS n, repeat('x', 200) || range AS text FROM range({rows})"
    process = cli.start("sql", query, "--format", form, "--output", "/dev/null")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert ended(process) is not None
    assert process.returncode == 0
    return used.ru_maxrss * 1024


@pytest.mark.long
@pytest.mark.parametrize("form", few(["csv", "parquet", "json"]))
def test_eight_times_the_rows_take_no_more_memory(synced: Cli, form: str) -> None:
    some, many = 125_000, 1_000_000
    more = peak(synced, form, many) - peak(synced, form, some)
    assert more < (many - some) * 200 / 4, f"{more:,} bytes more"


def on_terminal(cli: Cli, *arguments: str) -> tuple[str, str]:
    """Standard output and error of a command that has a terminal for each."""
    (out, out_end), (err, err_end) = pty.openpty(), pty.openpty()
    process = cli.start(*arguments, stdout=out_end, stderr=err_end)
    os.close(out_end)
    os.close(err_end)
    said = [_all(out), _all(err)]
    process.wait(60)
    return said[0], said[1]


def _all(terminal: int) -> str:
    """What a program has written there until it ended: Linux says that by an error."""
    text = b""
    try:
        while more := os.read(terminal, 4096):
            text += more
    except OSError:
        pass
    os.close(terminal)
    return text.decode()


OBEYED = "'a' || chr(27) || '[31m' || chr(155) || chr(7) || chr(8238) || 'b'"


@pytest.mark.parametrize("others", ["", ", 1 AS n, repeat('x', 99) AS long"])
def test_a_customers_text_moves_no_cursor(synced: Cli, others: str) -> None:
    """Neither as a value, in lines and in blocks, nor as a column's name, nor in an error."""
    values = on_terminal(synced, "sql", f"SELECT {OBEYED} AS cell{others}")[0]
    names = on_terminal(synced, "sql", f'SELECT 1 AS "a\x1b[31m\x9b\x07\u202eb"{others}')[0]
    errors = on_terminal(synced, "sql", f"SELECT ({OBEYED})::INT{others}")[1]
    for said in (values, names, errors):
        assert "a�[31m���b" in said
        assert not {"\x9b", "\x07", "\u202e"} & set(said)


def test_a_column_is_called_what_it_is_called(synced: Cli) -> None:
    query = 'SELECT 1 AS "a[1]", 2 AS "[/x]", repeat(\'x\', 300) AS long'
    said = synced.run("sql", query, "--format", "table")
    assert said.code == 0
    assert "a[1]" in said.out
    assert "[/x]" in said.out


def test_bytes_are_kept_from_a_terminal(synced: Cli) -> None:
    out, err = on_terminal(synced, "sql", "FROM threads", "--format", "parquet")
    assert out == ""
    assert "--output rows.parquet" in err


def test_on_a_terminal_there_is_a_table_and_how_fresh_it_is(synced: Cli) -> None:
    out, err = on_terminal(synced, "sql", "SELECT 42 AS answer, count(*) AS n FROM threads")
    assert "──" in out
    assert "Fresh as of" in err
    assert "Fresh" not in out


def test_a_program_hears_nothing_of_freshness(synced: Cli) -> None:
    said = synced.run("sql", "SELECT title FROM threads")
    assert said.err == ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT title FROM threads", "(threads); deletions are known as of"),
        ("SELECT title FROM history.threads", "(threads)"),
        ("FROM thread_tags", "(threads)"),
        ("SELECT t.id FROM threads t JOIN contacts USING (id)", "(contacts, threads)"),
        ("SELECT t.id FROM threads t JOIN companies USING (id)", "Never read so far: companies"),
    ],
)
def test_the_bound_is_that_of_the_tables_that_are_asked(synced: Cli, query: str, said: str) -> None:
    assert said in synced.run("sql", query, "--format", "table").err


@pytest.mark.parametrize("query", ["SELECT 1", "SHOW TABLES", "DESCRIBE threads", "FROM meta.runs"])
def test_what_asks_no_stream_says_no_bound(synced: Cli, query: str) -> None:
    assert synced.run("sql", query, "--format", "table").err == ""


def test_a_window_alone_proves_no_freshness(cli: Cli) -> None:
    cli.run("sync", "threads", "--since", "2025-01-01", "--until", "2025-02-01")
    assert "can't be said yet" in cli.run("sql", "FROM threads", "--format", "table").err


def test_a_name_that_says_no_form_is_refused_before_anything_is_written(synced: Cli) -> None:
    said = synced.run("sql", "SELECT 1", "--output", "x.xlsx")
    assert said.code == 2
    assert "--format" in said.err
    assert not (synced.folder / "x.xlsx").exists()
    assert synced.run("sql", "SELECT 1", "--output", "x.xlsx", "--format", "csv").code == 0
    (synced.folder / "x.xlsx").unlink()


def test_a_data_directory_that_is_a_file_is_said_to_be_one(tmp_path: Path, synced: Cli) -> None:
    (tmp_path / "notes").write_text("mine")
    said = synced.with_settings(data_dir=str(tmp_path / "notes")).run("status")
    assert said.code == 2
    assert "is no folder" in said.err
    assert (tmp_path / "notes").read_text() == "mine"
