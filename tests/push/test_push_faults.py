"""A push over real HTTP: each error and each fault, and what is known of every write after it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from connector import errors
from connector.sandbox import Fault, Request
from tests.push.pushed import Desk

pytestmark = pytest.mark.long

TOOK_EFFECT = [
    Fault("reset", method="PATCH"),
    Fault("cut", method="PATCH"),
    Fault("stall", method="PATCH", seconds=60),
    Fault("stall_body", method="PATCH", seconds=60),
    Fault("half_json", method="PATCH"),
    Fault("500", method="PATCH", handled=True),
    Fault("502_html", method="PATCH", handled=True),
    Fault("not_json", method="PATCH", handled=True),
    Fault("null_body", method="PATCH", handled=True),
    Fault("redirect", method="PATCH", handled=True),
]
HAD_NONE = [
    Fault("reset", method="PATCH", handled=False),
    Fault("stall", method="PATCH", seconds=60, handled=False),
    Fault("500", method="PATCH"),
    Fault("503", method="PATCH"),
    Fault("empty_body", method="PATCH"),
]


def struck(desk: Desk, faults: list[Fault]) -> dict[str, list[tuple[Any, ...]]]:
    """Push to a contact for each fault, under which its first write falls: its attempts."""
    for number, fault in enumerate(faults):
        path = f"/contacts/{desk.contacts[number]['id']}"
        desk.at.box.faults.add(replace(fault, path=path))
    done = desk.push(*(desk.told(n, name="Ada") for n in range(len(faults))), timeout=2)
    assert [r.outcome for r in done.results] == ["written"] * len(faults)
    assert {desk.now(number)["name"] for number in range(len(faults))} == {"Ada"}
    assert desk.at.differences("contacts") == []
    attempts = desk.writes('"key", attempt, outcome, answer_lost')
    assert len(desk.patches()) == len(attempts)
    return {
        f"{fault.kind}": [a[1:] for a in attempts if a[0] == desk.contacts[number]["id"]]
        for number, fault in enumerate(faults)
    }


def test_a_write_whose_answer_is_lost_is_not_repeated(at_desk: Desk) -> None:
    for kind, attempts in struck(at_desk, TOOK_EFFECT).items():
        assert attempts == [(1, "done", True)], kind


def test_a_write_that_took_no_effect_is_tried_again(at_desk: Desk) -> None:
    for kind, attempts in struck(at_desk, HAD_NONE).items():
        assert attempts == [(1, "not_done", True), (2, "done", False)], kind


@pytest.mark.long
def test_it_is_given_up_after_some_attempts_and_the_others_go_on(at_desk: Desk) -> None:
    failing = f"/contacts/{at_desk.contacts[0]['id']}"
    at_desk.at.box.faults.add(Fault("500", method="PATCH", path=failing, rate=1.0))
    done = at_desk.push(at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob"))
    assert [r.outcome for r in done.results] == ["failed", "written"]
    assert done.exit_code == 6
    assert at_desk.writes("outcome") == [("not_done",)] * 3 + [("done",)]


def test_a_429_is_waited_out_as_told_and_counts_as_no_failure(at_desk: Desk) -> None:
    at_desk.at.box.faults.add(Fault("429", method="PATCH"))
    pushing = at_desk.pushing(at_desk.told(0, name="Ada"))
    pushing.sleep = asyncio.sleep  # the budget of writes tells the time by this machine's clock
    asyncio.run(pushing.carry_out())
    first, second = at_desk.patches()
    assert (second.at - first.at).total_seconds() >= 1
    assert at_desk.writes("outcome, status") == [("not_done", 429), ("done", 200)]
    assert pushing.run
    assert pushing.run.refused == 1


def test_an_api_that_is_lost_with_the_answer_leaves_the_outcome_open_and_the_next_push_settles_it(
    at_desk: Desk,
) -> None:
    row = f"/contacts/{at_desk.contacts[0]['id']}"
    faults = at_desk.at.box.faults
    faults.add(Fault("reset", method="PATCH"))
    faults.add(Fault("503", path=row, at=2, times=100))  # the first reading is before the write
    with pytest.raises(errors.Unreachable):
        at_desk.push(at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob"))
    assert at_desk.writes() == [("unknown", True)]
    assert len(at_desk.patches()) == 1
    faults.clear()
    done = at_desk.push(at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob"))
    assert [one.outcome for one in done.settled] == ["done"]
    assert [r.outcome for r in done.results] == ["already", "written"]
    assert len(at_desk.patches()) == 2
    assert at_desk.writes() == [("done", True), ("done", False)]


@pytest.mark.long
def test_a_lost_answer_followed_by_somebody_elses_change_is_unclear_and_not_overwritten(
    at_desk: Desk,
) -> None:
    box, key = at_desk.at.box, at_desk.contacts[0]["id"]
    box.faults.add(Fault("reset", method="PATCH"))

    def change(request: Request) -> None:
        if request.method == "GET" and at_desk.patches():
            box.workspace.update("contacts", key, name="Theirs")

    box.before_each(change)
    done = at_desk.push(at_desk.told(0, name="Ada"))
    assert [r.outcome for r in done.results] == ["failed"]
    assert at_desk.now(0)["name"] == "Theirs"
    assert at_desk.writes() == [("unclear", True)]


def test_what_moved_since_the_warehouse_saw_it_is_a_conflict_and_lands(at_desk: Desk) -> None:
    at_desk.at.box.workspace.update("contacts", at_desk.contacts[0]["id"], name="Theirs")
    row = at_desk.told(0, name="Ada")
    done = at_desk.push(row, at_desk.told(1, name="Bob"))
    assert [r.outcome for r in done.results] == ["conflict", "written"]
    assert "name changed since the last sync" in done.results[0].why
    assert done.exit_code == 6
    assert at_desk.now(0)["name"] == "Theirs"
    assert at_desk.at.differences("contacts") == []
    # The diff now shows what stands there: who still wants it, says so by running it again.
    assert [r.outcome for r in at_desk.push(row).results] == ["written"]


@pytest.mark.long
def test_another_field_that_moved_is_no_conflict_and_is_left_alone(at_desk: Desk) -> None:
    at_desk.at.box.workspace.update("contacts", at_desk.contacts[0]["id"], is_subscribed=False)
    same = {"is_subscribed": at_desk.contacts[0]["is_subscribed"]}
    done = at_desk.push(at_desk.told(0, name="Ada", **same))
    assert [r.outcome for r in done.results] == ["written"]
    assert (at_desk.now(0)["name"], at_desk.now(0)["is_subscribed"]) == ("Ada", False)


def test_what_is_already_as_asked_is_not_sent(at_desk: Desk) -> None:
    at_desk.at.box.workspace.update("contacts", at_desk.contacts[0]["id"], name="Ada")
    done = at_desk.push(at_desk.told(0, name="Ada"))
    assert [r.outcome for r in done.results] == ["already"]
    assert at_desk.patches() == []
    assert at_desk.at.differences("contacts") == []


@pytest.mark.parametrize("status", [404, pytest.param(403, marks=pytest.mark.long)])
def test_a_contact_that_is_gone_stops_no_other(at_desk: Desk, status: int) -> None:
    box = at_desk.at.box
    rows = [at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob")]
    pushing = at_desk.pushing(*rows)
    box.workspace.delete("contacts", at_desk.contacts[0]["id"])
    if status == 403:
        gone = f"/contacts/{at_desk.contacts[0]['id']}"
        box.faults.add(Fault("403", path=gone, rate=1.0))
    asyncio.run(pushing.carry_out())
    assert [r.outcome for r in pushing.results] == ["gone", "written"]
    assert pushing.exit_code == 6


def test_a_company_that_is_gone_and_an_address_that_was_taken_are_refused_row_by_row(
    at_desk: Desk,
) -> None:
    space = at_desk.at.box.workspace
    company = next(
        c for c in space.live("companies") if c["id"] != at_desk.contacts[0]["company_id"]
    )
    pushing = at_desk.pushing(
        at_desk.told(0, company_id=company["id"]),
        at_desk.told(1, email="ada@new.example"),
        at_desk.told(2, name="Eve"),
    )
    space.delete("companies", company["id"])
    space.update("contacts", at_desk.contacts[3]["id"], email="ada@new.example")
    asyncio.run(pushing.carry_out())
    assert [r.outcome for r in pushing.results] == ["refused", "refused", "written"]
    assert "linked to" in pushing.results[0].why
    assert "HTTP 409, conflict, request_id req_" in pushing.results[1].why
    assert pushing.results[1].details == "Another contact has this email."
    assert at_desk.writes("outcome, status, code") == [
        ("refused", 404, "not_found"), ("refused", 409, "conflict"), ("done", 200, ""),
    ]  # fmt: skip


@pytest.mark.long
def test_the_apis_words_on_a_refusal_are_kept_for_the_user_and_out_of_the_error(
    at_desk: Desk,
) -> None:
    body = (
        b'{"error": {"code": "unprocessable", "message": "no", '
        b'"details": [{"path": "name", "message": "Ada is taken"}]}}'
    )
    at_desk.at.box.faults.add(Fault("answer", method="PATCH", status=422, body=body))
    (result,) = at_desk.push(at_desk.told(0, name="Ada")).results
    assert (result.outcome, result.details) == ("refused", "name: Ada is taken")
    assert "Ada" not in result.why
    assert at_desk.writes("details, status") == [("name: Ada is taken", 422)]


def test_a_key_that_is_refused_stops_all(at_desk: Desk) -> None:
    at_desk.at.box.faults.add(Fault("401", method="PATCH"))
    pushing = at_desk.pushing(at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob"))
    with pytest.raises(errors.KeyRefused):
        asyncio.run(pushing.carry_out())
    assert len(at_desk.patches()) == 1
    assert at_desk.writes("outcome, status") == [("refused", 401)]
    assert at_desk.at.query("SELECT ended FROM meta.runs WHERE command = 'contacts push'") == [
        ("failed",)
    ]


@pytest.mark.parametrize(
    "scopes", [["contacts:read"], pytest.param(["contacts:write"], marks=pytest.mark.long)]
)
def test_a_missing_scope_is_said_before_anything_is_sent(at_desk: Desk, scopes: list[str]) -> None:
    pushing = at_desk.pushing(at_desk.told(0, name="Ada"))
    key = at_desk.at.box.issue_key(scopes)
    pushing.settings = replace(pushing.settings, api_key=key)
    with pytest.raises(
        errors.NotReadable, match=r"lacks the scope contacts:(read|write)"
    ) as raised:
        asyncio.run(pushing.carry_out())
    assert raised.value.exit_code == 4
    assert [request.path for request in at_desk.at.box.requests] == ["/me"]


@pytest.mark.long
def test_a_scope_that_goes_meanwhile_stops_all(at_desk: Desk) -> None:
    body = b'{"error": {"code": "scope_required", "details": {"required": ["contacts:write"]}}}'
    at_desk.at.box.faults.add(Fault("answer", method="PATCH", status=403, body=body))
    with pytest.raises(errors.NotReadable, match="contacts:write"):
        at_desk.push(at_desk.told(0, name="Ada"), at_desk.told(1, name="Bob"))
    assert len(at_desk.patches()) == 1


def test_another_workspace_than_the_warehouses_is_never_written_to(at_desk: Desk) -> None:
    (at_desk.at.settings.data_dir / "lake" / "_workspace.json").write_text(
        '{"workspace_id": "theirs"}'
    )
    with pytest.raises(errors.ConfigurationError, match="holds workspace theirs"):
        at_desk.push(at_desk.told(0, name="Ada"))
    assert at_desk.patches() == []


def test_the_warehouse_shows_the_result_at_once_and_no_window_is_closed(at_desk: Desk) -> None:
    windows = at_desk.at.query("FROM meta.windows ORDER BY ALL")
    company = at_desk.at.box.workspace.live("companies")[0]
    key = at_desk.contacts[0]["id"]
    at_desk.at.pass_time(60)
    at_desk.push(at_desk.told(0, name="Ada", company_name=company["name"]))
    assert at_desk.at.query(f"SELECT name, company_id FROM contacts WHERE id = '{key}'") == [
        ("Ada", company["id"])
    ]
    assert at_desk.at.query(
        f"SELECT name FROM history.contacts WHERE id = '{key}' ORDER BY _valid_from"
    ) == [(at_desk.contacts[0]["name"],), ("Ada",)]
    assert at_desk.at.query("FROM meta.windows ORDER BY ALL") == windows
    assert at_desk.at.query("SELECT kind, rows FROM meta.walks ORDER BY walk")[-1] == ("push", 2)
    at_desk.at.pass_time()
    at_desk.at.sync("contacts", full=True)
    assert at_desk.at.differences("contacts") == []


def test_the_audit_has_who_when_what_and_the_values_before_and_after_but_no_key(
    at_desk: Desk,
) -> None:
    at_desk.push(at_desk.told(0, name="Ada"))
    ((user, key_id, row, before, asked, after, attempt, took),) = at_desk.writes(
        "os_user, api_key_id, \"key\", before->>'name', asked->>'name', \"after\"->>'name', "
        "attempt, ended_at >= began_at"
    )
    old = at_desk.contacts[0]["name"]
    assert (row, before, asked, after) == (at_desk.contacts[0]["id"], old, "Ada", "Ada")
    assert (key_id, attempt, took) == ("key_0001", 1, True)
    assert user
    files = at_desk.at.settings.data_dir.rglob("*.jsonl")
    assert not [path for path in files if at_desk.at.settings.api_key in path.read_text()]
