"""Explain tells the story of a row as the walks saw it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.explain import Story, explain
from tests.bench import Bench
from tests.engine.interrupted import interrupted


def story(at: Bench, row: str, stream: str = "threads") -> Story:
    (found,) = explain(at.settings.data_dir, stream, row)
    return found


def saw(told: Story) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.saw, one.changed, one.kind) for one in told.observations]


def test_a_live_row_is_told_with_every_change_and_the_request_that_saw_it(at_bench: Bench) -> None:
    at = at_bench
    row = at.box.workspace.ids("threads")[2]
    at.sync("threads")
    at.box.workspace.update("threads", row, title="new")
    at.pass_time()
    at.sync("threads")
    at.box.workspace.update("threads", row, stamp=False, text="silent")
    at.pass_time()
    at.sync("threads", full=True)
    told = story(at, row)
    assert told.state == "live"
    assert saw(told) == [
        ("first seen", (), "full"),
        ("changed", ("title", "updated_at"), "window"),
        ("changed", ("text",), "full"),
    ]
    numbers = [int(one.request_id.removeprefix("req_")) for one in told.observations]
    assert {at.box.requests[number - 1].path for number in numbers} == {"/threads"}
    assert told.proven_from
    assert told.read_to
    assert told.proven_from <= told.observations[-1].observed_at <= told.read_to


def test_a_deleted_row_says_which_walk_missed_it_and_one_that_is_back_says_so(
    at_bench: Bench,
) -> None:
    at = at_bench
    row = at.box.workspace.ids("threads")[2]
    at.sync("threads")
    at.box.workspace.delete("threads", row)
    at.pass_time()
    at.sync("threads", full=True)
    gone = story(at, row)
    assert gone.state == "deleted"
    assert gone.observations[-1].walk in gone.why
    assert saw(gone)[1:] == [("gone", (), "full")]
    at.box.workspace.undelete("threads", row)
    at.pass_time()
    at.sync("threads", full=True)
    assert [one.saw for one in story(at, row).observations] == ["first seen", "gone", "back"]


def test_a_row_set_aside_says_why_until_it_is_seen_in_order(at_bench: Bench) -> None:
    at = at_bench
    row = at.box.workspace.ids("threads")[2]
    at.sync("threads")
    whole = at.box.workspace.get("threads", row)
    at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", "id": "{row}"}}')
    at.pass_time()
    at.sync("threads", full=True)
    told = story(at, row)
    assert told.state == "set aside"
    assert "a key stands twice" in told.why
    assert at.query("SELECT count(*) FROM meta.set_aside") == [(1,)]
    at.box.workspace.update("threads", row, stamp=False, title=whole["title"])
    at.pass_time()
    at.sync("threads", full=True)
    assert story(at, row).state == "live"
    assert at.query("SELECT count(*) FROM meta.set_aside") == [(0,)]
    assert at.query("SELECT count(*) FROM meta.rejected_rows") == [(1,)]


def test_a_row_set_aside_again_for_the_same_record_is_set_aside(at_bench: Bench) -> None:
    at = at_bench
    row = at.box.workspace.ids("threads")[2]
    at.sync("threads")
    for state in ("set aside", "live", "set aside"):
        at.box.workspace.update("threads", row, title=state)
        if state == "set aside":
            at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", "x": 1, "x": 2}}')
        at.pass_time()
        at.sync("threads", full=True)
        told = story(at, row)
        assert told.state == state
    (aside,) = told.set_aside
    assert aside.walk < aside.last_walk
    assert aside.last_walk in told.why


def test_a_row_set_aside_that_a_window_reads_in_order_is_live_and_set_aside_no_more(
    at_bench: Bench,
) -> None:
    at = at_bench
    row = at.box.workspace.ids("threads")[2]
    at.sync("threads")
    at.box.workspace.update("threads", row, title="changed")
    stamp = at.box.workspace.get("threads", row)["updated_at"]
    raw = f'{{"id": "{row}", "updated_at": "{stamp}", "x": 1, "x": 2}}'
    at.box.workspace.put_raw("threads", row, raw)
    at.pass_time()
    at.sync("threads")
    assert story(at, row).state == "set aside"
    at.box.workspace.update("threads", row, title="in order")
    at.pass_time()
    at.sync("threads")
    assert story(at, row).state == "live"
    assert at.query("SELECT count(*) FROM meta.set_aside") == [(0,)]


def test_a_row_set_aside_after_a_later_walk_had_read_it_stays_so(
    make_bench: Callable[..., Bench],
) -> None:
    at = make_bench(threads=12, page_size=5)
    row = at.box.workspace.ids("threads")[-1]
    at.sync("threads")
    at.pass_time()

    def meanwhile() -> None:
        at.box.workspace.update("threads", row, title="in order")
        at.pass_time(120)
        at.sync("threads")
        at.pass_time(120)
        at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", "x": 1, "x": 2}}')

    interrupted(at, "threads", act=meanwhile, path="/threads$", nth=2, full=True)
    read = f"SELECT _walk FROM threads WHERE id = '{row}'"
    assert at.query(f"SELECT ({read}) > last_walk FROM meta.set_aside") == [(True,)]
    assert story(at, row).state == "set aside"


def test_a_row_that_could_never_be_read_is_told_as_well(at_bench: Bench) -> None:
    row = at_bench.box.workspace.ids("tags")[0]
    at_bench.box.workspace.put_raw("tags", row, f'{{"id": "{row}", "name": NaN}}')
    at_bench.sync("tags")
    told = story(at_bench, row, "tags")
    assert (told.state, told.observations) == ("set aside", ())


def test_a_row_that_is_held_says_so(make_bench: Callable[..., Bench]) -> None:
    at = make_bench(blocked_senders=20)
    at.sync("blocked_senders")
    rows = list(at.box.workspace.ids("blocked_senders"))
    for row in rows[:15]:
        at.box.workspace.delete("blocked_senders", row)
    for state in ("held", "deleted"):
        at.pass_time()
        at.sync("blocked_senders")
        assert story(at, rows[1], "blocked_senders").state == state


def test_each_row_with_the_id_is_told_where_the_key_has_more_columns(at_bench: Bench) -> None:
    at_bench.sync("docs_articles")
    twice = at_bench.query("SELECT id FROM docs_articles GROUP BY id HAVING count(*) > 1 LIMIT 1")
    row = twice[0][0] if twice else at_bench.query("SELECT id FROM docs_articles LIMIT 1")[0][0]
    told = explain(at_bench.settings.data_dir, "docs_articles", row)
    rows = at_bench.query(f"SELECT count(*) FROM docs_articles WHERE id = '{row}'")[0][0]
    assert len(told) == rows
    assert all(one.key["id"] == row for one in told)


@pytest.mark.parametrize("stream", ["threads", "contact_portals"])
def test_a_row_that_was_never_seen_has_no_story(at_bench: Bench, stream: str) -> None:
    at_bench.sync("threads")
    assert explain(at_bench.settings.data_dir, stream, "nobody") == []
