"""The words in which an endpoint is declared: columns, parents, endpoints.

Only declarations belong here: frozen records that refuse impossible combinations.
How the data moves is in `connector`, when it runs is in `assets`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # see `schemas.arrow`
    import pyarrow as pa

Kind = Literal["text", "number", "flag", "stamp", "texts", "json", "ref", "ids", "ids_by_system"]
"""What a column holds.

`text`, `number`, `flag`: one scalar. `stamp`: an ISO 8601 date. `texts`: a list of strings.
`json`: anything, kept as JSON text. `ref`: a nested object with an `id`, kept as JSON, and
its id beside it as `<name>_id`. `ids`: the `external_ids` of REFERENCE 1.10, in any form,
kept as JSON; `ids_by_system` adds one text column per named system.
"""

Evidence = Literal["D", "C", "I"]
"""D documented, C seen in a public client, I inferred (REFERENCE, "How to read this document")."""

Area = Literal["feedback", "customers", "roadmap", "publishing", "team"]
Asked = Literal["window", "whole"]

SYSTEMS = ("intercom", "front", "zendesk", "hubspot", "plain", "productboard", "slack_channel")
"""The named systems of the object form of `external_ids` (REFERENCE 1.10)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record, as the API names it."""

    name: str
    kind: Kind
    meaning: str
    evidence: Evidence = "I"
    refers: str = ""
    """The stream whose `id` it holds; of a `ref`, its `<name>_id` does."""

    def stored(self) -> Iterator[tuple[str, Kind, str]]:
        """The columns that come of this field: (name, kind, meaning).

        >>> [name for name, _, _ in Column("owner", "ref", "who looks after it").stored()]
        ['owner_id', 'owner']
        """
        if self.kind == "ref":
            yield f"{self.name}_id", "text", f"Id of {self.name}: {self.meaning}"
        if self.kind in ("ref", "ids", "ids_by_system"):
            yield self.name, "json", self.meaning
        else:
            yield self.name, self.kind, self.meaning
        if self.kind == "ids_by_system":
            for system in SYSTEMS:
                yield f"{self.name}_{system}", "text", f"The id in {system}, where known by name"


def linked(columns: tuple[Column, ...], stream: str) -> tuple[Column, ...]:
    """The columns of a stream as they stand in a list of links to it: the id refers to its rows."""
    first, *others = columns
    return replace(first, refers=stream), *others


@dataclass(frozen=True, slots=True)
class Parent:
    """The stream whose rows a child list hangs under: one walk per row of it.

    `column` is the child's column that holds the parent's id, and the placeholder in the path.
    `signal` names the parent's columns whose movement calls for asking again.
    `query` fills a query parameter from a column of the parent: (parameter, column).
    """

    stream: str
    column: str
    signal: tuple[str, ...]
    query: tuple[str, str] | None = None


@dataclass(frozen=True)
class Endpoint:
    """One list of the API, and the stream that comes of it.

    `asked` says what a list lets us ask: by a `window` of `updated_at`, or only the `whole`.
    `filters` are sent with every request, so that no default hides rows; `flags` are walked once
    for each combination of true and false, because what is listed without them is not documented.
    `detail` is the path of one row, which confirms that it is gone. `offered_with` says what the
    workspace needs for the list to exist; where it is set, a refusal means "not offered here".
    `sliced`: the list takes `created_before`, and every row is known to have its `created_at`, so
    a long walk may be cut into slices.
    """

    stream: str
    path: str
    area: Area
    meaning: str
    scopes: tuple[str, ...]
    asked: Asked
    columns: tuple[Column, ...]
    evidence: Evidence
    key: tuple[str, ...] = ("id",)
    paged: bool = True
    shape: Literal["rows", "document"] = "rows"
    filters: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    detail: str | None = None
    parent: Parent | None = None
    each_team: bool = False
    by_name: bool = False
    sliced: bool = False
    offered_with: str = ""
    _names: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [name for column in self.columns for name, _, _ in column.stored()]
        object.__setattr__(self, "_names", frozenset(names))
        for rule, broken in self._rules(names):
            if broken:
                raise ValueError(f"endpoint {self.stream}: {rule}")

    def _rules(self, names: list[str]) -> Iterator[tuple[str, bool]]:
        placeholders = set(re.findall(r"{(\w+)}", self.path))
        bound = {self.parent.column} if self.parent else set()
        yield "a column is declared twice", len(names) != len(self._names)
        yield "a name begins with '_', which is ours", any(n.startswith("_") for n in names)
        yield (
            "every key column must be declared as text",
            not self.key
            or any(
                (k, "text") not in {(n, kind) for n, kind, _ in self.stored()} for k in self.key
            ),
        )
        yield (
            "asked by window needs an updated_at and pages",
            self.asked == "window" and ("updated_at" not in self._names or not self.paged),
        )
        yield (
            "a child is asked whole, under its parent",
            self.asked == "window" and bool(self.parent),
        )
        yield "the path names another parent than the one declared", not placeholders <= bound
        yield "the parent's column must be a column", not bound <= self._names
        yield "a document has no pages", self.shape == "document" and self.paged
        yield "flags need a detail path, which proves absence", bool(self.flags) and not self.detail
        yield (
            "slices need a created_at and pages, and no flags, which are walked one by one",
            self.sliced and ("created_at" not in self._names or not self.paged or bool(self.flags)),
        )
        yield (
            "asked per team, it must keep team_id",
            self.each_team and ("team_id" not in self._names),
        )

    def stored(self) -> Iterator[tuple[str, Kind, str]]:
        """The stream's columns in their order: (name, kind, meaning)."""
        for column in self.columns:
            yield from column.stored()

    @property
    def references(self) -> dict[str, str]:
        """Which stored columns hold the `id` of a row of which stream.

        >>> from schemas import STREAMS
        >>> STREAMS["thread_comments"].references
        {'thread_id': 'threads', 'user_id': 'members'}
        """
        parent = {self.parent.column: self.parent.stream} if self.parent else {}
        own = {
            f"{column.name}_id" if column.kind == "ref" else column.name: column.refers
            for column in self.columns
            if column.refers
        }
        return parent | own

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema of a lake file (`schemas.arrow`)."""
        from schemas import arrow

        return arrow.of_rows(self)

    @cached_property
    def deletions(self) -> pa.Schema:
        """The Arrow schema of a lake file of tombstones."""
        from schemas import arrow

        return arrow.of_deletions(self)

    @property
    def parts(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The fixed filters of each question that together make the whole list.

        >>> from schemas import STREAMS
        >>> len(STREAMS["threads"].parts), len(STREAMS["changelogs"].parts)
        (1, 4)
        """
        combinations = itertools.product(("true", "false"), repeat=len(self.flags))
        return tuple(
            (*self.filters, *zip(self.flags, values, strict=True)) for values in combinations
        )
