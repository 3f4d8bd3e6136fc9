"""The page docs/tables.md: every table with its columns, and how they join."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector import history
from connector.analytics import VIEWS
from connector.bookkeeping import Columns
from connector.shape import Table, everything
from connector.tables import MAIN_OWN, PAST_OWN

HEAD = """\
# The tables of the warehouse

What `data/productlane.duckdb` holds, made from the declarations by
`productlane-elt tables --markdown`. The same words stand in the file itself, as comments on
tables, views and columns. How the tables behave (deletions, history, freshness) is in the
[README](../README.md#tables).
"""

JOINS = """\
## How they join

Each line leads from a column to the `id` of the table that it refers to. Ids that lead to no table
(Linear's users, labels and teams) are not drawn. `external_ids.entity_id` is the id of a thread,
a contact or a company, as `entity_type` says.
"""

ANALYTICS = """\
## analytics

Views for people. Days, weeks and months begin in UTC, whatever the time zone of the session;
where a view has them, `analytics.<view>_in('Europe/Berlin')` has the same columns with the borders
of that zone. "Now" is when threads were last read.
"""

MAIN = """\
## main

The rows that the API lists now, one for each key. Every table of a stream ends with these columns:
"""

HISTORY = """\
## history

For every stream a view of the same name with every version ever seen: the columns of its table in
`main`, then these.
"""

META = """\
## meta

The connector's own records.
"""


def markdown() -> str:
    """The whole page, without the last line's end."""
    return "\n".join(_page()).rstrip()


def listed(tables: Iterable[Table]) -> str:
    """Names and meanings of some tables; the README has that of the schema `analytics`."""
    rows = [f"| `{table.name}` | {table.meaning} |" for table in tables]
    return "\n".join(["| table | what a row is |", "|---|---|", *rows])


def _page() -> Iterator[str]:
    tables = {schema: [*found] for schema, found in _by_schema(everything())}
    yield HEAD
    yield JOINS
    yield from _diagram(tables["main"])
    yield ANALYTICS
    for table in tables["analytics"]:
        yield from _section(table, table.columns)
        yield from _sources(table)
    yield MAIN
    yield from _columns(MAIN_OWN, {})
    for table in tables["main"]:
        own = {name: said for name, said in table.columns.items() if name not in MAIN_OWN}
        yield from _section(table, own)
    yield HISTORY
    of_history = {name: (PAST_OWN[name][0], said) for name, said in history.COLUMNS.items()}
    yield from _columns(of_history, {})
    yield META
    for table in tables["meta"]:
        yield from _section(table, table.columns)


def _by_schema(tables: Iterable[Table]) -> Iterator[tuple[str, list[Table]]]:
    found = [*tables]
    for schema in dict.fromkeys(table.schema for table in found):
        yield schema, [table for table in found if table.schema == schema]


def _section(table: Table, columns: Columns) -> Iterator[str]:
    yield f"### {table.name}\n\n{table.meaning}.\n"
    yield from _columns(columns, table.references)


def _columns(columns: Columns, references: dict[str, str]) -> Iterator[str]:
    yield "| column | type | meaning |\n|---|---|---|"
    for name, (kind, meaning) in columns.items():
        target = references.get(name)
        refers = f" → [`{target}`](#main{target})" if target else ""
        yield f"| `{name}` | {kind} | {meaning}{refers} |"
    yield ""


def _sources(table: Table) -> Iterator[str]:
    view = VIEWS[table.name.split(".")[1]]
    yield f"Made of {', '.join(f'`{name}`' for name in view.reads)}.\n"
    if view.macro:
        yield f"With another time zone: `analytics.{view.macro}(tz)`.\n"


def _diagram(tables: list[Table]) -> Iterator[str]:
    """Mermaid: the columns that join, and a line for each reference."""
    streams = {table.name.split(".")[1]: table for table in tables}
    joined = {target for table in tables for target in table.references.values()}
    yield "```mermaid\nerDiagram"
    for name, table in streams.items():
        for column, target in table.references.items():
            yield f"    {target} |o--o{{ {name} : {column}"
    for name, table in streams.items():
        keys = [column for column in table.columns if column in table.references]
        ids = ["id"] if name in joined and "id" not in keys else []
        if keys or ids:
            yield f"    {name} {{"
            yield from (f"        VARCHAR {column} PK" for column in ids)
            yield from (f"        VARCHAR {column} FK" for column in keys)
            yield "    }"
    yield "```\n"
