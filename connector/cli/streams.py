"""`productlane-elt streams`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from schemas import Endpoint

KEPT = {
    "window": "what changed, by updated_at",
    "whole": "the whole list each time",
    "parent": "under each of the {parent} that moved",
    "by_name": "under each of the {parent} that moved, only when named",
}


AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="The table as the README has it.", show_default=False)
]


def streams(as_json: AsJson = False, as_markdown: AsMarkdown = False) -> None:
    """List every stream: where it comes from, the scope it needs, how it is kept up to date.

    The names are those of `sync`, of the folders in the lake, and of the tables.
    """
    from schemas import STREAMS

    if as_markdown:
        typer.echo(markdown())
        return
    found = [facts(endpoint) for endpoint in STREAMS.values()]
    if as_json:
        output.document({"streams": found})
        return
    show(output.out(), COLUMNS, [_row(one) for one in found])
    output.out().print(
        "Rows that are gone are found by `sync --full`. "
        "Streams that are read only when named cost a request per contact."
    )


COLUMNS = (
    Column("stream"),
    Column("path", rank=2),
    Column("scope", least=14),
    Column("kept up to date by", least=20),
    Column("key", rank=1, least=9),
    Column("partition", rank=3),
)


def _row(one: dict[str, Any]) -> list[str]:
    key, scopes = ", ".join(one["key"]), ", ".join(one["scopes"])
    return [one["stream"], one["path"], scopes, one["kept"], key, one["partition"]]


def markdown() -> str:
    """The stream table of the README."""
    from schemas import STREAMS

    lines = [
        "| stream | what | path | scope | kept up to date by | key |",
        "|---|---|---|---|---|---|",
    ]
    for one in map(facts, STREAMS.values()):
        scopes, key = (", ".join(f"`{name}`" for name in one[n]) for n in ("scopes", "key"))
        lines.append(
            f"| `{one['stream']}` | {one['meaning']} | `{one['path']}` | {scopes} "
            f"| {one['kept']} | {key} |"
        )
    return "\n".join(lines)


def facts(endpoint: Endpoint) -> dict[str, Any]:
    """What there is to know about a stream."""
    return {
        "stream": endpoint.stream,
        "path": endpoint.path,
        "meaning": endpoint.meaning,
        "scopes": list(endpoint.scopes),
        "needs": endpoint.offered_with or None,
        "kept": _kept(endpoint),
        "by_name": endpoint.by_name,
        "key": list(endpoint.key),
        "partition": "updated_date" if endpoint.asked == "window" else "snapshot_date",
        "columns": [
            {"name": name, "kind": kind, "meaning": meaning}
            for name, kind, meaning in endpoint.stored()
        ],
    }


def _kept(endpoint: Endpoint) -> str:
    if endpoint.parent:
        kind = "by_name" if endpoint.by_name else "parent"
        return KEPT[kind].format(parent=endpoint.parent.stream)
    return KEPT[endpoint.asked]
