"""Decode: whatever a page holds, nothing is bent, nothing is dropped without a word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import records, stamps
from connector.decode import Decoded, Source, decode
from connector.errors import BrokenAnswer
from schemas import STREAMS

SOURCE = Source("0000000001.0001", "req_1", datetime(2026, 11, 1, tzinfo=UTC))
THREADS = STREAMS["threads"]


def read(body: bytes, stream: str = "threads") -> Decoded:
    value, exact = records.parse(body)
    return decode(STREAMS[stream], value, SOURCE, exact=exact)


def row(decoded: Decoded) -> dict[str, Any]:
    return dict(decoded.rows.to_pylist()[0])


def thread(**fields: Any) -> bytes:
    return json.dumps([{"id": "t1", **fields}]).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-12T10:23:45.123Z", "2026-05-12T10:23:45.123000+00:00"),
        ("2026-05-12T10:23:45Z", "2026-05-12T10:23:45+00:00"),
        ("2026-05-12T10:23:45.123456Z", "2026-05-12T10:23:45.123456+00:00"),
        ("2026-05-12T10:23:45.123456789Z", "2026-05-12T10:23:45.123456+00:00"),
        ("2026-05-12T12:23:45.123+02:00", "2026-05-12T10:23:45.123000+00:00"),
        ("2026-05-12T10:23:45.123", "2026-05-12T10:23:45.123000+00:00"),
        ("2026-05-12", "2026-05-12T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_b17_a_date_of_any_form_is_kept_to_the_microsecond_in_utc(text: str, expected: str) -> None:
    decoded = row(read(thread(updated_at=text)))
    assert decoded["updated_at"] == datetime.fromisoformat(expected)
    assert decoded["_extra"] is None


@pytest.mark.parametrize("value", ["soon", "", 1715509425, "9999-12-31T23:59:59-01:00", ["x"]])
def test_b17_what_is_no_date_is_kept_beside_the_row(value: Any) -> None:
    decoded = row(read(thread(updated_at=value)))
    assert decoded["updated_at"] is None
    assert json.loads(decoded["_extra"]) == {"updated_at": value}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("title", {"a": 1}),
        ("is_read", "yes"),
        ("is_read", 1),
        ("brand_new", {"a": [1, 2]}),
        ("brand_new", None),
        ("brand_new", 2**80),
    ],
)
def test_b20_a_value_that_does_not_fit_and_a_field_nobody_knows_are_kept_in_extra(
    field: str, value: Any
) -> None:
    decoded = row(read(thread(**{field: value})))
    assert json.loads(decoded["_extra"]) == {field: value}
    assert decoded.get(field) is None


def test_b20_unknown_fields_are_named_with_their_type() -> None:
    assert read(thread(sentiment=0.5, language="de")).unknown == {
        "sentiment": "float",
        "language": "str",
    }


@pytest.mark.parametrize(
    ("stream", "value", "kept"),
    [("companies", 10, 10.0), ("companies", 2**53, 2.0**53), ("companies", 2.5, 2.5)],
)
def test_numbers_are_kept(stream: str, value: Any, kept: float) -> None:
    assert (
        row(read(json.dumps([{"id": "c", "revenue": value}]).encode(), stream))["revenue"] == kept
    )


@pytest.mark.parametrize("value", [2**53 + 1, 2**70 + 1, True, "10"])
def test_a_number_that_a_double_would_round_is_kept_as_it_came(value: Any) -> None:
    decoded = row(read(json.dumps([{"id": "c", "revenue": value}]).encode(), "companies"))
    assert decoded["revenue"] is None
    assert json.loads(decoded["_extra"]) == {"revenue": value}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("5", "not an object"),
        ("null", "not an object"),
        ('{"title": "x"}', "no id"),
        ('{"id": null}', "no id"),
        ('{"id": ""}', "id is not a text"),
        ('{"id": 7}', "id is not a text"),
        ('{"id": "a", "title": "x", "title": "y"}', "a key stands twice in an object"),
        ('{"id": "a", "contact": {"id": "b", "id": "c"}}', "a key stands twice in an object"),
        ('{"id": "a", "title": NaN}', "a number is not finite"),
        ('{"id": "a", "x": 1e999}', "a number is not finite"),
        ('{"id": "a", "title": "\\ud800"}', "text that is not Unicode"),
        ('{"id": "a", "\\udfff": 1}', "text that is not Unicode"),
    ],
)
def test_b20_a_row_that_cannot_be_kept_is_set_aside_and_the_rest_goes_on(
    record: str, reason: str
) -> None:
    decoded = read(f'[{{"id": "before"}}, {record}, {{"id": "after"}}]'.encode())
    assert decoded.rows.column("id").to_pylist() == ["before", "after"]
    assert [one.reason for one in decoded.rejected] == [reason]


def test_a_byte_that_is_no_utf8_spoils_its_own_row_only() -> None:
    decoded = read(b'[{"id": "a", "title": "\xff"}, {"id": "b"}]')
    assert decoded.rows.column("id").to_pylist() == ["b"]
    assert [one.key for one in decoded.rejected] == ['["a"]']


def test_nul_deep_nesting_and_a_thousand_fields_are_kept() -> None:
    deep: Any = "core"
    for _ in range(100):
        deep = [deep]
    many = {f"field_{n}": n for n in range(1000)}
    decoded = row(read(thread(title="a\x00b", contact={"id": "c", "deep": deep}, **many)))
    assert decoded["title"] == "a\x00b"
    assert json.loads(decoded["contact"])["deep"] == deep
    assert json.loads(decoded["_extra"]) == many


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1,", b"\x00", b'{"a": }'])
def test_what_is_no_json_is_an_error_of_its_own(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        records.parse(body)


@pytest.mark.parametrize(
    ("value", "columns"),
    [
        ({"hubspot": "7", "intercom": None}, {"external_ids_hubspot": "7"}),
        (["7", "8"], {}),
        (None, {}),
        ({"hubspot": 7}, {}),
        ("x", {}),
    ],
)
def test_external_ids_of_any_form_are_kept(value: Any, columns: dict[str, str]) -> None:
    body = json.dumps([{"id": "c", "email": "a@b.c", "external_ids": value}]).encode()
    decoded = row(read(body, "contacts"))
    assert json.loads(decoded["external_ids"] or "null") == value
    filled = {k: v for k, v in decoded.items() if k.startswith("external_ids_") and v is not None}
    assert filled == columns


def test_a_child_listed_under_another_parent_keeps_both_names() -> None:
    source = Source("w", "r", SOURCE.observed_at, given=(("thread_id", "t1"),))
    decoded = decode(STREAMS["thread_comments"], [{"id": "c", "thread_id": "t2"}], source)
    assert row(decoded)["thread_id"] == "t1"
    assert json.loads(row(decoded)["_extra"]) == {"thread_id as listed": "t2"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=3
        )
    ),
    max_leaves=6,
)
NAMES = [column.name for column in THREADS.columns] + ["surprise"]
RECORDS = st.lists(
    JSON
    | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8).flatmap(
        lambda fields: st.sampled_from([{"id": "a"}, {"id": "b"}, {}]).map(lambda k: fields | k)
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_the_fast_and_the_slow_parser_give_the_same_rows(found: list[Any]) -> None:
    fast = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    slow = json.dumps(found, indent=1).encode()
    assert read(fast).rows.equals(read(slow).rows)
    assert read(fast).rejected == read(slow).rejected


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A stream, and records of it with odd values here and there among fitting ones."""
    endpoint = draw(st.sampled_from(list(STREAMS.values())))
    names = st.sampled_from([*(column.name for column in endpoint.columns), "surprise"])
    key = st.sampled_from([dict.fromkeys(endpoint.key, key) for key in ("a", "b", 5)])
    fields = st.dictionaries(names, JSON | st.text(max_size=3), max_size=6)
    return endpoint.stream, draw(st.lists(st.builds(dict.__or__, fields, key), max_size=5))


@settings(max_examples=200, deadline=None)
@given(pages())
def test_every_endpoint_reads_a_page_at_once_as_it_reads_its_records_one_by_one(
    page: tuple[str, list[dict[str, Any]]],
) -> None:
    stream, found = page
    fast = read(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), stream)
    slow = [read(json.dumps([record], indent=1).encode(), stream) for record in found]
    schema = STREAMS[stream].schema
    alone = pa.Table.from_batches([one.rows for one in slow], schema)
    assert pa.Table.from_batches([fast.rows], schema).equals(alone)
    assert fast.rejected == [rejected for one in slow for rejected in one.rejected]
    assert fast.unknown.keys() == {name for one in slow for name in one.unknown}


@settings(max_examples=300, deadline=None)
@given(RECORDS)
def test_no_value_is_lost_or_bent_whatever_a_record_holds(found: list[Any]) -> None:
    decoded = read(json.dumps(found).encode())
    rows = iter(decoded.rows.to_pylist())
    set_aside = {one.record for one in decoded.rejected}
    for record in found:
        if records.readable(record) not in set_aside:
            _same_values(record, next(rows))
    assert next(rows, None) is None


def _same_values(record: dict[str, Any], kept: dict[str, Any]) -> None:
    extra = json.loads(kept["_extra"] or "{}")
    kinds = {column.name: column.kind for column in THREADS.columns}
    for name, value in record.items():
        if name in extra:
            assert extra[name] == value
        elif value is None:
            assert kept[name] is None
        elif kinds[name] == "stamp":
            assert kept[name] == stamps.parse_stamp(value)
        elif kinds[name] in ("json", "ref", "ids"):
            assert json.loads(kept[name]) == value
        else:
            assert kept[name] == value


@settings(max_examples=200, deadline=None)
@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_arrow_and_python_read_the_same_date_alike(stamp: datetime) -> None:
    text = stamp.isoformat()
    array = stamps.stamps([text])
    assert array is None or array[0].as_py() == stamps.parse_stamp(text)
