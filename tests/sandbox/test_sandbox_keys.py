"""Keys, scopes, and what a key without them is told (REFERENCE 1.1, 1.5, 1.7)."""

from __future__ import annotations

import pytest

from connector.sandbox.keys import SCOPES
from schemas import STREAMS


def path_of(box, stream: str) -> str:
    endpoint = STREAMS[stream]
    if endpoint.parent is None:
        return endpoint.path
    return endpoint.path.format(
        **{endpoint.parent.column: box.workspace.ids(endpoint.parent.stream)[0]}
    )


@pytest.mark.parametrize(
    ("stream", "scope"), [(s, x) for s, e in STREAMS.items() for x in e.scopes]
)
def test_a_key_without_the_scope_is_told_which_one_it_lacks(box, ask, stream, scope):
    granted = [one for one in SCOPES if one != scope]
    response = ask(box, box.issue_key(granted)).get(path_of(box, stream))
    assert response.status_code == 403
    error = response.json()["error"]
    assert error["code"] == "scope_required"
    assert error["details"] == {"required": list(STREAMS[stream].scopes), "granted": granted}


@pytest.mark.parametrize("stream", list(STREAMS))
def test_the_scopes_of_the_catalogue_are_enough(box, ask, stream):
    key = box.issue_key(STREAMS[stream].scopes)
    assert ask(box, key).get(path_of(box, stream)).status_code in (200, 400)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer pl_v2_nobody", "Basic abc", "x"])
def test_a_missing_or_unknown_key_is_refused_with_401(box, ask, header):
    asker = ask(box)
    asker.http.headers.pop("authorization")
    headers = {} if header is None else {"authorization": header}
    response = asker.http.get("/threads", headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthenticated"


def test_a_revoked_key_is_refused(box, ask):
    key = box.issue_key(["threads:read"])
    assert ask(box, key).get("/threads").status_code == 200
    box.revoke(key)
    assert ask(box, key).get("/threads").status_code == 401


def test_a_v1_key_is_gone(box, ask):
    response = ask(box, "pl_v1_abcdef").get("/threads")
    assert response.status_code == 410
    assert response.json()["error"]["code"] == "unsupported_key_version"


def test_me_needs_no_scope_and_says_what_the_key_may(box, ask):
    answer = ask(box, box.issue_key(["docs:read"])).get("/me").json()
    assert answer["scopes"] == ["docs:read"]
    assert answer["default_linear_team_id"] in answer["linear_team_ids"]
    assert set(answer) >= {"workspace_id", "api_key_id"}


@pytest.mark.parametrize("path", ["/me", "/threads", "/nowhere", "/threads?limit=0"])
def test_every_response_has_its_id_limits_and_the_servers_date(box, ask, path):
    response = ask(box).get(path)
    names = ("x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    assert all(response.headers[name] for name in names)
    assert response.headers.get_list("date") == [response.headers["date"]]
    assert "2026 12:" in response.headers["date"]
    if not response.is_success:
        assert response.json()["error"]["request_id"] == response.headers["x-request-id"]
    assert box.requests[-1].request_id == response.headers["x-request-id"]


def test_the_log_has_everything_that_was_asked(box, ask):
    box.requests.clear()
    ask(box).get("/contacts", limit=2, name_contains="a")
    (request,) = box.requests
    assert (request.method, request.path, request.status) == ("GET", "/contacts", 200)
    assert request.query == {"limit": "2", "name_contains": "a"}
    assert request.key_id == "key_0001"


def test_an_unknown_row_or_path_is_not_found(box, ask):
    for path in ("/threads/none", "/contacts/none/companies", "/nothing", "/docs/articles/none"):
        assert ask(box).get(path).status_code == 404
    assert ask(box).get("/contacts/by-email", email="nobody@nowhere.test").status_code == 404
    assert ask(box).get("/contacts/by-email").status_code == 400


@pytest.mark.parametrize("stream", [s for s, e in STREAMS.items() if e.detail])
def test_every_detail_path_gives_the_row_of_the_list(box, ask, stream):
    for row in ask(box).walk(STREAMS[stream].path)[:5]:
        assert ask(box).get(STREAMS[stream].detail.format(id=row["id"])).json() == row


def test_a_thread_expands_to_its_conversation(box, ask):
    thread = box.workspace.ids("threads")[0]
    box.workspace.add_comment(thread)
    answer = ask(box).get(f"/threads/{thread}", expand="messages,comments,nonsense").json()
    assert answer["messages"] == ask(box).walk(f"/threads/{thread}/messages")
    assert answer["comments"] == ask(box).walk(f"/threads/{thread}/comments")
    assert "messages" not in ask(box).get(f"/threads/{thread}").json()


def test_a_contact_is_found_by_its_address_in_any_case(box, ask):
    row = box.workspace.live("contacts")[3]
    assert ask(box).get("/contacts/by-email", email=row["email"].upper()).json() == row
