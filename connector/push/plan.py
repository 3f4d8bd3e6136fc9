"""What a push would change, and what is wrong with its input, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connector.push.source import Problem
from connector.push.values import Value
from schemas import Writable


@dataclass(frozen=True, slots=True)
class Change:
    """What one line would change of one row: the fields that differ, as they are and shall be.

    `address` is the row's own, as the warehouse has it: what a person knows it by.
    """

    line: int
    key: str
    address: str
    old: dict[str, Value]
    new: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of an input; to be carried out only if it has no problems.

    `current_to`: up to then, by the server's clock, the warehouse has every change of the stream.
    `names` are those of the rows that links hold the ids of.
    """

    writable: Writable
    unit: Literal["line", "row"]
    lines: int
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    current_to: datetime | None
    names: dict[str, str]

    @property
    def unchanged(self) -> int:
        """Lines that ask for what the warehouse shows already."""
        return self.lines - len(self.changes)

    def shown(self, field: str, value: Value) -> str:
        """A value for people: a link by its name, if that is known."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        links = [link.name for link in self.writable.links]
        return f"{self.names[value]} ({value})" if field in links and value in self.names else value
