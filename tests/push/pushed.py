"""A workspace with a warehouse of its contacts, and pushes to it in this process."""

from __future__ import annotations

import asyncio
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.published import reading
from connector.push.checking import check
from connector.push.plan import Plan
from connector.push.pushing import Pushing
from connector.push.source import from_csv
from connector.sandbox import Request
from schemas import WRITABLE
from tests.bench import Bench, no_sleep

CONTACTS = WRITABLE["contacts"]


@dataclass
class Desk:
    """What a test works with: a bench, and its contacts as they were synced."""

    at: Bench
    contacts: list[dict[str, Any]]

    def file(self, *rows: dict[str, Any]) -> Path:
        """A CSV file of these rows; what a row lacks is an empty cell."""
        path = self.at.settings.data_dir.parent / "rows.csv"
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def plan(self, *rows: dict[str, Any], resubscribe: bool = False) -> Plan:
        with reading(self.at.settings.data_dir) as con:
            return check(con, CONTACTS, from_csv(self.file(*rows)), resubscribe=resubscribe)

    def pushing(self, *rows: dict[str, Any], timeout: float = 60, **options: bool) -> Pushing:
        plan = self.plan(*rows, **options)
        assert plan.problems == ()
        return Pushing(self.at.settings, plan, sleep=no_sleep, timeout=timeout)

    def push(self, *rows: dict[str, Any], **options: Any) -> Pushing:
        pushing = self.pushing(*rows, **options)
        asyncio.run(pushing.carry_out())
        return pushing

    def patches(self) -> list[Request]:
        return [request for request in self.at.box.requests if request.method == "PATCH"]

    def now(self, number: int) -> dict[str, Any]:
        """A contact as the API has it."""
        return self.at.box.workspace.get("contacts", self.contacts[number]["id"])

    def writes(self, what: str = "outcome, answer_lost") -> list[tuple[Any, ...]]:
        return self.at.query(f"SELECT {what} FROM meta.writes ORDER BY began_at")

    def told(self, number: int, **fields: Any) -> dict[str, Any]:
        """A row of input for one contact."""
        return {"id": self.contacts[number]["id"], **fields}


def desk(at: Bench) -> Desk:
    at.sync("contacts", "companies")
    at.box.requests.clear()
    return Desk(at, at.box.workspace.live("contacts"))
