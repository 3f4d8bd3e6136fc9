"""Promotion: an old file is read as if its records had been decoded with today's catalogue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas.endpoint
from connector import decode as decoding
from connector import records
from connector.decode import Source, decode
from connector.promotion import kinds_of, promoted
from schemas import Endpoint
from schemas.endpoint import Kind
from tests.engine.catalogues import VALUES, having

Record = dict[str, Any]

SOURCE = Source("0000000001.0001", "req_1", datetime(2026, 11, 1, tzinfo=UTC))
KINDS: list[Kind | None] = [*get_args(Kind), None]
TAKEN_FOR_TEXT = [(kind, "text") for kind in ("json", "ref", "ids", "ids_by_system")]


def read(endpoint: Endpoint, found: list[Record]) -> pa.RecordBatch:
    decoded = decode(endpoint, records.parse(json.dumps(found).encode())[0], SOURCE)
    assert not decoded.rejected
    return decoded.rows


def promote(old: Endpoint, new: Endpoint, found: list[Record]) -> pa.RecordBatch:
    return promoted(new, new.schema, read(old, found), kinds_of(old.schema))


def same(rows: pa.RecordBatch, decoded: pa.RecordBatch) -> bool:
    return bool(rows.equals(decoded, check_metadata=True))


def numbered(values: list[Any]) -> list[Record]:
    return [{"id": str(place), "field": value, "x": 1} for place, value in enumerate(values)]


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("old", KINDS)
def test_a_file_of_any_kind_is_read_as_decode_reads_its_records(
    old: Kind | None, new: Kind | None
) -> None:
    # A null of what is declared no longer is told from nothing at all by no column.
    found = numbered([value for value in VALUES if value is not None or new or not old])
    found.append({"id": "without"})
    then, now = having(field=old), having(field=new)
    assert same(promote(then, now, found), read(now, found))


@st.composite
def catalogues(draw: st.DrawFn) -> Endpoint:
    """One in which `field_id` is a field, or is taken from a `field`, or is not known."""
    kinds = {name: draw(st.sampled_from(KINDS)) for name in ("field", "field_id", "x")}
    return having(**kinds | ({"field_id": None} if kinds["field"] == "ref" else {}))


@st.composite
def stamps(draw: st.DrawFn) -> str:
    """Dates as JavaScript writes them."""
    stamp = draw(st.datetimes(min_value=datetime(1000, 1, 1)))
    return stamp.isoformat(timespec="milliseconds") + "Z"


JSON = st.recursive(
    st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: value % 1 != 0)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | stamps()
    | st.sampled_from([value for value in VALUES if value is not None]),
    lambda inner: (
        st.lists(inner | st.none(), max_size=3)
        | st.dictionaries(st.sampled_from(["id", "front", "hubspot", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.sampled_from(["field", "field_id", "field_front", "name", "x"]), JSON)


@settings(max_examples=250, deadline=None)
@given(catalogues(), catalogues(), st.lists(FIELDS, max_size=4))
def test_whatever_records_hold_promotion_reads_what_decode_reads(
    old: Endpoint, new: Endpoint, fields: list[Record]
) -> None:
    found = [{"id": str(place), **one} for place, one in enumerate(fields)]
    assert same(promote(old, new, found), read(new, found))


@pytest.mark.parametrize(
    ("kind", "value", "given_back"),
    [
        ("stamp", "2026-05-12", "2026-05-12T00:00:00.000Z"),
        ("stamp", "2026-05-12T10:23:45+02:00", "2026-05-12T08:23:45.000Z"),
        ("stamp", "2026-05-12T10:23:45.123456789Z", "2026-05-12T10:23:45.123456Z"),
        ("stamp", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("number", 10.0, 10),
        ("number", 2**70, 2.0**70),
    ],
)
@pytest.mark.parametrize("new", [None, "json"])
def test_of_dates_and_whole_numbers_the_value_comes_back_in_one_form(
    kind: Kind, value: Any, given_back: Any, new: Kind | None
) -> None:
    rows = promote(having(field=kind), having(field=new), [{"id": "a", "field": value}])
    kept = rows.to_pylist()[0]["field" if new else "_extra"]
    assert kept == records.dump(given_back if new else {"field": given_back})


def test_a_system_that_is_named_later_finds_its_past(monkeypatch: pytest.MonkeyPatch) -> None:
    found = numbered([{"front": "f", "later": "7"}, ["x"], None])
    old = having(field="ids_by_system")
    rows = read(old, found)
    for known in (schemas.endpoint, decoding):
        monkeypatch.setattr(known, "SYSTEMS", ("front", "later"))
    new = having(field="ids_by_system")
    assert same(promoted(new, new.schema, rows, kinds_of(old.schema)), read(new, found))
    assert read(new, found)["field_later"].to_pylist() == ["7", None, None]


@pytest.mark.parametrize(
    ("old", "new"),
    [(old, new) for old in KINDS for new in KINDS if (old, new) not in TAKEN_FOR_TEXT],
)
def test_a_file_that_notes_no_kinds_is_read_by_its_types_and_names(
    old: Kind | None, new: Kind | None
) -> None:
    """A text that reads like JSON may be either, and JSON in a column of texts a text."""
    like_json = ["5", "true", "null", '{"id": "a"}'] if old == "text" and new != "text" else []
    found = numbered([v for v in VALUES if v is not None and v not in like_json])
    then, now = having(field=old), having(field=new)
    had = kinds_of(then.schema.remove_metadata(), kinds_of(now.schema))
    assert same(promoted(now, now.schema, read(then, found), had), read(now, found))
