"""A workspace in which changes happen, and the memory of what was true when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from connector.sandbox import Workspace
from schemas import STREAMS
from tests.soak.schedule import Change

Key = tuple[str | None, ...]
WORDS = {
    "threads": "title", "contacts": "name", "companies": "name", "tags": "name",
    "docs_articles": "title", "members": "name", "docs_groups": "name",
    "blocked_senders": "value", "thread_messages": "text", "thread_comments": "content",
}  # fmt: skip
"""The field of each stream that is edited."""


@dataclass
class Memory:
    """What a connector could know at best.

    `gone`: since when a row was not to be had, for each time. `silent`: rows whose latest change
    no window can show; `hidden` ones were left out of a list for longer than the lag allows.
    """

    gone: defaultdict[tuple[str, Key], list[datetime]] = field(
        default_factory=lambda: defaultdict(list)
    )
    silent: set[tuple[str, Key]] = field(default_factory=set)
    hidden: set[tuple[str, Key]] = field(default_factory=set)
    spoilt: set[tuple[str, str]] = field(default_factory=set)


class World:
    """A workspace in which changes happen and are remembered."""

    def __init__(self, space: Workspace) -> None:
        self.space = space
        self.memory = Memory()

    def heal(self) -> None:
        """What could not be read can be again."""
        for stream, key in sorted(self.memory.spoilt):
            row = self.space.tables[stream].rows[key]
            if row.raw is not None and not row.deleted:
                self.space.update(stream, key)
                self.honestly(stream, key)
        self.memory.spoilt.clear()

    # -- rows ------------------------------------------------------------------------------

    def key(self, stream: str, row: str, parent: str | None = None) -> Key:
        """A row's key in the warehouse, but for the type of a message."""
        if parent:
            return (parent, row)
        table = self.space.tables[stream]
        record = self.space.record(stream, table.rows[row])
        return tuple(record.get(name) for name in STREAMS[stream].key)

    def pick(self, change: Change, stream: str = "", *, deleted: bool = False) -> str | None:
        table = self.space.tables[stream or change.stream]
        keys = sorted(row.key for row in table.rows.values() if row.deleted is deleted)
        return keys[change.pick % len(keys)] if keys else None

    def pick_child(self, change: Change) -> tuple[str, str] | None:
        thread = self.pick(change, "threads")
        rows = sorted(self.space.ids(change.stream, thread)) if thread else []
        return (thread, rows[change.size % len(rows)]) if thread and rows else None

    # -- memory ----------------------------------------------------------------------------

    def honestly(self, stream: str, row: str) -> None:
        """From its latest change on, a window shows the row."""
        self.memory.silent -= {(stream, self.key(stream, row))} - self.memory.hidden

    def silently(self, stream: str, row: str) -> None:
        self.memory.silent.add((stream, self.key(stream, row)))

    def vanishes(self, stream: str, row: str, parent: str | None = None) -> None:
        self.memory.gone[stream, self.key(stream, row, parent)].append(self.space.clock.now())
