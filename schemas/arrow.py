"""What a stream's rows are in Arrow, and so in the lake's files.

Apart from the declarations: to import Arrow is a seventh of what `status` takes (measured).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:  # an endpoint imports this module when its schema is asked for
    from schemas.endpoint import Endpoint

STAMP = pa.timestamp("us", tz="UTC")
ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "stamp": STAMP,
    "texts": pa.list_(pa.string()),
    "json": pa.string(),
}
"""The Arrow type of each stored kind; `ref` and `ids` are stored as `json` and `text`."""

KINDS = b"kinds"
"""Under which name a schema notes what each of the stream's own columns holds."""

BOOKKEEPING = pa.schema(
    [
        ("_extra", pa.string()),
        ("_hash", pa.string()),
        ("_observed_at", STAMP),
        ("_walk", pa.string()),
        ("_request_id", pa.string()),
    ]
)
"""What every lake row carries beside the stream's own columns.

`_extra` holds the fields that the schema does not know, or whose value did not fit, as one JSON
object. `_hash` tells one content from another. `_observed_at` is the server's clock when the
page was answered; `_walk` and `_request_id` say by which walk and which request.
"""


def of_rows(endpoint: Endpoint) -> pa.Schema:
    """The schema of a lake file: the stream's columns, then the bookkeeping.

    It notes what the columns hold, which their types don't tell: JSON is a text as well, and
    so is an id that was taken from it (`derived`).

    >>> from schemas import STREAMS
    >>> of_rows(STREAMS["tags"]).metadata[KINDS]
    b'text,text,text,text,text,stamp,stamp'
    """
    own = [pa.field(name, ARROW[kind]) for name, kind, _ in endpoint.stored()]
    return pa.schema([*own, *BOOKKEEPING], {KINDS: ",".join(_kinds(endpoint))})


def of_deletions(endpoint: Endpoint) -> pa.Schema:
    """The schema of a lake file of tombstones: a row's, then when it went."""
    schema = of_rows(endpoint).append(pa.field("_last_seen_at", STAMP))
    return schema.append(pa.field("_noticed_at", STAMP))


def _kinds(endpoint: Endpoint) -> Iterator[str]:
    for column in endpoint.columns:
        for name, kind, _ in column.stored():
            yield kind if name == column.name else "derived"
