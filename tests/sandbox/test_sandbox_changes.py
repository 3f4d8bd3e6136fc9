"""What changes in a workspace, what follows silently, and what a list shows of it when."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from connector.sandbox import Clock, Readings, Sandbox, Workspace
from schemas import STREAMS, Column, Endpoint

TABLES = [s for s, e in STREAMS.items() if e.parent is None and e.shape == "rows"]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def space() -> Workspace:
    return Workspace(60, clock=Clock(NOON, running=False))


def row(space: Workspace, stream: str, key: str):
    return next((r for r in space.live(stream) if r["id"] == key), None)


@pytest.mark.parametrize("stream", list(STREAMS))
def test_the_same_seed_gives_the_same_data_and_another_seed_other_data(stream):
    one, two, other = (Workspace(30, seed, contacts=5) for seed in (1, 1, 2))
    assert one.live(stream) == two.live(stream)
    assert one.live(stream) != other.live(stream)


def test_history_ends_before_the_start_and_stamps_are_in_order(space):
    for stream in ("threads", "contacts", "companies", "changelogs"):
        for one in space.live(stream):
            assert one["created_at"] <= one["updated_at"] < "2026-11-01T12:00:00.000Z"


def test_there_are_equal_stamps_day_borders_and_odd_texts():
    threads = Workspace(400).live("threads")
    stamps = [one["created_at"] for one in threads]
    assert len(set(stamps)) < len(stamps)
    assert {stamp[11:] for stamp in stamps} >= {"00:00:00.000Z", "23:59:59.999Z"}
    assert any(one["text"] == "" for one in threads)
    assert any(len(one["text"]) > 10_000 for one in threads)
    assert any(not one["text"].isascii() for one in threads)
    assert any(one["title"] is None for one in threads)


def test_most_conversations_are_short_and_some_are_long():
    space = Workspace(300)
    lengths = [len(space.ids("thread_messages", key)) for key in space.ids("threads")]
    assert sum(length <= 3 for length in lengths) > 280
    assert max(lengths) >= 50


def test_a_threads_last_message_stamps_are_those_of_its_messages(space):
    for thread in space.live("threads"):
        messages = space.live("thread_messages", thread["id"])
        for way in ("inbound", "outbound"):
            found = [m["created_at"] for m in messages if m["direction"] == way]
            assert thread[f"last_{way}_message_at"] == max(found, default=None)


@pytest.mark.parametrize("stream", TABLES)
def test_rows_are_made_changed_deleted_and_brought_back(space, stream):
    space.clock.advance(60)
    key = space.create(stream)
    made = row(space, stream, key)
    assert made is not None
    space.clock.advance(60)
    space.update(stream, key, colour="red")
    assert row(space, stream, key)["colour"] == "red"
    space.delete(stream, key)
    assert row(space, stream, key) is None
    with pytest.raises(LookupError):
        space.get(stream, key)
    if stream == "changelog_tags":
        with pytest.raises(LookupError):
            space.undelete(stream, key)
        return
    space.undelete(stream, key)
    assert row(space, stream, key)["colour"] == "red"


def test_a_change_moves_the_stamp_unless_it_is_silent_or_has_its_own(space):
    key = space.ids("threads")[9]
    before = space.get("threads", key)["updated_at"]
    space.update("threads", key, title="a", stamp=False)
    assert space.get("threads", key)["updated_at"] == before
    space.update("threads", key, title="b")
    assert space.get("threads", key)["updated_at"] == "2026-11-01T12:00:00.000Z"
    space.update("threads", key, title="c", stamp=datetime(2024, 2, 3, tzinfo=UTC))
    assert space.get("threads", key)["updated_at"] == "2024-02-03T00:00:00.000Z"


def test_an_imported_thread_takes_its_place_in_the_past(space):
    past = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    key = space.create("threads", id="imported", created_at=past, updated_at=past)
    assert key == "imported"
    stamps = [one["created_at"] for one in space.live("threads")]
    assert stamps == sorted(stamps, reverse=True)
    assert space.get("threads", key)["created_at"] == "2024-05-06T07:08:09.000Z"


def test_a_deleted_tag_leaves_its_threads_without_moving_them(space):
    thread = next(one for one in space.live("threads") if one["tags"])
    space.delete("tags", thread["tags"][0]["id"])
    assert space.get("threads", thread["id"]) == {**thread, "tags": thread["tags"][1:]}


def test_a_deleted_changelog_tag_is_detached_everywhere(space):
    entry = next(one for one in space.live("changelogs") if one["tags"])
    space.delete("changelog_tags", entry["tags"][0]["id"])
    assert space.get("changelogs", entry["id"]) == {**entry, "tags": []}


@pytest.mark.parametrize("bumps", ["no", "yes"])
def test_a_merge_leaves_no_reference_to_the_loser(bumps):
    space = Workspace(80, readings=Readings(merge_bumps=bumps), clock=Clock(NOON, running=False))
    threads = [one for one in space.live("threads") if one["company"]]
    loser, winner = threads[0]["company"]["id"], space.ids("companies")[-1]
    winner = space.ids("companies")[0] if winner == loser else winner
    space.merge_companies(winner, loser)
    moved = space.get("threads", threads[0]["id"])
    assert moved["company"]["id"] == winner
    assert (moved["updated_at"] != threads[0]["updated_at"]) is (bumps == "yes")
    assert loser not in repr([space.live(s) for s in ("threads", "contacts", "companies")])
    assert loser not in repr(space.live("contact_companies"))


def test_a_deleted_company_unlinks_its_threads_and_contacts_silently(space):
    thread = next(one for one in space.live("threads") if one["company"])
    space.delete("companies", thread["company"]["id"])
    after = space.get("threads", thread["id"])
    assert after["company"] is None
    assert after["updated_at"] == thread["updated_at"]
    assert thread["company"]["id"] not in repr(space.live("contacts"))


@pytest.mark.parametrize("bump", ["no", "yes"])
def test_a_message_shows_in_its_thread(bump):
    readings = Readings(children_bump=bump)
    space = Workspace(50, readings=readings, clock=Clock(NOON, running=False))
    for thread in (space.ids("threads")[20], space.create("threads")):
        space.clock.advance(60)
        before = space.get("threads", thread)
        message = space.add_message(thread, text="Hello", direction="outbound")
        after = space.get("threads", thread)
        assert after["last_outbound_message_at"] > before["updated_at"]
        assert (after["updated_at"] > before["updated_at"]) is (bump == "yes")
        assert message in space.ids("thread_messages", thread)
        assert len(space.ids("thread_messages", thread)) > 1
        space.update("thread_messages", message, parent=thread, text="Edited")
        assert space.get("thread_messages", message, parent=thread)["text"] == "Edited"
        note = space.add_comment(thread, content="Psst")
        space.delete("thread_comments", note, parent=thread)
        assert note not in space.ids("thread_comments", thread)


def test_visibility_lag_shows_the_previous_state_until_it_has_passed(space):
    space.visibility_lag = 30
    old, gone = space.live("threads")[3], space.ids("threads")[5]
    space.update("threads", old["id"], title="one")
    space.delete("threads", gone)
    new = space.create("threads")
    space.clock.advance(10)
    space.update("threads", old["id"], title="two")
    space.clock.advance(19)
    assert row(space, "threads", old["id"]) == old
    assert row(space, "threads", gone) is not None
    assert row(space, "threads", new) is None
    space.clock.advance(1)
    assert row(space, "threads", old["id"])["title"] == "one"
    assert row(space, "threads", gone) is None
    assert row(space, "threads", new) is not None
    space.clock.advance(10)
    assert row(space, "threads", old["id"])["title"] == "two"


def test_a_row_can_be_hidden_for_a_while_and_is_still_there(space):
    key = space.ids("threads")[4]
    before = space.live("threads")
    space.hide_until("threads", key, space.clock.now() + timedelta(seconds=5))
    assert row(space, "threads", key) is None
    assert space.get("threads", key)["id"] == key
    space.clock.advance(5)
    assert space.live("threads") == before


def test_a_hidden_row_that_changes_stays_hidden_and_shows_its_latest_state_then(space):
    key = space.ids("threads")[3]
    space.hide_until("threads", key, space.clock.now() + timedelta(seconds=5))
    space.hide_until("threads", key, space.clock.now() + timedelta(seconds=9))
    space.update("threads", key, title="changed meanwhile")
    space.clock.advance(6)
    assert row(space, "threads", key) is None
    space.clock.advance(3)
    assert row(space, "threads", key)["title"] == "changed meanwhile"


def test_raw_text_stands_in_for_a_row_until_it_is_changed(ask):
    with Sandbox(50) as box:
        key = box.workspace.ids("threads")[0]
        box.workspace.put_raw("threads", key, '{"id": 17, "text": null}')
        assert ask(box).rows("/threads")[0] == {"id": 17, "text": None}
        assert box.workspace.live("threads")[0] == {"id": 17, "text": None}
        box.workspace.put_raw("threads", key, "{oops")
        assert "{oops" in ask(box).get("/threads").text
        box.workspace.update("threads", key, title="well")
        assert ask(box).rows("/threads")[0]["title"] == "well"


def test_a_schema_change_shows_on_every_row(space):
    space.live("threads")
    space.schema_change("threads", add={"sentiment": {"score": 0.5}}, remove=("origin",))
    rows = space.live("threads")
    assert all(one["sentiment"] == {"score": 0.5} and "origin" not in one for one in rows)
    space.schema_change("thread_messages", add={"mood": "calm"})
    assert all(one["mood"] == "calm" for one in space.live("thread_messages"))


def test_random_changes_repeat_with_their_seed():
    results = []
    for _ in range(2):
        space = Workspace(60, clock=Clock(NOON, running=False))
        counts = space.change_randomly(random.Random(3), 200)
        results.append((counts, space.live("threads"), space.live("contacts")))
    assert results[0] == results[1]
    assert sum(results[0][0].values()) == 200


def test_a_newly_declared_endpoint_is_served_with_data(monkeypatch, ask):
    stamps = [Column(name, "stamp", name) for name in ("created_at", "updated_at")]
    columns = (Column("id", "text", "id"), Column("owner", "ref", "who"), *stamps)
    top = Endpoint(
        "goals", "/goals", "team", "Goals", ("threads:read",), "whole", columns, "I",
        detail="/goals/{id}",
    )  # fmt: skip
    monkeypatch.setitem(STREAMS, "goals", top)
    with Sandbox(50) as box:
        rows = ask(box).walk("/goals", limit=5)
        assert len(rows) == 12
        assert rows == box.workspace.live("goals")
        assert ask(box).get(f"/goals/{rows[0]['id']}").json() == rows[0]
