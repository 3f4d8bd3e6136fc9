"""Commands that look: status, check, streams, help."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli import output
from connector.cli.app import app
from connector.sandbox import Fault, Sandbox
from schemas import STREAMS
from tests.cli.conftest import ROOT, Cli, connected

COMMANDS = [command.name or "" for command in app.registered_commands]


def test_status_without_data_says_what_to_do(tmp_path: Path) -> None:
    said = Cli(tmp_path).run("status")
    assert said.code == 0
    assert "productlane-elt sync" in said.out
    document = Cli(tmp_path).run("status", "--json").document
    assert (document["published_at"], document["streams"]) == (None, [])
    assert not (tmp_path / "data").exists()


def test_status_tells_rows_freshness_and_windows(synced: Cli, box: Sandbox) -> None:
    document = synced.run("status", "--json").document
    threads = next(one for one in document["streams"] if one["stream"] == "threads")
    newest = max(one["updated_at"] for one in box.workspace.live("threads"))
    assert threads["rows"] == len(box.workspace.ids("threads"))
    assert threads["newest_updated_at"][:19] == newest[:19]
    assert threads["last_success_at"]
    assert threads["last_outcome"] == "done"
    assert (len(threads["windows"]), threads["gaps"]) == (1, [])
    assert threads["windows"][0][0] is None


def test_an_address_is_no_markup(cli: Cli, box: Sandbox) -> None:
    elsewhere = cli.with_settings(base_url=f"{box.url}/[/x]")
    assert [elsewhere.run(command).code for command in ("check", "plan")] == [2, 2]


def test_status_lists_what_was_read_and_names_the_rest(synced: Cli) -> None:
    said = synced.run("status")
    table, _, rest = said.out.partition("Never read so far")
    assert "threads" in table
    assert "docs_drafts" not in table
    assert "docs_drafts" in rest


def test_status_shows_a_gap_and_how_to_close_it(cli: Cli) -> None:
    cli.run("sync", "threads", "--since", "2025-01-01", "--until", "2025-02-01")
    cli.run("sync", "threads", "--since", "2025-03-01", "--until", "2025-04-01")
    said = cli.run("status")
    gap = "threads --since 2025-02-01T00:00:00Z --until 2025-03-01T00:00:00Z"
    assert f"productlane-elt sync {gap}" in said.out
    cli.run("sync", *gap.split())
    assert "2025-03-01T00" not in cli.run("status").out


def test_status_keeps_the_last_error_until_the_stream_is_well(tmp_path: Path) -> None:
    with Sandbox(threads=5) as box:
        cli = connected(tmp_path, box)
        box.faults.add(Fault("404", path="/tags$", at=1))
        done = cli.run("sync", "tags", "members", "--json")
        assert done.code == 6
        assert "failed: tags" in cli.run("status").out
        assert answer(cli, "tags") == (404, "not_found", request_id(done.out))
        assert cli.run("sync", "tags").code == 0
        assert "failed" not in cli.run("status").out
        assert answer(cli, "tags") == (None, "", "")


def request_id(document: str) -> str:
    """That of the one stream that failed."""
    (failed,) = [one for one in json.loads(document)["streams"] if one["outcome"] == "failed"]
    assert f"request_id {failed['request_id']}" in failed["error"]
    return str(failed["request_id"])


def answer(cli: Cli, stream: str) -> tuple[object, ...]:
    """The API's answer that `status --json` keeps as the last error of a stream."""
    streams = json.loads(cli.run("status", "--json").out)["streams"]
    (found,) = [one for one in streams if one["stream"] == stream]
    return tuple(found[f"last_error_{name}"] for name in ("status", "code", "request_id"))


def test_status_shows_fields_unknown_and_records_set_aside(tmp_path: Path) -> None:
    with Sandbox(threads=5) as box:
        box.workspace.schema_change("tags", add={"mood": "good"})
        box.workspace.put_raw("tags", box.workspace.ids("tags")[0], '{"id": null}')
        cli = connected(tmp_path, box)
        warning = cli.run("sync", "tags").err
        said = cli.run("status").out
    assert "meta.rejected_rows" in warning
    assert "tags: records that no table can hold: 1" in said
    assert "tags: fields that the schema doesn't know are in _extra: mood" in said


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal of 80 columns."""
    monkeypatch.setattr(output, "WIDE", 80)


NARROW = (["status"], ["streams"], ["check"], ["sync", "threads", "tags", "contacts"])


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("command", NARROW, ids=lambda command: command[0])
def test_a_narrow_table_breaks_no_name_and_no_date(synced: Cli, command: list[str]) -> None:
    lines = synced.run(*command).out.splitlines()
    ruled = next(number for number, line in enumerate(lines) if "───" in line)
    table = lines[ruled : lines.index(" " * len(lines[ruled]), ruled)]
    assert max(map(len, table)) <= 80
    firsts = [line.split()[0] for line in table[1:] if line[1] != " "]
    assert firsts
    assert set(firsts) <= set(STREAMS)
    dates = re.findall(r"\d{4}-\d.*?(?:  |$)", " ".join(table))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d *", date) for date in dates)


@pytest.mark.usefixtures("narrow")
def test_a_narrow_table_says_what_it_has_no_room_for(synced: Cli) -> None:
    assert "No room for: closed up to." in synced.run("status").out
    assert "No room for: path, partition." in synced.run("streams").out


def test_status_says_the_oldest_check_the_bound_and_what_the_last_run_took(cli: Cli) -> None:
    ran = cli.run("sync", "threads", "thread_messages", "--json").document
    document = cli.run("status", "--json").document
    messages = next(one for one in document["streams"] if one["stream"] == "thread_messages")
    assert messages["oldest_check"]
    assert messages["recheck_days"] == 1.04
    assert document["last_run"]["requests"] == ran["requests"] == 1 + 1 + 40
    assert abs(document["last_run"]["minutes"] - ran["minutes"]) < 0.001
    assert ", and again within 1.0 days by rotation" in cli.run("status").out
    still = cli.with_settings(audit_share="0").run("status").out
    assert "not by rotation, since PRODUCTLANE_AUDIT_SHARE is 0" in still


def test_status_keeps_the_order_of_the_other_commands(synced: Cli) -> None:
    shown = re.findall(r"^ ([a-z_]+) +\d", synced.run("status").out, re.MULTILINE)
    assert shown == ["threads", "tags", "contacts"]


def test_status_says_which_clock_is_whose(synced: Cli) -> None:
    assert "of runs and the warehouse by this machine's clock" in synced.run("status").out


def test_check_asks_once_and_stores_nothing(cli: Cli, box: Sandbox) -> None:
    box.requests.clear()
    said = cli.run("check")
    assert said.code == 0
    assert "The key is valid" in said.out
    assert [one.path.removeprefix("/api/v2") for one in box.requests] == ["/me"]
    assert not cli.data_dir.exists()


def test_check_says_which_scope_is_missing(cli: Cli, box: Sandbox) -> None:
    poor = cli.with_settings(api_key=box.issue_key(["threads:read"]))
    streams = {one["stream"]: one for one in poor.run("check", "--json").document["streams"]}
    assert set(streams) == set(STREAMS)
    assert streams["thread_messages"]["readable"]
    assert streams["members"]["missing_scopes"] == ["admin"]
    assert "scope admin" in poor.run("check").out


def test_check_of_a_wrong_key_is_refused_with_the_request_id(cli: Cli) -> None:
    said = cli.with_settings(api_key="pl_v2_wrong").run("check", "--json")
    assert said.code == said.document["exit_code"] == 3
    assert said.document["error"]["request_id"]


def test_check_of_an_address_that_is_none_is_told(cli: Cli) -> None:
    said = cli.with_settings(base_url="productlane.com").run("check")
    assert said.code == 2
    assert "PRODUCTLANE_BASE_URL" in said.err


def test_check_of_a_server_that_is_down_is_told_soon(cli: Cli) -> None:
    said = cli.with_settings(base_url="http://127.0.0.1:1/api/v2").run("check", "--json")
    assert said.code == said.document["exit_code"] == 5
    assert "could not be reached" in said.err


def test_streams_lists_all_of_the_catalogue() -> None:
    cli = Cli(ROOT)
    found = {one["stream"]: one for one in cli.run("streams", "--json").document["streams"]}
    assert list(found) == list(STREAMS)
    assert found["threads"]["partition"] == "updated_date"
    assert found["contact_portals"]["by_name"]
    table = cli.run("streams").out
    assert all(stream in table for stream in STREAMS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_for_and_gives_an_example(command: str) -> None:
    said = Cli(ROOT).run(command, "--help")
    assert said.code == 0
    assert f"Example: productlane-elt {command}" in said.out


def test_help_names_every_command_of_the_contract() -> None:
    promised = ["demo", "check", "streams", "sync", "status", "sql", "rebuild", "sandbox"]
    assert set(promised) <= set(COMMANDS)
    said = Cli(ROOT).run("--help")
    assert all(command in said.out for command in COMMANDS)
    assert "Exit codes" in said.out


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--help"], {"duckdb", "pyarrow", "httpx", "dagster", "uvicorn"}),
        (["status"], {"pyarrow", "httpx", "dagster", "uvicorn", "connector.sync", "schemas"}),
    ],
)
def test_looking_is_quick_since_it_imports_little(
    tmp_path: Path, arguments: list[str], spared: set[str]
) -> None:
    script = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(sorted({spared!r} & set(sys.modules))))\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "from connector.cli import main\nmain()\n"
    )
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
