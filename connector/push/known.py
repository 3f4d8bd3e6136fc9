"""What the published warehouse knows of the rows that an input speaks of.

An input may have a hundred thousand lines: each kind of question is asked once, for all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from connector.push.values import Value
from connector.tables import quoted
from schemas import Link, Writable

ENTITY = {"companies": "company", "contacts": "contact", "threads": "thread"}
"""What `main.external_ids` calls a stream's rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the stream, with the fields that can be written."""

    key: str
    address: str
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Known:
    """Reads an open warehouse."""

    con: duckdb.DuckDBPyConnection
    writable: Writable

    def by_id(self, ids: Collection[str]) -> dict[str, list[Row]]:
        """The rows of these ids."""
        return self._rows("t.id = a.asked", ids)

    def by_address(self, addresses: Collection[str]) -> dict[str, list[Row]]:
        """The rows of these addresses, in whatever case."""
        return self._rows(f'lower(t."{self.writable.address}") = lower(a.asked)', addresses)

    def linked(self, link: Link, by: str, named: Collection[str]) -> dict[str, list[str]]:
        """The ids of the rows that a link may hold, for each text that names them so."""
        table = f"main.{link.stream} t"
        same = f't."{by}" = a.asked'
        if by == "external_id":
            table = (
                f"(SELECT x.entity_id AS id, x.external_id FROM main.external_ids x "
                f"JOIN main.{link.stream} c ON c.id = x.entity_id "
                f"WHERE x.entity_type = '{ENTITY[link.stream]}') t"
            )
        return {
            text: [key for (key,) in rows]
            for text, rows in self._found("t.id", table, same, named).items()
        }

    def names(self, link: Link, ids: Collection[str]) -> dict[str, str]:
        """What people call the rows of these ids."""
        found = self._found("t.name", f"main.{link.stream} t", "t.id = a.asked", ids)
        return {key: rows[0][0] for key, rows in found.items() if rows[0][0]}

    def current_to(self) -> datetime | None:
        """Up to when the warehouse has every change of the stream."""
        found = self.con.execute(
            "SELECT stamped_from FROM meta.freshness WHERE stream = ?", [self.writable.stream]
        ).fetchall()
        return found[0][0] if found else None

    def _rows(self, same: str, asked: Collection[str]) -> dict[str, list[Row]]:
        columns = ["id", self.writable.address, *self.writable.written]
        found = self._found(quoted(columns, "t."), f"main.{self.writable.stream} t", same, asked)
        return {
            text: [
                Row(key, address or "", dict(zip(self.writable.written, values, strict=True)))
                for key, address, *values in rows
            ]
            for text, rows in found.items()
        }

    def _found(
        self, what: str, table: str, same: str, asked: Collection[str]
    ) -> dict[str, list[Any]]:
        rows = self.con.execute(
            f"SELECT DISTINCT a.asked, {what} "
            f"FROM (SELECT unnest(?::VARCHAR[]) AS asked) a JOIN {table} ON {same} "
            "ORDER BY ALL",
            [list(asked)],
        ).fetchall()
        found: dict[str, list[Any]] = defaultdict(list)
        for text, *rest in rows:
            found[text].append(rest)
        return found
