"""Contacts and the other writes, with their validation (REFERENCE 3, 4)."""

from __future__ import annotations

import itertools

import pytest

from connector.sandbox import Readings, Sandbox

ADDRESS = itertools.count()


def address() -> str:
    return f"new.{next(ADDRESS)}@people.example"


@pytest.fixture(autouse=True)
def room_to_write(box: Sandbox) -> None:
    box.clock.advance(61)


def test_a_contact_is_made_and_listed(box, ask):
    company = box.workspace.ids("companies")[0]
    body = {"email": address(), "name": "Ada", "company_id": company, "image_url": None}
    response = ask(box).send("POST", "/contacts", body)
    assert response.status_code == 201
    made = response.json()
    assert {k: made[k] for k in body} == body
    assert made["is_subscribed"] is True
    assert ask(box).rows("/contacts", limit=1) == [made]
    assert ask(box).rows(f"/contacts/{made['id']}/companies")[0]["id"] == company


BAD = [
    ({}, "email"),
    ({"email": "nobody"}, "email"),
    ({"email": 7}, "email"),
    ({"email": f"{'a' * 250}@x.example"}, "email"),
    ({"email": "a@b.example", "name": ""}, "name"),
    ({"email": "a@b.example", "name": "x" * 256}, "name"),
    ({"email": "a@b.example", "image_url": "picture"}, "image_url"),
    ({"email": "a@b.example", "is_subscribed": "yes"}, "is_subscribed"),
    ({"email": "a@b.example", "company_id": "a", "company_name": "b"}, "company_name"),
    ({"email": "a@b.example", "external_ids": 7}, "external_ids"),
]


@pytest.mark.parametrize(("body", "path"), BAD)
def test_a_bad_contact_is_refused_with_the_path_of_the_fault(box, ask, body, path):
    before = box.workspace.ids("contacts")
    response = ask(box).send("POST", "/contacts", body)
    assert response.status_code == 400
    assert path in [detail["path"] for detail in response.json()["error"]["details"]]
    assert box.workspace.ids("contacts") == before


def test_an_address_that_exists_is_a_conflict(box, ask):
    email = box.workspace.live("contacts")[0]["email"].upper()
    assert ask(box).send("POST", "/contacts", {"email": email}).status_code == 409


def test_a_company_is_named_by_name_or_own_id_if_that_is_unambiguous(box, ask):
    space = box.workspace
    one = space.create("companies", name="Only One Ltd", external_ids=["own-1"])
    for _ in range(2):
        space.create("companies", name="Twins")
    asker = ask(box)
    for selector in ({"company_name": "Only One Ltd"}, {"company_external_id": "own-1"}):
        made = asker.send("POST", "/contacts", {"email": address(), **selector})
        assert made.json()["company_id"] == one
    twins = asker.send("POST", "/contacts", {"email": address(), "company_name": "Twins"})
    assert twins.status_code == 409
    nobody = asker.send("POST", "/contacts", {"email": address(), "company_name": "Nobody"})
    assert nobody.status_code == 404


def test_a_contact_is_changed_and_its_stamp_moves(box, ask):
    row = box.workspace.live("contacts")[5]
    response = ask(box).send("PATCH", f"/contacts/{row['id']}", {"name": "Grace"})
    assert response.json() == {**row, "name": "Grace", "updated_at": response.json()["updated_at"]}
    assert response.json()["updated_at"] > row["updated_at"]
    assert ask(box).send("PATCH", "/contacts/none", {}).status_code == 404


def test_a_contact_is_deleted_softly(box, ask):
    key = box.workspace.ids("contacts")[7]
    response = ask(box).send("DELETE", f"/contacts/{key}")
    assert response.json() == {"id": key, "deleted": True}
    assert ask(box).get(f"/contacts/{key}").status_code == 404
    assert key not in [row["id"] for row in ask(box).walk("/contacts")]
    assert ask(box).send("DELETE", f"/contacts/{key}").status_code == 404


def test_writing_needs_the_scope_to_write(box, ask):
    key = box.issue_key(["contacts:read"])
    response = ask(box, key).send("POST", "/contacts", {"email": address()})
    assert response.status_code == 403
    assert response.json()["error"]["details"]["required"] == ["contacts:write"]


def test_a_body_that_is_no_object_is_refused(box, ask):
    response = ask(box).http.post("/contacts", content=b"{")
    assert response.status_code == 400
    assert ask(box).send("POST", "/contacts", [1]).status_code == 400


def test_memberships_come_and_go(box, ask):
    contact = box.workspace.create("contacts", company_id=None, company_ids=[])
    first, second = box.workspace.ids("companies")[:2]
    asker, path = ask(box), f"/contacts/{contact}/companies"
    for company in (first, second, second):
        assert asker.send("POST", path, {"company_id": company}).status_code == 201
    assert [row["id"] for row in asker.rows(path)] == [first, second]
    asker.send("DELETE", f"{path}/{first}")
    assert asker.get(f"/contacts/{contact}").json()["company_id"] == second


def test_a_merge_over_the_wire_moves_everything(box, ask):
    winner, loser = box.workspace.ids("companies")[-2:]
    response = ask(box).send("POST", f"/companies/{winner}/merge", {"source_id": loser})
    assert response.json()["id"] == winner
    assert ask(box).get(f"/companies/{loser}").status_code == 404
    assert ask(box).walk("/contacts", company_id=loser) == []
    assert ask(box).walk("/threads", company_id=loser) == []


@pytest.mark.parametrize("path", ["threads", "tags", "companies", "contacts/blocked-senders"])
def test_other_rows_can_be_deleted(box, ask, path):
    stream = {"contacts/blocked-senders": "blocked_senders"}.get(path, path)
    key = box.workspace.ids(stream)[0]
    assert ask(box).send("DELETE", f"/{path}/{key}").json()["deleted"]
    assert key not in box.workspace.ids(stream)


def test_changelog_tags_are_managed_on_the_scale_plan_only(box, ask):
    key = box.workspace.ids("changelog_tags")[0]
    assert ask(box).send("DELETE", f"/changelog-tags/{key}").json()["deleted"]
    with Sandbox(50, readings=Readings(plan="pro")) as other:
        response = ask(other).send("DELETE", f"/changelog-tags/{key}")
    assert response.json()["error"]["code"] == "forbidden"


def test_a_sender_is_blocked(box, ask):
    body = {"type": "DOMAIN", "value": "noise.test"}
    made = ask(box).send("POST", "/contacts/blocked-senders", body).json()
    assert made | body == made
    assert made in ask(box).walk("/contacts/blocked-senders")
