"""The word in which a view of `analytics` is declared; all else follows from the declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connector.bookkeeping import Columns
from connector.tables import in_order, text
from schemas import STREAMS

ZONE = ":tz"
"""Where a view's SQL speaks of a time zone: UTC in the view, the argument in its macro."""

READ_AT = "SELECT max(answered_at) AS as_of FROM meta.walks WHERE stream = 'threads'"
"""What views call now: when threads were last read, by the server's clock.

Not the reader's clock: a file that never changes gives one answer, and a stale one doesn't let
threads grow older that may long be done.
"""

IN_ORDER = in_order(STREAMS["threads"])
"""The order of a thread's versions."""


@dataclass(frozen=True, slots=True)
class View:
    """One view: its name, what a row is, its columns in order (type and meaning), its SQL.

    The SQL names every table with its schema. Where it speaks of a time zone (`:tz`), there is a
    table macro `<name>_in(tz)` beside the view, which has the same columns. Such SQL has no WITH:
    DuckDB 1.4.0 finds none of its names in a macro.
    """

    name: str
    area: str
    meaning: str
    columns: Columns
    sql: str

    @property
    def macro(self) -> str:
        """The name of the macro with a time zone of one's own; empty if days don't matter."""
        return f"{self.name}_in" if ZONE in self.sql else ""

    @property
    def reads(self) -> tuple[str, ...]:
        """What the SQL reads, with schemas, in the order of its first mention."""
        found = re.findall(r"\b(?:main|history|meta|analytics)\.\w+", self.sql)
        return tuple(dict.fromkeys(found))

    def create(self) -> Iterator[str]:
        """The statements that make the view and its macro, with their comments."""
        view = f"analytics.{self.name}"
        yield f"CREATE VIEW {view} AS {self.sql.replace(ZONE, text('UTC'))}"
        yield f"COMMENT ON VIEW {view} IS {text(self.meaning)}"
        for name, (_, meaning) in self.columns.items():
            yield f'COMMENT ON COLUMN {view}."{name}" IS {text(meaning)}'
        if self.macro:
            zoned = f"{self.meaning}; days as they are in the time zone tz"
            yield f"CREATE MACRO {view}_in(tz) AS TABLE {self.sql.replace(ZONE, 'tz')}"
            yield f"COMMENT ON MACRO TABLE {view}_in IS {text(zoned)}"
