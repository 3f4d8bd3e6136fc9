"""`productlane-elt tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import faults, output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.shape import Table

AsMarkdown = Annotated[
    bool,
    typer.Option(
        "--markdown",
        help="The page docs/tables.md; with a schema, its list as the README has it.",
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Argument(
        help="A table or view, like threads or meta.runs, for its columns; or a schema.",
        show_default=False,
    ),
]


def tables(name: Name = None, as_json: AsJson = False, as_markdown: AsMarkdown = False) -> None:
    """List every table and view of the warehouse, or the columns of one, with what they mean.

    They are there after the first sync, and can be asked with "sql". Tables of schema main and
    views of schema analytics need no schema before their name here.
    """
    with faults.answering(as_json=as_json):
        found = _chosen(name)
        if as_json:
            output.document({"tables": [_facts(one) for one in found]})
        elif as_markdown:
            from connector.cli.guide import listed, markdown

            typer.echo(listed(found) if name else markdown())
        elif len(found) == 1:
            _show_columns(found[0])
        else:
            show(output.out(), TABLES, [[one.name, one.meaning] for one in found])


TABLES = (Column("table"), Column("what a row is", least=30))
COLUMNS = (Column("column"), Column("type"), Column("refers to"), Column("meaning", least=30))


def _chosen(name: str | None) -> list[Table]:
    """All tables, those of a schema, or the one of that name, with or without its schema."""
    from connector.errors import ConfigurationError
    from connector.shape import everything

    found = [*everything()]
    if name is None:
        return found
    chosen = [one for one in found if one.schema == name]
    if chosen := chosen or [one for one in found if name in _names(one)][:1]:
        return chosen
    raise ConfigurationError(
        f"there is no table {name!r}", todo="`productlane-elt tables` lists them"
    )


def _names(table: Table) -> set[str]:
    """All by which it may be asked for: with or without its schema, or by a macro's name."""
    full = {table.name, *(macro.partition("(")[0] for macro in table.macros)}
    readily = ("main.", "analytics.")
    return full | {name.partition(".")[2] for name in full if name.startswith(readily)}


def _show_columns(table: Table) -> None:
    output.out().print(f"{table.name}: {table.meaning}", markup=False)
    rows = [
        [name, kind, table.references.get(name, ""), meaning]
        for name, (kind, meaning) in table.columns.items()
    ]
    show(output.out(), COLUMNS, rows)
    if table.macros:
        what = "With another time zone" if table.schema == "analytics" else "At another moment"
        output.out().print(f"{what}: {', '.join(table.macros)}", markup=False, soft_wrap=True)


def _facts(table: Table) -> dict[str, Any]:
    return {
        "table": table.name,
        "meaning": table.meaning,
        "macros": list(table.macros),
        "columns": [
            {
                "name": name,
                "type": kind,
                "meaning": meaning,
                "refers_to": table.references.get(name),
            }
            for name, (kind, meaning) in table.columns.items()
        ],
    }
