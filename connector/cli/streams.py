"""`productlane-elt streams`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.cli import output
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from schemas import Endpoint

KEPT = {
    "window": "what changed, by updated_at",
    "whole": "the whole list each time",
    "parent": "under each of the {parent} that moved",
    "by_name": "under each of the {parent} that moved, only when named",
}


def streams(as_json: AsJson = False) -> None:
    """List every stream: where it comes from, the scope it needs, how it is kept up to date.

    The names are those of `sync`, of the folders in the lake, and of the tables.
    """
    from schemas import STREAMS

    found = [facts(endpoint) for endpoint in STREAMS.values()]
    if as_json:
        output.document({"streams": found})
        return
    made = output.table("", ["stream", "path", "scope", "kept up to date by", "key", "partition"])
    for one in found:
        key, scopes = ", ".join(one["key"]), ", ".join(one["scopes"])
        made.add_row(one["stream"], one["path"], scopes, one["kept"], key, one["partition"])
    output.out().print(made)
    output.out().print(
        "Rows that are gone are found by `sync --full`. "
        "Streams that are read only when named cost a request per contact."
    )


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
