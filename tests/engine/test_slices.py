"""A walk that is cut into slices shows what one chain would, whatever the list does meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from zlib import crc32

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import errors, listing, slices, stamps
from connector.answer import Answer
from connector.budget import Budget
from connector.sandbox import Fault, Readings, Request
from connector.slices import Slice, Slices
from connector.walk import Page, Question, walk
from schemas import STREAMS
from schemas.arrow import STAMP
from tests.bench import Bench
from tests.engine.test_crashes import killed_sync
from tests.few import few

pytestmark = pytest.mark.long

Make = Callable[..., Bench]
THREADS = STREAMS["threads"]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass
class FewRows:
    """The list of threads in ten lines: newest first, a cursor being the key of the row before."""

    made: dict[str, datetime]
    inclusive: bool = False
    shown: Callable[[datetime], str] = stamps.wire
    ignores: bool = False
    orderly: bool = True
    requests: int = 0
    between: Callable[[], None] = lambda: None

    async def ask(
        self, _: str, params: Mapping[str, str], read: Callable[[Answer], Any], **__: Any
    ) -> Any:
        await asyncio.sleep(0)
        self.between()
        self.requests += 1
        rows = sorted(((at, key) for key, at in self.made.items()), reverse=True)
        if not self.orderly:
            rows.sort(key=lambda row: crc32(row[1].encode()))
        if (bound := params.get("created_before")) and not self.ignores:
            border = stamps.parse_stamp(bound)
            rows = [r for r in rows if r[0] < border or (self.inclusive and r[0] == border)]
        after = [r[1] for r in rows].index(params["cursor"]) + 1 if "cursor" in params else 0
        shown = rows[after : after + int(params["limit"])]
        more = after + len(shown) < len(rows)
        cursor = shown[-1][1] if more else None
        data = [{"id": key, "created_at": self.shown(at)} for at, key in shown]
        page = {"cursor": cursor, "has_more": more, "limit": int(params["limit"])}
        return read(Answer(orjson.dumps({"data": data, "page": page}), "req", NOON, NOON))


@dataclass
class Reader:
    """Walks that list in slices, and keeps what it was shown."""

    api: Any
    page_size: int
    idle: Iterator[bool]
    seen: list[str] = field(default_factory=list)
    chains: set[str] = field(default_factory=set)

    def read(self) -> None:
        names = (f"1.{n:04d}" for n in range(1, 10**6))
        question = Question(THREADS, page_size=self.page_size)
        asyncio.run(
            Slices(
                question,
                [Slice(next(names))],
                lambda asked, cursor: walk(self.api, asked, cursor),  # type: ignore[arg-type,return-value]
                self._stage,
                lambda: next(self.idle, False),
                lambda: next(names),
            ).run()
        )

    def _stage(self, page: Page, of: Slice) -> None:
        self.chains.add(of.chain)
        self.seen += [record["id"] for record in page.records]
        of.show(stamps.stamps([record["created_at"] for record in page.records]))


@pytest.fixture(autouse=True)
def small_cuts() -> Iterator[None]:
    with mock.patch.object(slices, "LEAST", 1), mock.patch.object(slices, "FIRST", 1):
        yield


def seconds(moment: datetime) -> str:
    return stamps.wire(moment.replace(microsecond=0))


LISTS = st.builds(
    FewRows,
    made=st.lists(
        st.sampled_from([0, 0.5, 1, 2, 60, 61, 3600, 86400, 90000]) | st.floats(0, 1e7),
        max_size=60,
    ).map(
        lambda ages: {f"{n:03d}": NOON - timedelta(seconds=round(a, 3)) for n, a in enumerate(ages)}
    ),
    inclusive=st.booleans(),
    shown=st.sampled_from([stamps.wire, seconds]),
)


@given(LISTS, st.integers(1, 7), st.lists(st.booleans(), max_size=80))
def test_slices_tile_whatever_the_stamps_and_wherever_the_cuts(
    api: FewRows, page_size: int, idle: list[bool]
) -> None:
    reader = Reader(api, page_size, iter(idle))
    with mock.patch.object(slices, "APART", timedelta(0)):
        reader.read()
    assert set(reader.seen) == set(api.made)


@given(LISTS, st.integers(1, 5), st.lists(st.booleans(), max_size=60), st.randoms())
def test_rows_that_come_and_go_meanwhile_hide_no_other(
    api: FewRows, page_size: int, idle: list[bool], rng: random.Random
) -> None:
    stay = {key for key in api.made if rng.random() < 0.7}

    def between() -> None:
        api.made[f"new {api.requests}"] = NOON - timedelta(seconds=rng.choice([-1, 0.5, 3600]))

    api.between = between
    reader = Reader(api, page_size, iter(idle))
    reader.read()
    assert stay <= set(reader.seen)


def many(count: int = 200) -> dict[str, datetime]:
    return {f"{n:04d}": NOON - timedelta(hours=n) for n in range(count)}


def always() -> Iterator[bool]:
    while True:
        yield True


def test_nothing_is_cut_while_the_budget_is_in_use() -> None:
    reader = Reader(FewRows(many()), 10, iter([]))
    reader.read()
    assert len(reader.chains) == 1


def test_a_long_walk_is_cut_while_the_budget_lies_idle_at_half_a_page_each() -> None:
    reader = Reader(FewRows(many(4000)), 20, always())
    with mock.patch.object(slices, "LEAST", 60):
        reader.read()
    assert 10 < len(reader.chains) <= 2 * slices.MOST
    assert reader.api.requests <= 200 + len(reader.chains)


def test_rows_that_were_imported_at_one_moment_are_not_read_twice() -> None:
    made = {f"{n:04d}": NOON - timedelta(milliseconds=n % 900) for n in range(500)}
    reader = Reader(FewRows(made), 10, always())
    reader.read()
    assert len(reader.seen) == len(set(reader.seen)) == 500


def test_a_list_in_another_order_is_walked_by_one_chain() -> None:
    reader = Reader(FewRows(many(), orderly=False), 10, always())
    reader.read()
    assert set(reader.seen) == set(many())
    assert len(reader.chains) == 1


def test_a_list_that_ignores_the_border_is_walked_by_one_chain_to_its_end() -> None:
    reader = Reader(FewRows(many(), ignores=True), 10, always())
    reader.read()
    assert set(reader.seen) == set(many())


def test_a_row_without_created_at_is_no_reason_to_stop_early() -> None:
    one = Slice("1.0001")
    one.show(pa.array([NOON, None, NOON - timedelta(days=9)], STAMP))
    assert not one.has_met(Slice("1.0002", border=NOON - timedelta(days=1)))


# -- over HTTP -----------------------------------------------------------------------------


@pytest.fixture
def always_cut() -> Iterator[None]:
    with mock.patch.object(Budget, "idle", lambda _: True), mock.patch.object(listing, "EARLY", 0):
        yield


READINGS = [
    {"bounds": "inclusive"},
    {"bounds": "exclusive", "date_form": "seconds"},
    {"resolution": "finer"},
    {"cursor_filters": "dropped"},
    {"date_form": "naive"},
    {"unknown_parameters": "refused"},
]


@pytest.mark.usefixtures("always_cut")
@pytest.mark.parametrize("readings", few(READINGS), ids=str)
def test_a_load_in_slices_is_what_the_api_lists(make_bench: Make, readings: dict[str, str]) -> None:
    at = make_bench(threads=300, page_size=7, readings=Readings(**readings))
    run = at.sync("threads", "contacts", "companies")
    assert at.differences("threads", "contacts", "companies") == []
    cut = [r for r in at.box.requests if "created_before" in r.query]
    assert len(cut) > 10
    assert at.outcome(run, "threads").new == 300


@pytest.mark.usefixtures("always_cut")
def test_a_full_walk_in_slices_finds_what_is_gone_and_nothing_else(make_bench: Make) -> None:
    at = make_bench(threads=200, page_size=5)
    at.sync("threads")
    gone = at.box.workspace.ids("threads")[::20]
    for thread in gone:
        at.box.workspace.delete("threads", thread)
    at.pass_time()
    run = at.sync("threads", full=True)
    assert at.outcome(run, "threads").deleted == len(gone)
    assert at.differences("threads") == []


@pytest.mark.usefixtures("always_cut")
def test_a_refused_cursor_begins_its_slice_again(make_bench: Make) -> None:
    at = make_bench(threads=200, page_size=5)
    at.box.faults.add(Fault("refuse_cursor", path="/threads$", rate=0.05))
    at.sync("threads")
    assert at.differences("threads") == []


@pytest.mark.usefixtures("always_cut")
def test_a_filter_that_is_refused_is_not_asked_for_again(make_bench: Make) -> None:
    at = make_bench(threads=200, page_size=5)

    def spoil(request: Request) -> None:
        if "created_before" in request.query:
            request.query["limit"] = "0"

    at.box.before_each(spoil)
    at.sync("threads")
    assert at.differences("threads") == []


@pytest.mark.usefixtures("always_cut")
def test_slices_go_on_where_they_were(make_bench: Make) -> None:
    """At most one page of each chain is asked for again."""
    at = make_bench(threads=300, page_size=5)
    at.box.faults.add(Fault("500", path="/threads$", at=41, times=5000))
    assert at.outcome(at.sync("threads"), "threads").outcome == "failed"
    before = [tuple(sorted(r.query.items())) for r in at.box.requests if r.status == 200]
    at.box.requests.clear()
    at.box.faults.clear()
    at.sync("threads")
    again = [tuple(sorted(r.query.items())) for r in at.box.requests if r.path == "/threads"]
    assert not set(before) & set(again)
    assert at.differences("threads") == []


@pytest.mark.usefixtures("always_cut")
def test_a_first_load_shows_its_newest_rows_before_it_is_through(make_bench: Make) -> None:
    at = make_bench(threads=300, page_size=5)
    counts: list[int] = []

    def look(_: Request) -> None:
        if (at.settings.data_dir / "productlane.duckdb").exists():
            counts.append(at.query("SELECT count(*) FROM threads")[0][0])

    at.box.before_each(look)
    run = at.sync("threads")
    assert counts
    assert 5 <= counts[0] < 300
    assert 300 <= at.outcome(run, "threads").rows < 2 * 300
    assert at.outcome(run, "threads").new == 300
    assert at.query("SELECT kind FROM meta.walks ORDER BY walk DESC") == [("early",), ("full",)]
    assert at.differences("threads") == []


def test_a_short_first_load_lands_once(make_bench: Make) -> None:
    at = make_bench(threads=300, page_size=50)
    at.sync("threads")
    assert at.query("SELECT kind FROM meta.walks") == [("full",)]


@pytest.mark.parametrize("fatal", few(["append:2", "append:1"], 1))
def test_b18_a_first_load_that_is_killed_while_it_lands_goes_on(
    make_bench: Make, fatal: str
) -> None:
    """While it lands its newest rows, and when it lands the rest: a page a chain is asked again."""
    at = make_bench(threads=1000)
    assert killed_sync(at, fatal, "early", streams=("threads",))
    at.sync("threads")
    asked = [tuple(r.query.items()) for r in at.box.requests if r.path == "/threads"]
    chains = {r.query.get("created_before") for r in at.box.requests if r.path == "/threads"}
    assert len(asked) - len(set(asked)) <= len(chains)
    assert at.differences("threads") == []


def test_a_slice_that_meets_the_wrong_rows_says_so() -> None:
    question = Question(THREADS, made_before=NOON - timedelta(days=30))

    async def go() -> None:
        async for _ in walk(FewRows(many(), ignores=True), question):  # type: ignore[arg-type]
            pass

    with pytest.raises(errors.FilterIgnored, match="made after what was asked for"):
        asyncio.run(go())
