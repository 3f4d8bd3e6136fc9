"""`contacts push` at the command line: what it shows, its documents, exit codes and silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox import Fault, Sandbox
from tests import canary
from tests.cli.conftest import Cli, Said, connected

QUOTING = f'{{"error": {{"code": "conflict", "message": "{canary.TEXT}"}}}}'.encode()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Cli]]:
    with Sandbox(threads=0, contacts=6, companies=3, key=canary.KEY) as box:
        box.workspace.update("contacts", box.workspace.ids("contacts")[0], name=canary.TEXT)
        cli = connected(tmp_path_factory.mktemp("office"), box)
        assert cli.run("sync", "contacts", "companies").code == 0
        yield box, cli


@pytest.fixture
def push(office: tuple[Sandbox, Cli]) -> Iterator[Push]:
    box, cli = office
    box.requests.clear()
    yield Push(box, cli)
    box.faults.clear()


class Push:
    def __init__(self, box: Sandbox, cli: Cli) -> None:
        self.box, self.cli = box, cli

    def id(self, number: int) -> str:
        return self.box.workspace.ids("contacts")[number]

    def __call__(self, text: str, *options: str) -> Said:
        path = self.cli.folder / "rows.csv"
        path.write_text(text)
        return self.cli.run("contacts", "push", "--from", str(path), *options)

    def patches(self) -> int:
        return sum(request.method == "PATCH" for request in self.box.requests)


def test_without_apply_the_difference_is_shown_and_nothing_is_asked(push: Push) -> None:
    old = push.box.workspace.get("contacts", push.id(1))["name"]
    said = push(f"id,name\n{push.id(1)},New [bold]Name\n")
    assert said.code == 0
    assert old in said.out
    assert "New [bold]Name" in said.out
    assert "1 contact to change, 0 as asked already. The warehouse has every change up" in said.out
    assert "Nothing was sent. --apply writes it." in said.err
    assert push.box.requests == []


def test_without_a_key_the_difference_is_shown_all_the_same(push: Push) -> None:
    keyless = Cli(push.cli.folder)
    said = keyless.run("contacts", "push", "--sql", "SELECT id, 'x' AS name FROM contacts")
    assert (said.code, push.box.requests) == (0, [])


def test_json_is_one_document_of_the_plan_and_of_what_came_of_it(push: Push) -> None:
    text = f"id,name\n{push.id(1)},Ada\n"
    old = push.box.workspace.get("contacts", push.id(1))["name"]
    plan = push(text, "--json").document
    assert plan["changes"][0]["fields"] == {"name": {"is": old, "shall_be": "Ada"}}
    assert (plan["applied"], plan["exit_code"], plan["lines"]) == (False, 0, 1)
    done = push(text, "--json", "--apply").document
    assert (done["applied"], done["exit_code"]) == (True, 0)
    assert done["outcomes"] == {"written": 1}
    assert [(one["line"], one["outcome"]) for one in done["changes"]] == [(2, "written")]
    assert done["run"]["command"] == "contacts push"


def test_one_that_fails_is_named_with_its_reason_and_the_others_are_written(push: Push) -> None:
    push.box.faults.add(Fault("answer", method="PATCH", status=409, body=QUOTING))
    said = push(f"id,name\n{push.id(2)},Eve\n{push.id(3)},Dan\n", "--apply")
    assert said.code == 6
    assert "line 2: refused: the API refuses it (HTTP 409, conflict, request_id req_" in said.out
    assert canary.TEXT in said.out.split("refused:")[1]  # the API's words, on their own terminal
    assert "1 refused, 1 written. Every attempt: meta.writes" in said.out


def test_what_is_wrong_is_listed_and_nothing_is_sent(push: Push) -> None:
    text = f"id,name,nmae\n{push.id(1)},,x\nnobody,x,x\n"
    said = push(text, "--apply")
    assert said.code == 2
    assert "line 1, column 3: is no column of a push (is name meant?)" in said.err
    assert "line 3, id: the warehouse has no such row of contacts" in said.err
    assert "2 problems, so nothing was sent" in said.err
    document = push(text, "--apply", "--json").document
    assert [(one["line"], one["column"]) for one in document["problems"]] == [
        (1, "column 3"),
        (3, "id"),
    ]
    assert push.box.requests == []


@pytest.mark.parametrize("options", [[], ["--from", "a.csv", "--sql", "SELECT 1"]])
def test_rows_come_from_one_place(push: Push, options: list[str]) -> None:
    said = push.cli.run("contacts", "push", *options)
    assert said.code == 2
    assert "--from or from --sql" in said.err


def test_a_key_without_the_scope_ends_it_with_4_and_a_refused_one_with_3(push: Push) -> None:
    text = f"id,name\n{push.id(4)},Zoe\n"
    push.cli = push.cli.with_settings(api_key=push.box.issue_key(["contacts:read"]))
    said = push(text, "--apply")
    assert (said.code, push.patches()) == (4, 0)
    assert "lacks the scope contacts:write; nothing was sent" in said.err
    push.cli = push.cli.with_settings(api_key="pl_v2_unknown")
    assert push(text, "--apply").code == 3


def test_without_a_warehouse_there_is_nothing_to_compare_with(push: Push, tmp_path: Path) -> None:
    said = connected(tmp_path, push.box).run("contacts", "push", "--sql", "SELECT 1")
    assert said.code == 2
    assert "there is no warehouse" in said.err


def test_b24_no_word_of_customers_leaves_standard_output(push: Push) -> None:
    """Not with an error, and not with progress; the ledger has them, which is the audit."""
    quoting = Fault("answer", method="PATCH", status=400, body=QUOTING, rate=1.0)
    push.box.faults.add(quoting)
    refused = push(f"id,name\n{push.id(0)},{canary.TEXT} 2\n", "--apply")
    wrong = push(f"id,name,email\nnobody,{canary.TEXT}\x07,{canary.TEXT}\n")
    push.box.faults.clear()
    push.box.faults.add(Fault("401", method="PATCH"))
    stopped = push(f"id,name\n{push.id(0)},{canary.TEXT} 2\n", "--apply", "--json")
    assert [said.code for said in (refused, wrong, stopped)] == [6, 2, 3]
    heard = refused.err + wrong.err + wrong.out + stopped.err + stopped.out
    assert canary.in_text(heard) == []
    lake = push.cli.data_dir / "lake"
    beside = [p for p in lake.rglob("*") if p.is_file() and p.suffix != ".parquet"]
    kept = {path.parent.name for path in beside if canary.TEXT in path.read_text(errors="replace")}
    assert kept == {"_walks"}
    assert canary.key_in_data(push.cli.data_dir) == []


def test_b24_a_push_that_is_cut_short_says_what_was_done_without_the_apis_words(push: Push) -> None:
    def cut_short(*options: str) -> Said:
        push.box.faults.clear()
        push.box.faults.add(Fault("answer", method="PATCH", status=409, body=QUOTING))
        push.box.faults.add(Fault("401", method="PATCH", path=f"/contacts/{push.id(3)}"))
        return push(f"id,name\n{push.id(2)},Ivy\n{push.id(3)},Max\n", "--apply", *options)

    said = cut_short()
    assert said.code == 3
    assert "line 2: refused: the API refuses it (HTTP 409" in said.err
    assert canary.in_text(said.err) == []
    document = cut_short("--json").document
    assert document["error"]["kind"] == "KeyRefused"
    assert (document["exit_code"], document["outcomes"]) == (3, {"refused": 1})
    assert [one["line"] for one in document["changes"]] == [2]


def test_a_customers_text_moves_no_cursor(push: Push) -> None:
    push.box.workspace.update("contacts", push.id(5), name="a\x1b[31mb")
    assert push.cli.run("sync", "contacts").code == 0
    said = push(f"id,name\n{push.id(5)},Red\n")
    assert "\x1b" not in said.out
    assert "a�[31mb" in said.out
