"""The command `plan`: what people and programs are told, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.sandbox import Fault, Sandbox
from tests.cli.conftest import Cli, connected


def test_a_plan_says_for_each_stream_what_is_asked_and_the_run_says_what_it_took(
    cli: Cli,
) -> None:
    cli.run("sync", "threads", "tags")
    plan = cli.run("plan", "threads", "thread_messages", "tags", "--json").document
    streams = {one["stream"]: one for one in plan["streams"]}
    assert (streams["threads"]["asks"], streams["tags"]["asks"]) == ("window", "everything")
    assert streams["threads"]["since"]
    assert streams["thread_messages"]["due"] == 40
    run = cli.run("sync", "threads", "thread_messages", "tags", "--json").document
    assert plan["requests"] == run["requests"] == 1 + 1 + 40 + 1
    assert {one["stream"]: one["requests"] for one in run["streams"]} == {
        stream: one["requests"] for stream, one in streams.items()
    }


def test_people_are_told_requests_minutes_and_the_end(cli: Cli, box: Sandbox) -> None:
    box.limit_to(1000)
    said = cli.run("plan")
    assert said.code == 0
    assert "requests" in said.out
    assert "minutes at 975 a minute, done at 20" in said.out
    assert "by 1 of the pages" in said.out
    assert "under 40 threads that are due" in said.out
    cli.run("sync")
    said = cli.run("plan")
    assert "what changed" in said.out
    assert "this plan itself took 1 request" in said.out


def test_a_window_is_told_with_both_its_ends(cli: Cli) -> None:
    said = cli.run("plan", "threads", "--since", "2026-10-02", "--until", "2026-10-09").out
    assert "what changed until 2026-10-09 00:00" in said
    assert "2026-10-02 00:00" in said


def test_a_plan_leaves_nothing_behind(cli: Cli) -> None:
    assert cli.run("plan").code == 0
    assert not cli.data_dir.exists()


def test_a_plan_changes_nothing_in_what_is_there(cli: Cli) -> None:
    cli.run("sync", "threads", "tags")

    def files() -> dict[Path, tuple[int, int]]:
        found = (path for path in cli.data_dir.rglob("*") if path.is_file())
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in found}

    before = files()
    assert cli.run("plan", "--full").code == 0
    assert files() == before


def test_a_refused_key_has_its_exit_code(cli: Cli) -> None:
    said = cli.with_settings(api_key="pl_v2_wrong").run("plan", "--json")
    assert said.code == said.document["exit_code"] == 3


def test_a_stream_named_without_its_scope_has_its_exit_code(cli: Cli, box: Sandbox) -> None:
    poor = cli.with_settings(api_key=box.issue_key(["tags:read"]))
    said = poor.run("plan", "tags", "members")
    assert said.code == 4
    assert "members: the key lacks the scope admin" in said.err
    assert poor.run("plan").code == 0


def test_a_child_that_would_fail_has_the_exit_code_of_the_sync(cli: Cli) -> None:
    said = cli.run("plan", "thread_messages")
    assert said.code == cli.run("sync", "thread_messages").code == 2
    assert "Run `productlane-elt sync threads thread_messages`." in said.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["--full", "--since", "2026-01-01"]])
def test_wrong_usage_is_that_of_the_sync(cli: Cli, arguments: list[str]) -> None:
    assert cli.run("plan", *arguments).code == cli.run("sync", *arguments).code == 2


def test_one_list_that_fails_leaves_the_rest_of_the_plan(tmp_path: Path) -> None:
    with Sandbox(threads=5) as box:
        cli = connected(tmp_path, box)
        box.faults.add(Fault("404", rate=1.0, path="/companies$"))
        said = cli.run("plan", "companies", "threads", "--json")
    assert said.code == said.document["exit_code"] == 6
    assert [one["outcome"] for one in said.document["streams"]] == ["failed", "asked"]
