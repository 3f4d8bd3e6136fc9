"""The tables of a workspace, and how its rows are found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import orjson

from connector.sandbox.clock import Clock, to_micros
from connector.sandbox.present import Presenter
from connector.sandbox.readings import Readings
from connector.sandbox.rows import Links, Row, Table
from connector.sandbox.sample import conversation, publishing
from connector.sandbox.sample.generate import factory, sizes
from connector.sandbox.sample.seeds import Record, Seeds
from schemas import STREAMS

TRANSLATED = ("changelogs", "docs_articles")
CONVERSATIONS: dict[str, Callable[[Seeds, Record, int], list[Record]]] = {
    "thread_messages": conversation.messages,
    "thread_comments": conversation.comments,
}


class Store:
    """All rows of a workspace. Whoever reads or changes it holds `lock`."""

    def __init__(
        self,
        threads: int,
        seed: int,
        readings: Readings,
        clock: Clock,
        *,
        warm: bool = False,
        **more: int,
    ) -> None:
        self.lock = threading.RLock()
        self.readings, self.clock, self.seed = readings, clock, seed
        self.visibility_lag = 0.0
        self.seeds = Seeds(seed, {**sizes(threads), **more}, to_micros(clock.start), readings)
        self.presenters = {stream: Presenter(stream, readings) for stream in STREAMS}
        self._turn = 0
        self._warm = warm
        self._children: dict[tuple[str, str], Table] = {}
        self._index: dict[str, list[Row]] = {}
        self._addresses: dict[str, str] = {}
        self._indexed = self._addressed = -1
        self.tables = {stream: self._build(stream) for stream in STREAMS if is_table(stream)}

    def _build(self, stream: str) -> Table:
        make, count = factory(stream), self.seeds.sizes[stream]
        rows = [self._drawn(stream, make(self.seeds, n), n) for n in range(count)]
        if stream in TRANSLATED:
            rows += self._translations(stream, count)
        return Table(stream, rows)

    def _drawn(self, stream: str, record: Record, number: int) -> Row:
        # The three big streams can be drawn again; the records of the others are kept.
        keep = None if stream in ("threads", "contacts", "companies") else record
        links = links_of(record) if stream == "threads" else None
        stamps = record["created_at"], record["updated_at"]
        row = Row(record["id"], keep, *stamps, number=number, links=links)
        if self._warm:
            row.body = kept_json(self.presenters[stream].object(record))
        return row

    def _translations(self, stream: str, count: int) -> list[Row]:
        rows = []
        for number in range(0, count, 5):
            base = factory(stream)(self.seeds, number)
            language = publishing.LANGUAGES[number // 5 % 2]
            record = publishing.translation(self.seeds, stream, base, language)
            shared = record["id"] == base["id"]
            key = f"{base['id']}:{language}" if shared else record["id"]
            rows.append(Row(key, record, record["created_at"], record["updated_at"]))
        return rows

    def record(self, stream: str, row: Row) -> Record:
        """The record of a row; drawn again if it was never changed. Not to be modified."""
        return row.record if row.record is not None else factory(stream)(self.seeds, row.number)

    def table(self, stream: str, parent: str | None = None) -> Table:
        """A stream's table, or the list under one parent."""
        if stream in self.tables:
            return self.tables[stream]
        if parent is None:
            raise LookupError(f"{stream} hangs under a parent: say which one")
        return self._children.get((stream, parent)) or self._under(stream, parent)

    def own_table(self, stream: str, parent: str | None) -> Table:
        """As `table`, but kept, so that it can be changed."""
        table = self.table(stream, parent)
        if parent is not None and stream not in self.tables:
            self._children[stream, parent] = table
        return table

    def _under(self, stream: str, parent: str) -> Table:
        if stream.startswith("contact_"):
            return Table(stream.replace("contact_", "", 1), self._linked(stream, parent))
        above = STREAMS[stream].parent
        assert above is not None
        row = self.tables[above.stream].rows.get(parent)
        if row is None or row.number < 0:
            return Table(stream)
        drawn = factory(above.stream)(self.seeds, row.number)
        return Table(stream, map(as_row, self._drawn_under(stream, drawn, row.number)))

    def _drawn_under(self, stream: str, parent: Record, number: int) -> list[Record]:
        if stream in CONVERSATIONS:
            return CONVERSATIONS[stream](self.seeds, parent, number)
        above = STREAMS[stream].parent
        assert above is not None
        rows = [factory(stream)(self.seeds, number * 3 + n) for n in range(3)]
        return [{**record, above.column: parent["id"]} for record in rows]

    def _linked(self, stream: str, contact: str) -> list[Row]:
        """Companies, issues or projects of a contact, the primary company first."""
        if stream == "contact_companies":
            row = self.tables["contacts"].rows[contact]
            keys: Iterable[str] = self.record("contacts", row)["company_ids"]
        else:
            keys = self._needs(contact, "issues" if stream == "contact_issues" else "projects")
        rows = self.tables[stream.replace("contact_", "", 1)].rows
        return [rows[key] for key in keys if key in rows and not rows[key].deleted]

    def _needs(self, contact: str, kind: str) -> list[str]:
        threads = self.threads_of(contact)
        return sorted({key for row in threads if row.links for key in getattr(row.links, kind)})

    def threads_of(self, contact: str) -> list[Row]:
        """The threads of a contact, by an index that is rebuilt when a thread has changed."""
        table = self.tables["threads"]
        if self._indexed != table.version:
            self._index.clear()
            for row in table.living():
                if row.links and row.links.contact:
                    self._index.setdefault(row.links.contact, []).append(row)
            self._indexed = table.version
        return self._index.get(contact, [])

    def contact_of(self, email: str) -> str | None:
        """The key of the living contact with this address, in any case."""
        table = self.tables["contacts"]
        if self._addressed != table.version:
            rows = ((self.record("contacts", row)["email"], row.key) for row in table.living())
            self._addresses = {address.lower(): key for address, key in rows}
            self._addressed = table.version
        return self._addresses.get(email.lower())


def kept_json(served: Record) -> bytes:
    """JSON to be kept: orjson's own result occupies kilobytes, whatever its length."""
    return bytes(memoryview(orjson.dumps(served)))


def is_table(stream: str) -> bool:
    """Is the stream kept as one table, or drawn under its parents or as a document?"""
    endpoint = STREAMS[stream]
    return endpoint.parent is None and endpoint.shape == "rows"


def as_row(record: Record) -> Row:
    """The first state of a row that is kept with its record."""
    return Row(record["id"], record, record["created_at"], record["updated_at"])


def links_of(record: Record) -> Links:
    """Where a thread's record points."""
    return Links(
        record["contact_id"],
        record["company_id"],
        record["assignee_id"],
        record["reporter_id"],
        tuple(record["tag_ids"]),
        tuple(record["issue_ids"]),
        tuple(record["project_ids"]),
    )
