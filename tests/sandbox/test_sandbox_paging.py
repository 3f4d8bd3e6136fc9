"""Pages, cursors and their order (REFERENCE 1.2)."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox import Readings, Sandbox
from schemas import STREAMS
from tests.sandbox.walking import Asker, same

PAGED = [s for s, e in STREAMS.items() if e.paged and e.parent is None]
CHILDREN = [s for s, e in STREAMS.items() if e.paged and e.parent is not None]


@pytest.mark.parametrize("stream", PAGED)
@pytest.mark.parametrize("limit", [1, 7, 200])
def test_a_walk_of_any_page_size_gives_the_whole_list_once(box, ask, stream, limit):
    walked = ask(box).walk(STREAMS[stream].path, limit=limit)
    assert walked == box.workspace.live(stream)


@pytest.mark.parametrize("stream", CHILDREN)
@pytest.mark.parametrize("limit", [1, 50])
def test_a_walk_under_every_parent_gives_all_children(box, ask, stream, limit):
    walked = ask(box).everything(stream, limit=limit)
    assert walked
    assert same(walked, box.workspace.live(stream))


@pytest.mark.parametrize("stream", [s for s, e in STREAMS.items() if not e.paged])
def test_every_list_without_pages_and_every_document_is_served(box, ask, stream):
    found = ask(box).everything(stream)
    assert found
    assert same(found, box.workspace.live(stream))


def test_the_newest_comes_first_and_equal_stamps_go_by_id(box, ask):
    rows = ask(box).walk("/threads", limit=9)
    places = [(row["created_at"], row["id"]) for row in rows]
    assert places == sorted(places, reverse=True)
    assert len({created for created, _ in places}) < len(places)


def test_messages_are_oldest_first_unless_asked_otherwise(box, ask):
    asker = ask(box)
    for thread in box.workspace.ids("threads")[::3]:
        path = f"/threads/{thread}/messages"
        up = asker.walk(path, limit=2)
        assert [m["created_at"] for m in up] == sorted(m["created_at"] for m in up)
        assert asker.walk(path, limit=2, order="desc") == up[::-1]


def test_a_page_says_how_large_it_is_and_the_last_has_no_cursor(box, ask):
    count = len(box.workspace.ids("threads"))
    page = ask(box).get("/threads", limit=count).json()["page"]
    assert page == {"cursor": None, "has_more": False, "limit": count}
    page = ask(box).get("/threads", limit=count - 1).json()["page"]
    assert page["has_more"]
    assert page["cursor"]
    assert ask(box).get("/threads").json()["page"]["limit"] == 50


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "1.5"])
def test_a_limit_out_of_range_is_refused(box, ask, limit):
    response = ask(box).get("/contacts", limit=limit)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["code"] == "validation_failed"
    assert error["details"][0]["path"] == "limit"


@pytest.mark.parametrize("cursor", ["x", "", "e30", "%%%", "bnVsbA"])
def test_a_malformed_cursor_is_refused_with_422(box, ask, cursor):
    response = ask(box).get("/threads", cursor=cursor)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "unprocessable"


def test_a_cursor_of_another_list_is_refused(box, ask):
    cursor = ask(box).get("/threads", limit=1).json()["page"]["cursor"]
    assert ask(box).get("/contacts", cursor=cursor).status_code == 422


def test_rows_that_come_and_go_during_a_walk_cause_neither_skips_nor_repeats(ask):
    with Sandbox(threads=50) as box:
        space, before = box.workspace, box.workspace.ids("threads")

        def disturb() -> None:
            space.create("threads")
            space.delete("threads", space.ids("threads")[3])  # already read by now
            space.update("threads", space.ids("threads")[20], title="moved")

        for n in range(3, 7):
            box.before(n, disturb)
        walked = [row["id"] for row in ask(box).walk("/threads", limit=5)]
    assert len(walked) == len(set(walked))
    assert walked == before


def test_the_row_of_the_cursor_may_vanish(ask):
    with Sandbox(threads=50) as box:
        ids = box.workspace.ids("threads")
        box.before(2, lambda: box.workspace.delete("threads", ids[4]))
        assert [row["id"] for row in ask(box).walk("/threads", limit=5)] == ids


@pytest.mark.parametrize(("kept", "filtered"), [("kept", True), ("dropped", False)])
def test_whether_the_cursor_keeps_the_filters_is_a_reading(ask, kept, filtered):
    with Sandbox(threads=80, readings=Readings(cursor_filters=kept)) as box:
        asker: Asker = ask(box)
        cursor = asker.get("/threads", status="done", limit=5).json()["page"]["cursor"]
        rest = asker.rows("/threads", cursor=cursor, limit=20)
        repeated = asker.rows("/threads", cursor=cursor, limit=20, status="done")
    assert ({row["status"] for row in rest} == {"done"}) is filtered
    assert {row["status"] for row in repeated} == {"done"}


@pytest.mark.parametrize("stream", ["projects", "issues"])
def test_the_order_by_score_is_complete_on_a_quiet_server(box, ask, stream):
    rows = ask(box).walk(f"/{stream}", sort="total_score", limit=3)
    scores = [row["total_score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert same(rows, box.workspace.live(stream))


def test_an_empty_workspace_has_empty_lists(ask):
    with Sandbox(threads=0) as box:
        found: dict[str, Any] = {stream: ask(box).everything(stream) for stream in STREAMS}
    documents = {"portal_roadmap", "linear_options"}
    assert {stream for stream, rows in found.items() if rows} == documents


def test_a_stream_of_one_row(ask):
    with Sandbox(threads=1, contacts=1) as box:
        assert len(ask(box).walk("/threads", limit=1)) == 1
        assert len(ask(box).walk("/contacts")) == 1
