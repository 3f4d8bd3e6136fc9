"""The JSON of rows: made once per row, with what is nested put in at the moment of serving.

Nested objects change without their row's knowing (REFERENCE, open question 5), so a thread's own
fields are kept apart from its contact, company, users and tags.
"""

from __future__ import annotations

from typing import Any

import orjson

from connector.sandbox.clock import Clock
from connector.sandbox.present import external_ids
from connector.sandbox.readings import Readings
from connector.sandbox.rows import Row
from connector.sandbox.store import Store, kept_json

USER_FIELDS = ("id", "name", "email", "image_url")
TAG_FIELDS = ("id", "name", "color", "icon")


class Rendering(Store):
    """A store whose rows can be served."""

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
        super().__init__(threads, seed, readings, clock, warm=warm, **more)
        self._past: dict[tuple[str, str], list[Row]] = {}
        self._fragments: dict[tuple[str, str], tuple[Row, bytes]] = {}

    def json(self, stream: str, row: Row) -> bytes:
        """The row as its list serves it."""
        if row.raw is not None:
            return row.raw
        if row.body is None:
            row.body = kept_json(self.presenters[stream].object(self.record(stream, row)))
        if stream == "threads":
            return b"%s,%s}" % (row.body[:-1], self._nested(row))
        return self._with_tags(row) if stream == "changelogs" else row.body

    def single(self, stream: str, row: Row) -> dict[str, Any]:
        """The row as its own path serves it."""
        listed: dict[str, Any] = orjson.loads(self.json(stream, row))
        if stream == "docs_articles":
            return self.presenters[stream].object(self.record(stream, row), listed=False)
        return listed

    def _nested(self, row: Row) -> bytes:
        links = row.links
        assert links is not None
        tags = [self._part("tags", tag, row, TAG_FIELDS) for tag in links.tags]
        return b'"contact":%s,"company":%s,"assignee":%s,"reporter":%s,"tags":[%s]' % (
            self._contact(links.contact, row),
            self._part("companies", links.company, row, None),
            self._part("members", links.assignee, row, USER_FIELDS),
            self._part("members", links.reporter, row, USER_FIELDS),
            b",".join(tag for tag in tags if tag != b"null"),
        )

    def _contact(self, key: str | None, thread: Row) -> bytes:
        row = self._seen_by("contacts", key, thread)
        if row is None:
            return b"null"
        if row.body is None:
            row.body = self._fragment("contacts", row, None)
        return row.body

    def _part(
        self, stream: str, key: str | None, outer: Row, names: tuple[str, ...] | None
    ) -> bytes:
        row = self._seen_by(stream, key, outer)
        if row is None or key is None:
            return b"null"
        known = self._fragments.get((stream, key))
        if known is None or known[0] is not row:
            known = self._fragments[stream, key] = (row, self._fragment(stream, row, names))
        return known[1]

    def _fragment(self, stream: str, row: Row, names: tuple[str, ...] | None) -> bytes:
        record = self.record(stream, row)
        served = self.presenters[stream].object(record)
        if names is not None:
            return kept_json({name: served[name] for name in names if name in served})
        if stream == "companies" and self.readings.external_ids == "documented":
            served["external_ids"] = external_ids(record["external_ids"], "object")
        return kept_json(served)

    def _seen_by(self, stream: str, key: str | None, outer: Row) -> Row | None:
        """The nested row as it is now, or as it was when the outer row last changed."""
        row = self.tables[stream].rows.get(key) if key else None
        frozen = self.readings.nested == "snapshot" and stream in ("contacts", "companies")
        if row is not None and frozen and row.turn > outer.turn:
            past = self._past[stream, row.key]
            row = next((old for old in reversed(past) if old.turn <= outer.turn), None)
        return None if row is None or row.deleted else row

    def _with_tags(self, row: Row) -> bytes:
        keys = self.record("changelogs", row)["tag_ids"]
        parts = [self._part("changelog_tags", key, row, TAG_FIELDS) for key in keys]
        tags = b",".join(part for part in parts if part != b"null")
        return b'%s,"tags":[%s]}' % ((row.body or b"{}")[:-1], tags)
