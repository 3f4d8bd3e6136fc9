"""Signals, and processes that run until they are told to stop."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import duckdb
import httpx
import pytest
import typer

from connector.cli.answer import stoppable
from connector.cli.faults import answering
from connector.demo.proof import prove
from connector.published import reading
from connector.sandbox import Sandbox
from schemas import STREAMS
from tests.cli.conftest import Cli, connected, ended
from tests.few import few


def interrupted(cli: Cli, box: Sandbox, at: int, number: int, *streams: str) -> tuple[int, str]:
    """Sync, and have the signal arrive just before request `at` is answered."""
    process = cli.start("sync", *streams)
    box.before(at, lambda: os.kill(process.pid, number))
    said = ended(process)
    return said.code, said.err


@pytest.mark.parametrize(
    ("at", "number"),
    few([(9, signal.SIGTERM), (20, signal.SIGINT), (1, signal.SIGINT), (9, signal.SIGINT)], 1),
)
def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path: Path, at: int, number: int) -> None:
    streams = ("threads", "thread_messages", "contacts")
    with Sandbox(threads=20) as box:
        cli = connected(tmp_path, box).with_settings(page_size="5")
        code, err = interrupted(cli, box, at, number, *streams)
        assert code == 130
        assert "run the same command again" in err
        assert "Traceback" not in err
        said = [line for line in err.splitlines() if "streams to read" not in line]
        assert len(said) == 2
        assert "finished first" in said[0]
        said = cli.run("status")
        assert said.code == 0
        assert at == 1 or "Last run: sync, stopped" in said.out  # at 1, it may not have begun
        assert cli.run("sync", *streams).code == 0
        with reading(cli.data_dir) as con:
            proof = prove(box.workspace, con, cli.data_dir / "lake", streams)
    assert proof.differences == []


def test_a_run_that_is_stopped_while_many_streams_land_says_only_that(tmp_path: Path) -> None:
    with Sandbox(threads=10) as box:
        cli = connected(tmp_path, box)
        streams = [name for name, endpoint in STREAMS.items() if not endpoint.parent]
        code, err = interrupted(cli, box, 28, signal.SIGINT, *streams)
        assert code == 130
        assert len(err.splitlines()) == 3
        assert cli.run("sync", *streams).code == 0
        with reading(cli.data_dir) as con:
            assert prove(box.workspace, con, cli.data_dir / "lake", streams).differences == []


def test_who_stops_it_twice_is_told_and_loses_nothing(tmp_path: Path) -> None:
    streams = ("threads", "contacts", "companies")
    with Sandbox(threads=500) as box:
        cli = connected(tmp_path, box)
        process = cli.start("sync", *streams)
        assert process.stderr
        box.before(5, lambda: os.kill(process.pid, signal.SIGINT))
        while "finished first" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        said = ended(process)
        assert said.code == 130
        assert "Traceback" not in said.err
        assert cli.run("sync", *streams).code == 0
        with reading(cli.data_dir) as con:
            assert prove(box.workspace, con, cli.data_dir / "lake", streams).differences == []


def test_a_list_that_was_stopped_is_not_asked_from_the_start(tmp_path: Path) -> None:
    with Sandbox(threads=40) as box:
        cli = connected(tmp_path, box).with_settings(page_size="10")
        assert interrupted(cli, box, 4, signal.SIGINT, "threads")[0] == 130
        box.requests.clear()
        said = cli.run("sync", "threads")
        assert "threads: goes on after page" in said.err
        assert len(box.requests) < 5


def test_json_holds_when_stopped(tmp_path: Path) -> None:
    with Sandbox(threads=5) as box:
        cli = connected(tmp_path, box)
        process = cli.start("sync", "--json")
        box.before(3, lambda: os.kill(process.pid, signal.SIGINT))
        said = ended(process)
    assert said.code == said.document["exit_code"] == 130


TELLS_WHEN_IT_ASKS = """
from connector.cli import answer
check = answer._only_one
def told(statements):
    print("asking", flush=True)
    return check(statements)
answer._only_one = told
"""


HOURS = "SELECT count(*) FROM range(1000000000000) t(n) WHERE hash(n) = 1"


def test_a_query_that_takes_too_long_can_be_stopped(synced: Cli) -> None:
    process = synced.start("sql", HOURS, first=TELLS_WHEN_IT_ASKS)
    assert process.stdout
    assert process.stdout.readline() == "asking\n"
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert said.code == 130
    assert "bug" not in said.err


PUSH_TELLS_WHEN_IT_ASKS = """
from connector.push import source
ask = source.from_sql
def told(con, query):
    print("asking", flush=True)
    return ask(con, query)
source.from_sql = told
"""


def test_a_push_whose_query_takes_too_long_can_be_stopped(synced: Cli) -> None:
    counted = f"SELECT id, ({HOURS})::VARCHAR AS name FROM contacts"
    process = synced.start("contacts", "push", "--sql", counted, first=PUSH_TELLS_WHEN_IT_ASKS)
    assert process.stdout
    assert process.stdout.readline() == "asking\n"
    process.send_signal(signal.SIGINT)
    said = ended(process)
    assert (said.code, said.err) == (130, "Stopped. Nothing was sent.\n")


def test_a_push_of_a_query_that_is_stopped_warns_of_changing_things_twice(tmp_path: Path) -> None:
    query = "SELECT id, 'N ' || name AS name FROM contacts"
    with Sandbox(threads=0, contacts=3) as box:
        cli = connected(tmp_path, box)
        assert cli.run("sync", "contacts").code == 0
        process = cli.start("contacts", "push", "--sql", query, "--apply")
        box.before(3, lambda: os.kill(process.pid, signal.SIGINT))
        said = ended(process)
    assert said.code == 130
    assert "run the same command again" in said.err
    assert "would change it a second time" in said.err


@pytest.mark.parametrize(
    "word",
    [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT: Interrupted!")],
)
def test_what_duckdb_makes_of_ctrl_c_is_ctrl_c(
    word: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it raises them, measured; when it looks for signals is not to be foreseen."""
    with pytest.raises(typer.Exit) as end, answering(stopped="Stopped. All is well."):
        raise word
    assert end.value.exit_code == 130
    assert capsys.readouterr().err == "Stopped. All is well.\n"


STOPPED_LATE = """
from connector.warehouse import Warehouse
Warehouse.checkpoint = lambda self: signal.raise_signal(signal.SIGINT)
"""


def test_a_rebuild_that_is_stopped_leaves_nothing_behind(tmp_path: Path, box: Sandbox) -> None:
    cli = connected(tmp_path, box)
    assert cli.run("sync", "tags").code == 0
    before = sorted((tmp_path / "data").rglob("*"))
    said = ended(cli.start("rebuild", first=STOPPED_LATE))
    assert (said.code, "The warehouse is as it was" in said.err) == (130, True)
    assert sorted((tmp_path / "data").rglob("*")) == before


STOPPED_AT_START = """
import sys
class Stopping:
    @staticmethod
    def find_spec(name, *_):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Stopping)
"""


def test_ctrl_c_at_start_up_is_no_traceback(tmp_path: Path) -> None:
    said = ended(Cli(tmp_path).start("status", first=STOPPED_AT_START))
    assert (said.code, said.out, said.err) == (130, "", "")


def test_ctrl_c_that_is_ignored_stays_so() -> None:
    """A plain sh has its background jobs ignore it, so that it ends only what is in front."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with duckdb.connect() as con:
            assert stoppable(con, lambda: signal.raise_signal(signal.SIGINT) or 42) == 42
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_sandbox_says_how_to_use_it_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    options = ["--threads", "5", "--limit", "77", "--latency-ms", "40", "--latency-p99-ms", "40"]
    process = Cli(tmp_path).start("sandbox", "--port", "0", *options)
    assert process.stdout
    lines = [process.stdout.readline().strip() for _ in range(4)]
    settings = dict(line.removeprefix("export PRODUCTLANE_").split("=") for line in lines[1:])
    assert set(settings) == {"BASE_URL", "API_KEY", "DATA_DIR"}
    assert settings["DATA_DIR"] == "sandbox-data"
    answer = httpx.get(
        f"{settings['BASE_URL']}/threads",
        headers={"Authorization": f"Bearer {settings['API_KEY']}"},
    )
    assert answer.headers["X-RateLimit-Limit"] == "77"
    assert len(answer.json()["data"]) == 5
    assert answer.elapsed.total_seconds() >= 0.04
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--reading", "bounds=sideways"], "its values are exclusive, inclusive"),
        (["--reading", "nonsense=1"], "the names are bounds"),
        (["--port", "99999"], "--port"),
        (["--threads", "0"], "--threads"),
        (["--threads", "1000001"], "--threads"),
        (["--latency-p99-ms", "1000"], "--latency-ms"),
        (["--latency-ms", "500", "--latency-p99-ms", "20"], "--latency-ms"),
    ],
)
def test_the_sandbox_refuses_what_it_does_not_know(
    cli: Cli, options: list[str], complaint: str
) -> None:
    said = cli.run("sandbox", *options)
    assert said.code == 2
    assert complaint in said.err


def test_the_sandbox_lists_its_readings_and_their_values(cli: Cli) -> None:
    said = cli.run("sandbox", "--reading", "list")
    assert said.code == 0
    assert "bounds=exclusive|inclusive" in said.out


def test_the_sandbox_tells_that_its_port_is_taken(cli: Cli, box: Sandbox) -> None:
    said = cli.run("sandbox", "--port", str(httpx.URL(box.url).port))
    assert said.code == 2
    assert "Choose another by --port" in said.err
