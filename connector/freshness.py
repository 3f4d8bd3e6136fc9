"""How fresh some tables are, in one sentence: what `meta.freshness` proves of all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb

_DERIVED = {"thread_tags": ("threads",), "external_ids": ("threads", "contacts", "companies")}
"""Tables of `main` that belong to no stream, and the streams that they are made of."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The bound that holds for every one of `streams`, by the server's clock.

    `as_of`: each row is as the source had it then or later, if every change moves `updated_at`.
    `complete_as_of`: the same without an if; up to then deletions are known, too. None: not yet.
    `unread`: those of them that were never read.
    """

    streams: tuple[str, ...]
    as_of: datetime | None
    complete_as_of: datetime | None
    unread: tuple[str, ...]

    def __str__(self) -> str:
        if self.unread:
            return f"Never read so far: {', '.join(self.unread)}."
        names = ", ".join(self.streams[:4])
        if more := len(self.streams[4:]):
            names = f"{names} and {more} more"
        if self.as_of is None:
            return (
                f"How fresh {names} is can't be said yet: some of it was never asked for. "
                "`productlane-elt status` says what."
            )
        changes = f"Fresh as of {_minute(self.as_of)} UTC ({names})"
        if self.complete_as_of is None:
            return f"{changes}; no full walk has looked for deletions yet."
        return f"{changes}; deletions are known as of {_minute(self.complete_as_of)}."


def freshness(con: duckdb.DuckDBPyConnection, tables: Collection[str]) -> Freshness | None:
    """The bound of these tables of `main`; None if no stream is among them.

    The connection's times are in UTC.
    """
    streams = sorted({name for table in tables for name in _DERIVED.get(table, (table,))})
    found = con.execute(
        "SELECT stream, stamped_from, proven_from, read_to FROM meta.freshness "
        "WHERE stream IN (SELECT unnest(?::VARCHAR[])) ORDER BY stream",
        [streams],
    ).fetchall()
    if not found:
        return None
    names, stamped, proven, read = zip(*found, strict=True)
    unread = tuple(name for name, at in zip(names, read, strict=True) if at is None)
    return Freshness(names, _oldest(stamped), _oldest(proven), unread)


def _oldest(stamps: tuple[datetime | None, ...]) -> datetime | None:
    known = [stamp for stamp in stamps if stamp is not None]
    return min(known) if len(known) == len(stamps) else None


def _minute(stamp: datetime) -> str:
    return f"{stamp:%Y-%m-%d %H:%M}"
