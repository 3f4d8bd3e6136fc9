"""What the models look at: rows of the published warehouse, as plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests import oracle

Row = dict[str, Any]


@dataclass
class Seen:
    """The rows of any table, and the clock and the zone that a model goes by."""

    data_dir: Path
    zone: str = "UTC"
    session: str = "UTC"
    """What a reader has set as time zone."""

    def rows(self, question: str) -> list[Row]:
        """The rows of a table, or of any question, by the names of their columns."""
        return _rows(self.data_dir, self.session, question)

    def by_id(self, table: str) -> dict[str, Row]:
        return {row["id"]: row for row in self.rows(table)}

    @cached_property
    def versions(self) -> dict[str, list[Row]]:
        """The versions of each thread in their order, tombstones included."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("history.threads"):
            found[row["id"]].append(row)
        for versions in found.values():
            versions.sort(key=lambda v: (v["_observed_at"], v["_walk"], v["updated_at"]))
        return found

    @cached_property
    def as_of(self) -> datetime:
        walks = self.rows("meta.walks")
        return max(walk["answered_at"] for walk in walks if walk["stream"] == "threads")

    def day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def said(self, thread: str) -> list[Row]:
        return self._by_thread["main.thread_messages"][thread]

    def noted(self, thread: str) -> list[Row]:
        return self._by_thread["main.thread_comments"][thread]

    @cached_property
    def _by_thread(self) -> dict[str, dict[str, list[Row]]]:
        found: dict[str, dict[str, list[Row]]] = {}
        for table in ("main.thread_messages", "main.thread_comments"):
            found[table] = defaultdict(list)
            for row in self.rows(table):
                found[table][row["thread_id"]].append(row)
        return found


@cache
def _rows(data_dir: Path, session: str, question: str) -> list[Row]:
    with oracle.published(data_dir) as con:
        con.execute(f"SET TimeZone = '{session}'")
        found = con.sql(f"FROM ({question})" if " " in question else f"FROM {question}")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
