"""How a schedule is drawn, from a seed or from Hypothesis."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from connector.sandbox import Readings
from schemas import STREAMS
from tests.soak.schedule import Between, Change, Schedule, Step, Trouble, Work
from tests.soak.works import OPERATIONS

T = TypeVar("T")

FAMILIES: dict[str, tuple[tuple[str, ...], ...]] = {
    "lists": (
        ("contacts",),
        ("contacts", "companies"),
        ("companies",),
        ("tags",),
        ("docs_articles",),
        ("members", "docs_groups"),
        ("blocked_senders",),
    ),
    "threads": (
        ("threads",),
        ("threads", "tags"),
        ("threads", "thread_messages"),
        ("threads", "thread_comments"),
        ("threads", "thread_messages", "thread_comments", "contacts", "companies"),
    ),
}
"""Streams that are read together, by what they cost: few at a time."""

OF_MOMENT = (
    "bounds", "cursor_filters", "plain_envelope", "hidden_by_default", "translations",
    "updated_at", "message_updated_at", "message_enums", "children_bump", "date_form",
    "resolution", "unknown_fields", "unknown_enums", "unknown_parameters", "deleted_status",
    "members_envelope", "merge_bumps", "article_list_content", "nested", "nullable",
    "external_ids", "compression",
)  # fmt: skip
"""The readings that the streams of the families are subject to."""

EVERYWHERE = (
    "reset", "cut", "401", "429", "500", "502_html", "503", "504", "redirect", "refuse_cursor",
    "not_json", "half_json", "empty_body", "null_body", "no_data", "no_page", "no_has_more",
    "repeat_cursor", "null_cursor", "empty_page", "short_page",
)  # fmt: skip
DANGEROUS = (
    "refuse_cursor", "null_body", "repeat_cursor", "null_cursor", "empty_page", "short_page",
)  # fmt: skip
"""Those that look like an answer are drawn more often."""

ON_LISTS = (*EVERYWHERE, *DANGEROUS, *DANGEROUS, "403", "404")
"""A 404 on a row itself is the very certificate that it is gone: no fault, there, but a lie."""

OF_ROWS = ("create", "update", "silent", "backdate", "import", "delete", "undelete", "hide")
OF_STREAMS: dict[str, tuple[str, ...]] = {
    "threads": ("message", "comment", "retag"),
    "thread_messages": ("message", "message", "edit_child", "drop_child", "hide_child"),
    "thread_comments": ("comment", "comment", "edit_child", "drop_child", "hide_child"),
    "companies": ("merge", "merge"),
    "docs_articles": ("flip", "flip", "flip"),
}


class Draws(Protocol):
    """A source of choices."""

    def of(self, values: Sequence[T]) -> T: ...
    def number(self, low: int, high: int) -> int: ...


class FromSeed:
    """Choices of a seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def of(self, values: Sequence[T]) -> T:
        return self._rng.choice(values)

    def number(self, low: int, high: int) -> int:
        return self._rng.randint(low, high)


def of_seed(seed: int, family: str = "", *, apart: int = 20) -> Schedule:
    """The schedule of a seed. `apart`: percent of works in processes of their own."""
    return schedule(FromSeed(seed), f"seed {seed}", family, apart=apart)


def schedule(draw: Draws, name: str, family: str = "", *, apart: int = 20) -> Schedule:
    """A schedule; the first choice of each kind is the plainest."""
    streams = draw.of(FAMILIES[family or draw.of(("lists", "threads"))])
    page_size = draw.of((200, 1, 2, 3, 5, draw.number(1, 200)))
    steps = _some(draw, 1, 4, lambda: _step(draw, streams, page_size, apart))
    return Schedule(
        name=name,
        streams=streams,
        threads=draw.number(4, 10),
        readings=tuple(dict(_some(draw, 0, 3, lambda: _reading(draw))).items()),
        skew=draw.of((0.0, 0.0, 0.0, 60.0, -60.0, 3600.0, -3600.0, 40 * 86400.0)),
        visible_after=draw.of((0.0, 0.0, 0.0, 0.5, 20.0, 59.0)),
        overlap=draw.of((300, 0, 60, 0)),
        rebuilt=_chance(draw, 12),
        steps=steps,
    )


def _some(draw: Draws, low: int, high: int, one: Callable[[], T]) -> tuple[T, ...]:
    return tuple(one() for _ in range(draw.number(low, high)))


def _chance(draw: Draws, percent: int) -> bool:
    return draw.number(0, 99) >= 100 - percent


def _reading(draw: Draws) -> tuple[str, str]:
    name = draw.of(OF_MOMENT)
    return name, draw.of(Readings.choices()[name])


def _step(draw: Draws, streams: tuple[str, ...], page_size: int, apart: int) -> Step:
    works = [_work(draw, streams, page_size, apart, second=False)]
    if _chance(draw, apart):
        works.append(_work(draw, streams, page_size, apart, second=True))
    return Step(
        pause=draw.of((3600.0, 0.0, 0.3, 1.0, 20.0, 61.0, 301.0, 86400.0, 7 * 3600.0)),
        tick=draw.of((0.0, 0.001, 0.4, 7.0)),
        before=_some(draw, 0, 5, lambda: _change(draw, streams)),
        between=_some(draw, 0, 4, lambda: _between(draw, streams)),
        troubles=_troubles(draw, streams),
        works=tuple(works),
    )


def _work(
    draw: Draws, streams: tuple[str, ...], page_size: int, apart: int, *, second: bool
) -> Work:
    dies = None
    if _chance(draw, apart):
        what = draw.of(("disk", "disk", "request"))
        dies = (what, draw.number(1, draw.of((10, 40, 90)) if what == "disk" else 12))
    first_day = draw.number(0, 400)
    return Work(
        op=draw.of(("sync", "sync", "sync", "full", "full", "window", *OPERATIONS)),
        streams=_subset(draw, streams),
        page_size=page_size if _chance(draw, 80) else draw.of((1, 2, 4, 7, 200)),
        days=(first_day, draw.number(0, first_day)),
        publish=_chance(draw, 50),
        apart=second or dies is not None,
        sliced=_chance(draw, 50),
        dies=dies,
    )


def _subset(draw: Draws, streams: tuple[str, ...]) -> tuple[str, ...]:
    """Mostly all of them; a child alone, or a parent without its child, at times."""
    if _chance(draw, 75):
        return streams
    return tuple(sorted({draw.of(streams), draw.of(streams)}))


def _change(draw: Draws, streams: tuple[str, ...]) -> Change:
    stream = draw.of(streams)
    kinds = () if STREAMS[stream].parent else (*OF_ROWS, "update", "schema", "spoil")
    kind = draw.of((*kinds, *OF_STREAMS.get(stream, ())))
    return Change(kind, stream, draw.number(0, 50), draw.number(0, 99))


def _between(draw: Draws, streams: tuple[str, ...]) -> Between:
    return Between(draw.of(streams), draw.number(1, 9), _change(draw, streams))


def _troubles(draw: Draws, streams: tuple[str, ...]) -> tuple[Trouble, ...]:
    if not _chance(draw, 30):
        return ()
    return _some(draw, 1, 2, lambda: _trouble(draw, streams))


def _trouble(draw: Draws, streams: tuple[str, ...]) -> Trouble:
    stream = STREAMS[draw.of(streams)]
    if stream.parent is None and _chance(draw, 60):
        kind, path = draw.of(ON_LISTS), f"{stream.path}$"
    else:
        kind, path = (
            draw.of((*EVERYWHERE, *DANGEROUS)),
            draw.of(("", stream.path.partition("{")[0])),
        )
    if _chance(draw, 70):
        return Trouble(kind, path, draw.number(1, 9), 0)
    return Trouble(kind, path, 0, draw.of((10, 30, 100)))


def from_data(draw: Callable[[Any], Any]) -> Draws:
    """Choices of Hypothesis, given the `draw` of a composite strategy."""
    from hypothesis import strategies as st

    class FromData:
        def of(self, values: Sequence[T]) -> T:
            return values[draw(st.integers(0, len(values) - 1))]

        def number(self, low: int, high: int) -> int:
            return draw(st.integers(low, high))

    return FromData()
