"""Every fault does what it says, on the wire where it says so (FAILURES B10, B13, B14)."""

from __future__ import annotations

import time

import httpx
import pytest

from connector.sandbox import Fault, Sandbox
from connector.sandbox.faults import KINDS


@pytest.fixture
def calm(box: Sandbox) -> Sandbox:
    box.faults.clear()
    return box


STATUS = {"401": 401, "403": 403, "404": 404, "500": 500, "503": 503, "504": 504, "502_html": 502}


@pytest.mark.parametrize("kind", STATUS)
def test_answers_of_trouble(calm, ask, kind):
    calm.faults.add(Fault(kind))
    response = ask(calm).get("/threads")
    assert response.status_code == STATUS[kind]
    assert response.headers["x-request-id"]
    html = response.headers["content-type"] == "text/html"
    assert html is (kind in ("502_html", "503", "504"))
    assert ask(calm).get("/threads").status_code == 200


def test_a_429_says_how_long_to_wait(calm, ask):
    calm.faults.add(Fault("429", seconds=17))
    response = ask(calm).get("/threads")
    assert (response.status_code, response.headers["retry-after"]) == (429, "17")
    assert response.json()["error"]["code"] == "rate_limited"


def test_a_reset_is_a_reset(calm, ask):
    calm.faults.add(Fault("reset"))
    with pytest.raises(httpx.ReadError, match="reset"):
        ask(calm).get("/threads")


def test_a_cut_body_is_shorter_than_announced(calm, ask):
    calm.faults.add(Fault("cut"))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        ask(calm).get("/threads")


@pytest.mark.parametrize("kind", ["stall", "stall_body"])
def test_a_stall_says_nothing(calm, ask, kind):
    calm.faults.add(Fault(kind))
    asker = ask(calm)
    asker.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        asker.get("/threads")


def test_a_slow_answer_is_right_in_the_end(calm, ask):
    calm.faults.add(Fault("slow", seconds=0.2))
    began = time.monotonic()
    assert ask(calm).get("/threads").status_code == 200
    assert time.monotonic() - began >= 0.2


def test_stalls_end_when_the_sandbox_does(ask):
    with Sandbox(50) as box:
        box.faults.add(Fault("stall"))
        asker = ask(box)
        asker.http.timeout = httpx.Timeout(0.1)
        with pytest.raises(httpx.ReadTimeout):
            asker.get("/me")
        began = time.monotonic()
    assert time.monotonic() - began < 1


def test_a_redirect_leads_elsewhere(calm, ask):
    calm.faults.add(Fault("redirect"))
    response = ask(calm).get("/threads")
    assert (response.status_code, response.headers["location"]) == (302, "/login")


@pytest.mark.parametrize("kind", ["not_json", "half_json", "empty_body"])
def test_a_success_may_be_no_json(calm, ask, kind):
    calm.faults.add(Fault(kind))
    response = ask(calm).get("/threads")
    assert response.status_code == 200
    with pytest.raises(ValueError, match=r"Expect|Unterminated|Invalid|delimiter"):
        response.json()


def test_a_null_body(calm, ask):
    calm.faults.add(Fault("null_body"))
    assert ask(calm).get("/threads").json() is None


@pytest.mark.parametrize(
    ("kind", "handled", "takes_effect"),
    [("reset", None, True), ("reset", False, False), ("500", None, False), ("500", True, True)],
)
def test_a_write_that_is_struck_takes_effect_or_not_as_the_test_says(
    calm, ask, kind, handled, takes_effect
):
    calm.clock.advance(61)
    key = calm.workspace.ids("contacts")[0]
    calm.workspace.update("contacts", key, name="before")
    calm.faults.add(Fault(kind, method="PATCH", handled=handled))
    try:
        assert ask(calm).send("PATCH", f"/contacts/{key}", {"name": "after"}).status_code == 500
    except httpx.ReadError:
        assert kind == "reset"
    assert calm.workspace.get("contacts", key)["name"] == ("after" if takes_effect else "before")


def test_a_cursor_is_refused_only_where_there_is_one(calm, ask):
    calm.faults.add(Fault("refuse_cursor"))
    page = ask(calm).get("/threads", limit=5).json()["page"]
    assert ask(calm).get("/threads", limit=5, cursor=page["cursor"]).status_code == 422
    assert ask(calm).get("/threads", limit=5, cursor=page["cursor"]).status_code == 200


@pytest.mark.parametrize(
    ("kind", "missing"), [("no_data", "data"), ("no_page", "page"), ("no_has_more", "has_more")]
)
def test_a_page_may_lack_something(calm, ask, kind, missing):
    calm.faults.add(Fault(kind))
    page = ask(calm).get("/threads").json()
    assert missing not in (page.get("page", {}) if missing == "has_more" else page)


def test_an_empty_page_with_more_to_come_loses_nothing(calm, ask):
    calm.faults.add(Fault("empty_page", at=2))
    calm.faults.add(Fault("empty_page", at=4))
    assert ask(calm).walk("/threads", limit=9) == calm.workspace.live("threads")


def test_an_empty_first_page_loses_nothing(calm, ask):
    calm.faults.add(Fault("empty_page"))
    assert ask(calm).walk("/threads", limit=9) == calm.workspace.live("threads")
    thread = calm.workspace.ids("threads")[0]
    calm.faults.add(Fault("empty_page"))
    assert ask(calm).walk(f"/threads/{thread}/messages")


def test_a_short_page_loses_nothing(calm, ask):
    calm.faults.add(Fault("short_page", at=2, times=2))
    assert ask(calm).walk("/threads", limit=9) == calm.workspace.live("threads")


def test_a_repeated_cursor(calm, ask):
    first = ask(calm).get("/threads", limit=5).json()["page"]["cursor"]
    calm.faults.add(Fault("repeat_cursor"))
    page = ask(calm).get("/threads", limit=5, cursor=first).json()["page"]
    assert page["cursor"] == first


def test_more_to_come_without_a_cursor(calm, ask):
    calm.faults.add(Fault("null_cursor"))
    page = ask(calm).get("/threads", limit=5).json()["page"]
    assert page == {"cursor": None, "has_more": True, "limit": 5}


def test_a_fault_strikes_the_nth_matching_request_and_no_other(calm, ask):
    calm.faults.add(Fault("500", at=3, times=2, path="/contacts$"))
    asker = ask(calm)
    paths = ["/contacts", "/contacts/blocked-senders", "/threads"] * 5
    found = [(path, asker.get(path).status_code) for path in paths]
    assert [status for path, status in found if path == "/contacts"] == [200, 200, 500, 500, 200]
    assert {status for path, status in found if path != "/contacts"} == {200}


def test_a_rate_strikes_about_so_often(calm, ask):
    calm.faults.add(Fault("500", rate=0.3))
    asker = ask(calm)
    struck = sum(asker.get("/me").status_code == 500 for _ in range(200))
    assert 30 < struck < 95


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="earthquake"):
        Fault("earthquake")
    assert len(set(KINDS)) == len(KINDS)


def test_an_action_runs_just_before_the_request_it_was_placed_at(calm, ask):
    seen: list[int] = []
    calm.before(2, lambda: seen.append(len(calm.requests)))
    calm.requests.clear()
    asker = ask(calm)
    for _ in range(3):
        asker.get("/me")
    assert seen == [2]


def test_an_action_may_run_before_each(calm, ask):
    seen: list[str] = []
    calm.before_each(lambda request: seen.append(request.path))
    ask(calm).get("/me")
    calm.clear_hooks()
    ask(calm).get("/tags")
    assert seen == ["/me"]


def test_what_an_action_raises_comes_out_in_the_end(ask):
    def fail() -> None:
        raise AssertionError("as arranged")

    with pytest.raises(AssertionError, match="as arranged"), Sandbox(50) as box:
        box.before(1, fail)
        assert ask(box).get("/me").status_code == 500
