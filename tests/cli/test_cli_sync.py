from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox import Fault, Sandbox
from tests.cli.conftest import Cli, connected, ended


@pytest.fixture
def in_vain(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sync with a server that is down: its tries take half a minute."""
    down = Cli(tmp_path).with_settings(base_url="http://127.0.0.1:1/api/v2", api_key="pl_v2_x")
    with down.start("sync", "--json") as process:
        yield process
        process.kill()


@pytest.fixture
def faulty(box: Sandbox) -> Iterator[Sandbox]:
    yield box
    box.faults.clear()


def test_says_for_each_stream_what_came(cli: Cli) -> None:
    said = cli.run("sync", "threads", "tags")
    assert said.code == 0
    threads = next(line for line in said.out.splitlines() if "threads" in line)
    assert threads.split()[:3] == ["threads", "40", "40"]
    assert "3 requests" in said.out
    assert "productlane.duckdb" in said.out
    assert "streams to read" in said.err


def test_a_second_run_brings_nothing_new(cli: Cli) -> None:
    cli.run("sync", "tags")
    (tags,) = cli.run("sync", "tags", "--json").document["streams"]
    assert (tags["rows"] > 0, tags["new"], tags["changed"]) == (True, 0, 0)


def test_json_is_the_only_thing_on_standard_output(cli: Cli) -> None:
    said = cli.spawn("sync", "tags", "--json")
    assert said.document["exit_code"] == said.code == 0
    assert [one["stream"] for one in said.document["streams"]] == ["tags"]
    assert said.err


def test_without_names_asks_for_all_but_what_costs_a_request_per_contact(
    cli: Cli, box: Sandbox
) -> None:
    run = cli.with_settings(api_key=box.issue_key([])).run("sync", "--json").document
    streams = {one["stream"] for one in run["streams"]}
    assert {"threads", "thread_messages", "members"} <= streams
    assert "contact_portals" not in streams


def test_a_window_is_asked_again(cli: Cli, box: Sandbox) -> None:
    cli.run("sync", "threads")
    box.requests.clear()
    said = cli.run("sync", "threads", "--since", "2026-01-01", "--until", "2026-06-01T12:00+02:00")
    assert said.code == 0
    (asked,) = [one.query for one in box.requests if one.path.endswith("/threads")]
    assert asked["updated_after"] == "2025-12-31T23:59:59.000Z"
    assert asked["updated_before"] == "2026-06-01T10:00:01.000Z"


def test_full_finds_what_is_gone(tmp_path: Path) -> None:
    with Sandbox(threads=12) as box:
        cli = connected(tmp_path, box)
        cli.run("sync", "threads")
        box.clock.advance(60)
        box.workspace.delete("threads", box.workspace.ids("threads")[0])
        (incremental,) = cli.run("sync", "threads", "--json").document["streams"]
        (full,) = cli.run("sync", "threads", "--full", "--json").document["streams"]
    assert (incremental["deleted"], full["deleted"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nonsense"], "no stream 'nonsense'"),
        (["thread_message"], "Did you mean thread_messages?"),
        (["--since", "yesterday"], "--since is not a date: 'yesterday'"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "--since must be before --until"),
        (["--full", "--since", "2026-01-01"], "--full takes no --since"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(cli: Cli, arguments: list[str], complaint: str) -> None:
    said = cli.run("sync", *arguments)
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert complaint in said.err


def test_a_window_says_which_streams_it_says_nothing_to(cli: Cli) -> None:
    said = cli.run("sync", "tags", "contacts", "--since", "2026-01-01")
    assert said.code == 0
    assert "--since and --until say nothing to tags:" in said.err


def test_a_child_without_its_parent_fails_and_says_what_to_run(cli: Cli) -> None:
    said = cli.run("sync", "thread_messages")
    assert said.code == 2
    assert "Run `productlane-elt sync threads thread_messages`." in said.err


def test_an_unknown_option_is_wrong_usage(cli: Cli) -> None:
    assert cli.run("sync", "--nonsense").code == 2


@pytest.mark.parametrize("brake", ["25", "-1", "nan", "much"])
def test_the_brake_is_a_share(cli: Cli, brake: str) -> None:
    said = cli.with_settings(loss_brake=brake).run("status")
    assert said.code == 2
    assert "PRODUCTLANE_LOSS_BRAKE is not a number from 0 to 1" in said.err


def test_without_a_key_says_how_to_give_one(cli: Cli) -> None:
    said = cli.with_settings(api_key="").run("sync")
    assert said.code == 2
    assert "PRODUCTLANE_API_KEY is not set" in said.err


def test_the_key_may_stand_in_a_file(tmp_path: Path, box: Sandbox) -> None:
    (tmp_path / ".env").write_text(f"PRODUCTLANE_API_KEY={box.key}\n")
    assert Cli(tmp_path).with_settings(base_url=box.url).run("sync", "tags").code == 0


@pytest.mark.parametrize("key", ["pl_v2_unknown", "pl_v1_old"])
def test_a_refused_key_ends_the_run_and_leaves_nothing(cli: Cli, key: str) -> None:
    said = cli.with_settings(api_key=key).spawn("--debug", "sync", "--json")
    assert said.code == said.document["exit_code"] == 3
    assert said.document["error"]["request_id"] in said.err
    assert "begins with pl_v2_" in said.err
    assert key not in said.out + said.err
    assert not (cli.data_dir / "productlane.duckdb").exists()


def test_a_stream_asked_for_by_name_without_its_scope_is_an_error(cli: Cli, box: Sandbox) -> None:
    poor = cli.with_settings(api_key=box.issue_key(["tags:read"]))
    said = poor.run("sync", "tags", "members")
    assert said.code == 4
    assert "members: the key lacks the scope admin" in said.err
    assert poor.run("sql", "SELECT count(*) > 0 AS there FROM tags").out == "there\ntrue\n"


def test_a_stream_without_its_scope_is_skipped_when_all_are_read(cli: Cli, box: Sandbox) -> None:
    said = cli.with_settings(api_key=box.issue_key(["tags:read"])).run("sync")
    assert said.code == 0
    assert "skipped" in said.out
    assert "members: the key lacks the scope admin" in said.err


def test_one_stream_that_fails_leaves_the_others_committed(cli: Cli, faulty: Sandbox) -> None:
    faulty.faults.add(Fault("404", rate=1.0, path="/companies"))
    said = cli.run("sync", "companies", "tags")
    assert said.code == 6
    assert "failed: companies" in said.err
    assert "request_id" in said.err
    assert cli.run("sql", "SELECT count(*) > 0 AS there FROM tags").out == "there\ntrue\n"


def test_a_key_revoked_under_way_publishes_what_has_landed(tmp_path: Path) -> None:
    with Sandbox(threads=10) as box:
        key = box.issue_key(["tags:read", "threads:read"])
        cli = connected(tmp_path, box, key)
        # By then, the lists are read and the messages of each thread are being asked for.
        box.before(8, lambda: box.revoke(key))
        assert cli.run("sync", "threads", "thread_messages").code == 3
    assert cli.run("sql", "SELECT count(*) AS n FROM threads").out == "n\n10\n"


def test_an_address_that_is_not_the_api_is_told_so(cli: Cli, box: Sandbox) -> None:
    said = cli.with_settings(base_url=box.url.removesuffix("/v2")).run("sync")
    assert said.code == 2
    assert "Check PRODUCTLANE_BASE_URL" in said.err


@pytest.mark.long
def test_a_server_that_stays_down_is_told_after_some_tries(in_vain: subprocess.Popen[str]) -> None:
    said = ended(in_vain)
    assert said.code == said.document["exit_code"] == 5
    assert said.err.index("trying again, 5 times more") < said.err.rindex("could not be reached")
    assert "Traceback" not in said.err
