"""What can happen in a workspace, and what follows silently from it (REFERENCE 1.8).

Every change takes its stamp from the clock unless told otherwise. A change may be silent, that
is, not move `updated_at` (FAILURES B7), and it may carry a past stamp (REFERENCE 1.11).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from connector.sandbox.clock import to_micros
from connector.sandbox.present import HIDDEN
from connector.sandbox.rendering import Rendering
from connector.sandbox.rows import Row, Table
from connector.sandbox.sample import conversation, publishing
from connector.sandbox.sample.generate import factory
from connector.sandbox.sample.seeds import Record
from connector.sandbox.stamps import as_micros
from connector.sandbox.store import Store, as_row, links_of
from schemas import STREAMS

Stamp = bool | datetime
"""True: now. False: silently, `updated_at` stays. A moment: that one, even a past one."""

HARD = ("changelog_tags",)
FRESH = 10_000_000
"""Numbers of rows created later begin here, so that they never meet a generated one."""


class Changes(Rendering):
    """A workspace that can be changed, from any thread."""

    _made = 0

    def create(self, stream: str, parent: str | None = None, **fields: Any) -> str:
        """A new row, believable where no field is given; returns its key."""
        with self.lock:
            self._made += 1
            record = self._blank(stream, parent)
            key = str(fields.pop("id", record["id"]))
            given = {name: as_micros(value) for name, value in fields.items()}
            record = self._with(stream, {**record, "id": key}, given)
            if stream == "threads":
                record = self._opened(record, given)
            self._put(stream, self.own_table(stream, parent), key, record)
            if parent is not None:
                self._touch_parent(stream, parent, record)
            return key

    def _blank(self, stream: str, parent: str | None) -> Record:
        number, now = FRESH + self._made, self.stamp()
        if stream in ("thread_messages", "thread_comments"):
            record = _blank_child(self, stream, parent or "", number, now)
        else:
            record = dict(factory(stream)(self.seeds, number))
        if "joined_at" in record:
            record["joined_at"] = now
        return {**record, "created_at": now, "updated_at": now}

    def _opened(self, record: Record, given: Record) -> Record:
        """A new thread has one message, the synthesised first one (REFERENCE 2)."""
        first = as_row(conversation.opening(record))
        self._children["thread_messages", record["id"]] = Table("thread_messages", [first])
        begun = {"last_inbound_message_at": first.created, "last_outbound_message_at": None}
        return {**record, **begun, **{k: v for k, v in given.items() if k in begun}}

    def _with(self, stream: str, record: Record, fields: Record) -> Record:
        known = {c.name for c in STREAMS[stream].columns} | HIDDEN.get(stream, frozenset())
        known |= {"created_at", "updated_at", "base_id"}
        more = {name: value for name, value in fields.items() if name not in known}
        own = {name: value for name, value in fields.items() if name in known}
        for name in ("created_at", "updated_at"):
            if isinstance(own.get(name), int):
                own[name] = self.seeds.floor(own[name])
        extra = {**record.get("_extra", {}), **more}
        return {**record, **own, **({"_extra": extra} if extra else {})}

    def _put(self, stream: str, table: Table, key: str, record: Record, **state: Any) -> None:
        links = links_of(record) if stream == "threads" else None
        stamps = record["created_at"], record["updated_at"]
        old = table.rows.get(key)
        self._turn += 1
        if old is not None and self.readings.nested == "snapshot":
            self._past.setdefault((stream, key), []).append(old)
        number = old.number if old else -1
        row = Row(key, record, *stamps, number=number, links=links, turn=self._turn, **state)
        now = self.clock.micros()
        table.put(row, now, now + int(self.visibility_lag * 1e6))

    def update(
        self,
        stream: str,
        key: str,
        *,
        stamp: Stamp = True,
        parent: str | None = None,
        **fields: Any,
    ) -> None:
        """Change fields of a row."""
        with self.lock:
            table = self.own_table(stream, parent)
            record = self._record_of(stream, table, key)
            given: Record = {name: as_micros(value) for name, value in fields.items()}
            if stream == "threads" and "status" in given:
                given = {**_status_change(given["status"], self.stamp()), **given}
            if stream == "contacts" and "company_id" in given and "company_ids" not in given:
                given["company_ids"] = _primary_first(given["company_id"], record)
            if (moment := self._moment(stamp)) is not None:
                given = {"updated_at": moment, **given}
            self._put(stream, table, key, self._with(stream, record, given))
            if parent is not None:
                self._touch_parent(stream, parent, given)

    def _record_of(self, stream: str, table: Table, key: str) -> Record:
        row = table.rows[key]
        if row.deleted:
            raise LookupError(f"{stream} {key} is deleted")
        return self.record(stream, row)

    def stamp(self) -> int:
        """The clock, as finely as stamps are kept."""
        return self.seeds.floor(self.clock.micros())

    def _moment(self, stamp: Stamp) -> int | None:
        if isinstance(stamp, datetime):
            return self.seeds.floor(to_micros(stamp))
        return self.stamp() if stamp else None

    def delete(self, stream: str, key: str, parent: str | None = None) -> None:
        """Delete a row: softly, except for changelog tags, which are gone for good."""
        with self.lock:
            table = self.own_table(stream, parent)
            record = self._record_of(stream, table, key)
            self._put(stream, table, key, record, deleted=True)
            self._unlink(stream, key)
            if stream in HARD:
                del table.rows[key]

    def _unlink(self, stream: str, key: str) -> None:
        """What pointed to the row loses it, silently. Tags go by being looked up when served."""
        if stream == "companies":
            self._repoint(key, None, bump=False)
        if stream == "docs_groups":
            for row in list(self.tables["docs_articles"].living()):
                if self.record("docs_articles", row)["group_id"] == key:
                    self.update("docs_articles", row.key, stamp=False, group_id=None)

    def undelete(self, stream: str, key: str, parent: str | None = None) -> None:
        """Bring a softly deleted row back as it was."""
        with self.lock:
            table = self.own_table(stream, parent)
            self._put(stream, table, key, self.record(stream, table.rows[key]))

    def merge_companies(self, winner: str, loser: str) -> None:
        """The winner absorbs the loser: contacts and threads move, the loser is deleted."""
        with self.lock:
            if winner == loser:
                raise ValueError("a company can't absorb itself")
            self._record_of("companies", self.tables["companies"], winner)
            self._repoint(loser, winner, bump=self.readings.merge_bumps == "yes")
            self.delete("companies", loser)

    def _repoint(self, old: str, new: str | None, *, bump: bool) -> None:
        for row in list(self.tables["contacts"].living()):
            ids = self.record("contacts", row)["company_ids"]
            if old in ids:
                self._move_contact(row.key, ids, old, new, bump=bump)
        for row in list(self.tables["threads"].living()):
            if row.links and row.links.company == old:
                self.update("threads", row.key, stamp=bump, company_id=new)

    def _move_contact(
        self, key: str, ids: list[str], old: str, new: str | None, *, bump: bool
    ) -> None:
        moved = [new if one == old else one for one in ids]
        left = list(dict.fromkeys(one for one in moved if one))
        primary = left[0] if left else None
        self.update("contacts", key, stamp=bump, company_id=primary, company_ids=left)

    def add_message(self, thread_id: str, **fields: Any) -> str:
        """A new message in a thread, inbound unless said otherwise."""
        return self.create("thread_messages", thread_id, **fields)

    def add_comment(self, thread_id: str, **fields: Any) -> str:
        """A new internal note in a thread."""
        return self.create("thread_comments", thread_id, **fields)

    def _touch_parent(self, stream: str, parent: str, record: Record) -> None:
        """A message shows in its thread's last_*_at; whether it moves the thread is a reading."""
        above = STREAMS[stream].parent
        if above is None or above.stream != "threads":
            return
        fields: Record = {}
        if stream == "thread_messages" and record.get("direction"):
            name = f"last_{record['direction']}_message_at"
            fields = {name: record.get("created_at", self.stamp())}
        bump = self.readings.children_bump == "yes"
        if fields or bump:
            self.update("threads", parent, stamp=bump, **fields)

    def add_translation(self, stream: str, key: str, language: str) -> str:
        """A new translation of a changelog or article; returns its key."""
        with self.lock:
            base = self._record_of(stream, self.tables[stream], key)
            record = publishing.translation(self.seeds, stream, base, language)
            now = self.stamp()
            shared = record["id"] == base["id"]
            new = f"{key}:{language}" if shared else record["id"]
            record = {**record, "created_at": now, "updated_at": now}
            self._put(stream, self.tables[stream], new, record)
            return new


def _blank_child(store: Store, stream: str, thread: str, number: int, now: int) -> Record:
    row = store.tables["threads"].rows[thread]
    draw = store.seeds.draw(stream, number)
    if stream == "thread_messages":
        return {**conversation.blank(draw.id(), row.key, now), "text": f"New message {number}"}
    return {
        "id": draw.id(),
        "thread_id": row.key,
        "content": f"<p>New note {number}</p>",
        "attachments": [],
        "user_id": store.seeds.some("members", draw),
    }


def _status_change(status: str, now: int) -> Record:
    return {"tab": status, "last_state_change_at": now}


def _primary_first(primary: str | None, record: Record) -> list[str]:
    others = [one for one in record["company_ids"] if one != record["company_id"]]
    return list(dict.fromkeys(one for one in (primary, *others) if one))
