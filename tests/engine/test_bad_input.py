"""Bad input, from the wire to the tables: nothing crashes, nothing is bent, the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.lake import Lake
from connector.sandbox import Fault
from connector.stamps import parse_stamp
from connector.warehouse import rebuild
from tests import oracle
from tests.bench import Bench, bench, connect

Make = Callable[..., Bench]

DEEP = "[" * 100 + "1" + "]" * 100
MANY = ", ".join(f'"field_{number}": {number}' for number in range(1000))

KEPT = {
    "the first of days": '"updated_at": "0001-01-01T00:00:00Z"',
    "the last of days": '"updated_at": "9999-12-31T23:59:59.999999Z"',
    "nine digits": '"updated_at": "2026-10-01T00:00:00.123456789Z"',
    "no date": '"updated_at": "soon"',
    "nothing": '"updated_at": null',
    "wrong types": '"title": 5, "is_read": "yes", "contact": "x", "tags": 7, "external_ids": 3',
    "nul": '"title": "a\\u0000b", "text": "\\u0000"',
    "a pair of surrogates": '"title": "\\ud83d\\ude00"',
    "nested 100 deep": f'"contact": {{"id": "c", "deep": {DEEP}}}, "surprise": {DEEP}',
    "1,000 unknown fields": MANY,
    "a number beyond 64 bits": '"surprise": 123456789012345678901234567890',
    "nested 600 deep": f'"surprise": {DEEP.replace("1", "[" * 500 + "1" + "]" * 500)}',
    "odd names": '"\\"": 1, "": 2, "a.b": 3, "$": 4, "_extra": 5, "_hash": "x", "é\'": 6',
    "odd systems": '"external_ids": {"a\\"b": "1", "": "2", "$.x": "3", "it\'s": "4", "n": 5}',
    "tags that are none": '"tags": [null, 1, "x", {}, {"id": null}, {"id": "t"}, {"id": "t"}]',
}
SET_ASIDE = {
    "a key twice": '"title": "a", "title": "b"',
    "a key twice, below": '"contact": {"id": "a", "id": "b"}',
    "not a number": '"title": NaN',
    "infinite": '"surprise": -Infinity',
    "half a surrogate": '"title": "\\ud800"',
    "5,000 digits": f'"surprise": {"9" * 5000}',
}
DOUBTFUL = {
    "half a surrogate": '"id": "\\udc80"',
    "two ids": '"id": "ID", "id": "link-7"',
}


def bad(make_bench: Make, fields: str) -> tuple[Bench, str]:
    """A workspace in which one thread among five is listed with these fields."""
    at = make_bench(threads=5)
    row = at.box.workspace.ids("threads")[2]
    at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", {fields}}}')
    return at, row


def stored(at: Bench, row: str) -> dict[str, Any]:
    return all_stored(at)[row]


def all_stored(at: Bench) -> dict[str, dict[str, Any]]:
    with oracle.published(at.settings.data_dir) as con:
        found = con.execute("FROM threads")
        columns = [(name, str(kind)) for name, kind, *_ in found.description]
        rows = [read(columns, values) for values in found.fetchall()]
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    return by_id


def read(columns: list[tuple[str, str]], values: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: json.loads(value) if kind == "JSON" and value is not None else value
        for (name, kind), value in zip(columns, values, strict=True)
    }


@dataclass
class Odd:
    """One thread of odd values on each page: which it is, and what was stored of it, twice."""

    rows: dict[str, str]
    at_first: dict[str, dict[str, Any]]
    again: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    """Read by a first sync; rebuilt, and seen once more by a full walk."""
    at = bench(tmp_path_factory.mktemp("odd"), threads=5 * len(KEPT), page_size=5)
    with at.box:
        connect(at)
        rows = dict(zip(KEPT, at.box.workspace.ids("threads")[2::5], strict=True))
        for case, row in rows.items():
            at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", {KEPT[case]}}}')
        assert at.outcome(at.sync("threads"), "threads").rejected == 0
        at_first = all_stored(at)
        rebuild(Lake(at.settings.data_dir))
        at.pass_time()
        assert at.outcome(at.sync("threads", full=True), "threads").changed == 0
        return Odd(rows, at_first, all_stored(at))


@pytest.mark.parametrize("case", KEPT)
def test_b20_odd_values_arrive_as_they_were_sent(odd: Odd, case: str) -> None:
    found = odd.at_first[odd.rows[case]]
    extra = found["_extra"] or {}
    for name, value in json.loads(f"{{{KEPT[case]}}}").items():
        kept = extra[name] if name in extra else found[name]
        if isinstance(kept, datetime):
            kept, value = kept.replace(tzinfo=UTC), parse_stamp(value)
        assert kept == value, name
    assert odd.again[odd.rows[case]] == found


def test_b20_what_follows_from_odd_values_is_what_fits(make_bench: Make) -> None:
    at, row = bad(make_bench, KEPT["odd systems"])
    at.sync("threads")
    assert at.query(f"""SELECT system, external_id FROM external_ids
        WHERE entity_id = '{row}' ORDER BY external_id""") == [
        ('a"b', "1"), ("", "2"), ("$.x", "3"), ("it's", "4"), ("n", "5"),
    ]  # fmt: skip
    at, row = bad(make_bench, KEPT["tags that are none"])
    at.sync("threads")
    assert at.query(f"SELECT tag_id FROM thread_tags WHERE thread_id = '{row}'") == [("t",)]


@pytest.mark.parametrize("case", SET_ASIDE)
def test_b20_what_no_table_can_hold_is_set_aside_and_the_rest_arrives(
    make_bench: Make, case: str
) -> None:
    at, row = bad(make_bench, SET_ASIDE[case])
    run = at.sync("threads")
    assert at.outcome(run, "threads").rejected == 1
    assert at.query("SELECT count(*) FROM threads") == [(4,)]
    ((key, record),) = at.query("SELECT key, record FROM meta.set_aside")
    assert json.loads(key) == [row]
    assert row in record


@pytest.mark.parametrize("case", DOUBTFUL)
def test_b10_a_record_that_may_be_any_row_proves_of_none_that_it_is_gone(
    at_bench: Bench, case: str
) -> None:
    at = at_bench
    thread = at.box.workspace.ids("threads")[0]
    one = at.box.workspace.add_comment(thread)
    at.sync("threads", "thread_comments")
    fields = DOUBTFUL[case].replace("ID", one)
    at.box.workspace.put_raw("thread_comments", one, f'{{{fields}, "content": "x"}}', thread)
    at.pass_time()
    run = at.sync("threads", "thread_comments", "tags", full=True)
    assert {outcome.outcome for outcome in run.streams} == {"done"}
    assert at.query(f"SELECT count(*) FROM thread_comments WHERE id = '{one}'") == [(1,)]
    assert at.query("SELECT stream, key FROM meta.set_aside") == [("thread_comments", None)]


@pytest.mark.parametrize("kind", ["not_json", "no_data", "no_has_more", "no_page"])
def test_a_page_that_is_none_fails_its_stream_with_the_request_and_leaves_the_data(
    make_bench: Make, kind: str
) -> None:
    at = make_bench(threads=5)
    at.sync("threads", "tags")
    at.pass_time()
    at.box.faults.add(Fault(kind, path="/threads$", rate=1.0))
    run = at.sync("threads", "tags", full=True)
    assert "request_id" in at.outcome(run, "threads").error
    assert at.outcome(run, "tags").outcome == "done"
    assert at.differences("threads", "tags") == []


def test_b20_a_bad_row_is_set_aside_and_shown_and_the_good_version_stays(at_bench: Bench) -> None:
    at = at_bench
    at.sync("threads")
    row = at.box.workspace.ids("threads")[4]
    at.box.workspace.put_raw("threads", row, f'{{"id": "{row}", "id": "{row}", "title": "x"}}')
    at.pass_time()
    run = at.sync("threads", full=True)
    assert at.outcome(run, "threads").rejected == 1
    assert at.query("SELECT stream, reason FROM meta.rejected_rows") == [
        ("threads", "a key stands twice in an object")
    ]
    assert at.query(f"SELECT count(*) FROM main.threads WHERE id = '{row}'") == [(1,)]


def test_b20_the_same_unreadable_record_under_two_parents_is_two_however_often_it_is_read(
    at_bench: Bench,
) -> None:
    at = at_bench
    for thread in at.box.workspace.ids("threads")[:2]:
        one = at.box.workspace.add_comment(thread)
        at.box.workspace.put_raw("thread_comments", one, '{"id": "c", "x": 1, "x": 2}', thread)
    for _ in range(2):
        at.sync("threads", "thread_comments", full=True)
        assert at.query("SELECT count(DISTINCT key) FROM meta.set_aside") == [(2,)]
        assert at.query("SELECT count(*) FROM meta.rejected_rows") == [(2,)]
        at.pass_time()


def test_b20_an_unreadable_record_without_a_key_is_noted_once_however_often_it_is_read(
    at_bench: Bench,
) -> None:
    at = at_bench
    at.box.workspace.put_raw("threads", at.box.workspace.ids("threads")[0], '{"title": "no id"}')
    for _ in range(2):
        at.sync("threads", full=True)
        assert at.query("SELECT key FROM meta.rejected_rows") == [(None,)]
        at.pass_time()


def test_b20_new_fields_are_kept_and_noted(at_bench: Bench) -> None:
    at = at_bench
    at.sync("contacts")
    at.box.workspace.schema_change("contacts", add={"sentiment": {"score": 0.5}})
    at.pass_time()
    at.sync("contacts", full=True)
    assert at.differences("contacts") == []
    assert at.query("SELECT stream, field FROM meta.schema_changes") == [("contacts", "sentiment")]


def test_a_thread_of_ten_megabytes_is_fine(at_bench: Bench) -> None:
    row = at_bench.box.workspace.ids("threads")[0]
    at_bench.box.workspace.update("threads", row, text="<p>" + "ä" * 5_000_000 + "</p>")
    at_bench.sync("threads")
    assert at_bench.differences("threads") == []
