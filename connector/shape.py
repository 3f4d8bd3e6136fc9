"""The warehouse on paper: every table and view that readers see, as it is declared.

Docs, the command `tables` and the tests that are asked of every table follow from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connector import analytics, bookkeeping, evidence, history
from connector.bookkeeping import Columns
from connector.derived import ENTITIES, REFERENCES
from connector.tables import DUCKDB, MAIN_OWN, PAST_OWN
from schemas import STREAMS, Endpoint

SCHEMAS = ("main", "history", "meta", "analytics")
"""The schemas for readers; `past` is where `history` keeps what is not in `main`."""


MADE_OF: dict[str, tuple[str, ...]] = {
    "main.thread_tags": ("threads",),
    "main.external_ids": tuple(ENTITIES),
    "meta.company_merges": ("companies", *evidence.MOVED),
}
"""The streams behind what is made of their rows; the other tables of `meta` are of the ledger."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view: its name with the schema, what a row is, its columns in order.

    `references` says which columns hold the `id` of a row of which table of `main`; `macros` are
    the table macros that give its columns at another moment, or for another time zone.
    """

    name: str
    meaning: str
    columns: Columns
    references: dict[str, str] = field(default_factory=dict)
    macros: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """The part of the name before the dot."""
        return self.name.split(".")[0]


def everything() -> Iterator[Table]:
    """Every table and view, schema by schema, in the order of the catalogue."""
    for endpoint in STREAMS.values():
        columns = _own(endpoint) | MAIN_OWN
        yield _in_main(endpoint.stream, endpoint.meaning, columns, dict(endpoint.references))
    for name, (meaning, columns) in bookkeeping.TABLES.items():
        if name.startswith("main."):
            bare = name.removeprefix("main.")
            yield _in_main(bare, meaning, columns, REFERENCES.get(name, {}))
    for endpoint in STREAMS.values():
        of_history = {name: (PAST_OWN[name][0], said) for name, said in history.COLUMNS.items()}
        yield Table(
            f"history.{endpoint.stream}",
            f"Every version: {endpoint.meaning}",
            _own(endpoint) | of_history,
            dict(endpoint.references),
        )
    for name, (meaning, columns) in (bookkeeping.TABLES | evidence.VIEWS).items():
        if name.startswith("meta."):
            yield Table(name, meaning, columns)
    for view in analytics.VIEWS.values():
        macros = (f"analytics.{view.macro}(tz)",) if view.macro else ()
        yield Table(f"analytics.{view.name}", view.meaning, view.columns, macros=macros)


def _in_main(bare: str, meaning: str, columns: Columns, references: dict[str, str]) -> Table:
    macros = (f"{bare}_as_of(ts)", f"{bare}_known_at(ts)")
    return Table(f"main.{bare}", meaning, columns, references, macros)


def streams_of(table: str) -> list[str]:
    """The streams whose rows a table (or view, but for those of `analytics`) is made of.

    >>> streams_of("main.thread_tags"), streams_of("history.threads"), streams_of("meta.walks")
    (['threads'], ['threads'], [])
    """
    schema, name = table.split(".")
    if schema in ("main", "history") and name in STREAMS:
        return [name]
    return list(MADE_OF.get(table, ()))


def _own(endpoint: Endpoint) -> Columns:
    return {name: (DUCKDB[kind], meaning) for name, kind, meaning in endpoint.stored()}
