"""The workspace behind the sandbox: its rows, its changes, and the oracle of what is listed."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import orjson

from connector.sandbox.changes import Changes
from connector.sandbox.clock import Clock, to_micros
from connector.sandbox.documents import customer_portal, linear_options, roadmap
from connector.sandbox.random_changes import change_randomly
from connector.sandbox.readings import Readings
from connector.sandbox.rows import Row
from connector.sandbox.store import is_table
from schemas import STREAMS


class Workspace(Changes):
    """A workspace drawn from a seed; the same seed and sizes give the same data.

    `threads` sets the scale, from 0 to 1,000,000; any stream's number of rows can be set by its
    name: `Workspace(200, contacts=5)`. `warm` makes the JSON of all rows at once rather than at
    the first request for each.
    """

    def __init__(
        self,
        threads: int = 200,
        seed: int = 7,
        readings: Readings | None = None,
        clock: Clock | None = None,
        *,
        warm: bool = False,
        **sizes: int,
    ) -> None:
        readings, clock = readings or Readings(), clock or Clock()
        super().__init__(threads, seed, readings, clock, warm=warm, **sizes)

    def get(self, stream: str, key: str, parent: str | None = None) -> dict[str, Any]:
        """One row as its own path serves it now; LookupError if it is deleted."""
        with self.lock:
            table = self.table(stream, parent)
            self._record_of(stream, table, key)
            return self.single(table.stream, table.rows[key])

    def ids(self, stream: str, parent: str | None = None) -> list[str]:
        """The keys of the rows that are not deleted, in the order of the list."""
        with self.lock:
            rows = self.table(stream, parent).living()
            return [row.key for row in sorted(rows, key=lambda row: row.place, reverse=True)]

    def live(self, stream: str, parent: str | None = None) -> list[Any]:
        """The oracle: all that the API lists now to a caller from whom nothing is hidden.

        Children come with their parent's id under the child's parent column; without `parent`,
        those of all parents. A document comes as a list of one.
        """
        with self.lock:
            if not self.offered(stream):
                return []
            endpoint = STREAMS[stream]
            if endpoint.parent is None:
                return self._live_top(stream)
            above, column = endpoint.parent.stream, endpoint.parent.column
            parents = [parent] if parent else [row.key for row in self.listed(above)]
            found = ((one, row) for one in parents for row in self._live_under(stream, one))
            return [{column: one, **row} for one, row in found]

    def _live_top(self, stream: str) -> list[Any]:
        if not is_table(stream):
            document = self.document(stream)
            return [] if document is None else [document]
        found = [parsed(self.json(stream, row)) for row in self.listed(stream)]
        if STREAMS[stream].each_team:
            teams = [self.record(stream, row)["team_id"] for row in self.listed(stream)]
            found = [{"team_id": t, **row} for t, row in zip(teams, found, strict=True)]
        return found

    def _live_under(self, stream: str, parent: str) -> list[Any]:
        if STREAMS[stream].shape == "document":
            return [customer_portal(self, parent)]
        shown = self.table(stream, parent).stream
        return [parsed(self.json(shown, row)) for row in self.listed(stream, parent)]

    def document(self, stream: str) -> Any:
        """The one document of a stream that is no list of rows."""
        if stream == "linear_options":
            return linear_options(self)
        return roadmap(self) if stream == "portal_roadmap" else {"id": stream}

    def listed(self, stream: str, parent: str | None = None) -> list[Row]:
        """The rows in a list now, in the default order."""
        table = self.table(stream, parent)
        table.settle(self.clock.micros())
        rows = list(reversed(table.shown))
        if self.readings.translations == "not_listed" and stream in ("changelogs", "docs_articles"):
            rows = [row for row in rows if "base_id" not in self.record(stream, row)]
        return rows

    def offered(self, stream: str) -> bool:
        """Does this workspace, by plan and Linear, have the list at all? (REFERENCE 1.7)"""
        return self.refusal_status(stream) is None

    def refusal_status(self, stream: str) -> str | None:
        """The status, or `null`, with which a list that isn't offered is answered."""
        readings = self.readings
        if stream in ("project_statuses", "workflow_states") and readings.linear != "connected":
            return readings.linear
        if stream in ("snippets", "snippet_folders") and readings.plan == "free":
            return "403"
        if stream == "contact_portals" and readings.plan != "scale":
            return "403"
        return readings.invites if stream == "invites" and readings.invites != "listed" else None

    def change_randomly(self, rng: random.Random, n: int = 1) -> dict[str, int]:
        """Make `n` believable changes; the result counts them by kind."""
        return change_randomly(self, rng, n)

    # Arrangements for tests

    def schema_change(
        self, stream: str, add: dict[str, Any] | None = None, remove: tuple[str, ...] = ()
    ) -> None:
        """From now on every row of the stream has these further fields, and lacks those."""
        with self.lock:
            presenter = self.presenters[stream]
            presenter.added = {**presenter.added, **(add or {})}
            presenter.removed |= set(remove)
            self._fragments.clear()
            children = [t for (name, _), t in self._children.items() if name == stream]
            tables = [self.tables[stream]] if stream in self.tables else children
            for row in (row for table in tables for row in table.shown):
                row.body = None

    def hide_until(self, stream: str, key: str, when: datetime, parent: str | None = None) -> None:
        """Leave a row out of its list until the clock says `when`."""
        with self.lock:
            table = self.own_table(stream, parent)
            table.hide(key, self.clock.micros(), to_micros(when))

    def put_raw(self, stream: str, key: str, text: str, parent: str | None = None) -> None:
        """Let the list show this text for the row, whatever it is, until the row is updated."""
        with self.lock:
            table = self.own_table(stream, parent)
            record = self._record_of(stream, table, key)
            self._put(stream, table, key, record, raw=text.encode())


def parsed(text: bytes) -> Any:
    """What a client reads; text that is no JSON stays text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode()
