"""The whole of an input, judged before anything is sent: all that is wrong with it, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import duckdb

from connector.push import values
from connector.push.known import Known, Row
from connector.push.plan import Change, Plan
from connector.push.source import HEADER, Input, Line, Problem
from connector.push.values import Value
from schemas import Link, Writable


def check(
    con: duckdb.DuckDBPyConnection, writable: Writable, found: Input, *, resubscribe: bool = False
) -> Plan:
    """What the input would change, and its problems; the warehouse is asked, the API is not."""
    checking = _Checking(writable, found, Known(con, writable), resubscribe)
    changes = tuple(checking.changes())
    known = checking.known
    ids = {str(c.old[k.name] or "") for c in changes for k in writable.links if k.name in c.new}
    ids |= {str(c.new[k.name]) for c in changes for k in writable.links if k.name in c.new}
    names = {key: name for k in writable.links for key, name in known.names(k, ids).items()}
    problems = tuple(sorted({*found.problems, *checking.problems}))
    return Plan(
        writable, found.unit, len(found.lines), changes, problems, known.current_to(), names
    )


@dataclass(slots=True)
class _Asked:
    """What one line asks for, as far as it could be read. `links` are (field, how, text)."""

    line: int
    by_id: bool
    address: str
    fields: dict[str, Value] = field(default_factory=dict)
    links: list[tuple[Link, str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Checking:
    writable: Writable
    input: Input
    known: Known
    resubscribe: bool
    problems: list[Problem] = field(default_factory=list)

    def changes(self) -> Iterator[Change]:
        """The changes of all lines that are in order; what is not becomes a problem."""
        self._check_header()
        asked = [one for line in self.input.lines if (one := self._read(line))]
        rows = self._addressed(asked)
        linked = self._linked(asked)
        self._check_doubles(rows)
        self._check_new_addresses(rows)
        for one, row in rows:
            new = {**one.fields, **linked.get(one.line, {})}
            old = {name: row.values[name] for name in new}
            differs = [name for name in new if not values.same(name, old[name], new[name])]
            self._check_consent(one, old, new)
            if differs:
                yield Change(
                    one.line,
                    row.key,
                    row.address,
                    {name: old[name] for name in differs},
                    {name: new[name] for name in differs},
                )

    def _say(self, line: int, column: str, what: str) -> None:
        self.problems.append(Problem(line, column, what))

    # -- line by line ----------------------------------------------------------------------

    def _check_header(self) -> None:
        names, allowed = self.input.columns, self.writable.columns
        for place, name in enumerate(names, start=1):
            if name not in allowed:
                self._say(HEADER, f"column {place}", _unknown(name, allowed))
        for name in allowed:
            if names.count(name) > 1:
                self._say(HEADER, name, "stands twice among the columns")
        if not {"id", self.writable.address} & set(names):
            self._say(HEADER, "", f"no column says whom: id or {self.writable.address}")
        address = "id" if "id" in names else self.writable.address
        if not set(names) & set(allowed) - {"id", address}:
            self._say(HEADER, "", "no column says what is to be set")

    def _read(self, line: Line) -> _Asked | None:
        """A line's values. None if it doesn't say whose they are."""
        cells = {name: cell for name, cell in line.cells.items() if cell is not None}
        by_id = "id" in cells
        address = self._address(
            line.number, cells.pop("id" if by_id else self.writable.address, None)
        )
        asked = _Asked(line.number, by_id, address or "")
        for one in self.writable.fields:
            if one.name in cells:
                try:
                    asked.fields[one.name] = values.read(one, cells[one.name])
                except values.Unfit as fault:
                    self._say(line.number, one.name, str(fault))
        for link in self.writable.links:
            self._read_link(asked, link, cells)
        return asked if address else None

    def _address(self, number: int, cell: object) -> str | None:
        if cell is None:
            self._say(number, "", f"says neither id nor {self.writable.address}")
            return None
        try:
            return values.read_text(cell, 255)
        except values.Unfit as fault:
            self._say(number, "id", str(fault))
            return None

    def _read_link(self, asked: _Asked, link: Link, cells: dict[str, object]) -> None:
        given = [(name, by) for name, by in link.selectors if name in cells]
        if len(given) > 1:
            names = " and ".join(name for name, _ in given)
            self._say(asked.line, given[1][0], f"only one of {names} may be given")
            return
        for name, by in given:
            try:
                text = values.read_selector(link, cells[name])
            except values.Unfit as fault:
                self._say(asked.line, name, str(fault))
            else:
                asked.links.append((link, name, by, text))

    # -- all lines, against the warehouse --------------------------------------------------

    def _addressed(self, asked: list[_Asked]) -> list[tuple[_Asked, Row]]:
        """Each line that names one row, with that row."""
        ids = self.known.by_id({one.address for one in asked if one.by_id})
        addresses = self.known.by_address({one.address for one in asked if not one.by_id})
        found = []
        for one in asked:
            column = "id" if one.by_id else self.writable.address
            rows = (ids if one.by_id else addresses).get(one.address, [])
            if self._is_one(rows, self.writable.stream, one.line, column):
                found.append((one, rows[0]))
        return found

    def _linked(self, asked: list[_Asked]) -> dict[int, dict[str, Value]]:
        """The id that each line's link is to hold."""
        texts: dict[tuple[Link, str], set[str]] = {}
        for one in asked:
            for link, _, by, text in one.links:
                texts.setdefault((link, by), set()).add(text)
        found = {(k, by): self.known.linked(k, by, named) for (k, by), named in texts.items()}
        linked: dict[int, dict[str, Value]] = {}
        for one in asked:
            for link, name, by, text in one.links:
                keys = found[link, by].get(text, [])
                if self._is_one(keys, link.stream, one.line, name):
                    linked.setdefault(one.line, {})[link.name] = keys[0]
        return linked

    def _is_one(self, rows: Sequence[object], stream: str, line: int, column: str) -> bool:
        """Is what a line names one row of a stream? If not, say so."""
        if not rows:
            what = f"the warehouse has no such row of {stream}; if it is new, `sync` first"
            self._say(line, column, what)
        if len(rows) > 1:
            self._say(line, column, f"{len(rows)} rows of {stream} have it: give the id")
        return len(rows) == 1

    def _check_doubles(self, rows: list[tuple[_Asked, Row]]) -> None:
        first: dict[str, int] = {}
        for one, row in rows:
            if row.key in first:
                column = "id" if one.by_id else self.writable.address
                what = f"the same row as in {self.input.unit} {first[row.key]}"
                self._say(one.line, column, what)
            first.setdefault(row.key, one.line)

    def _check_new_addresses(self, rows: list[tuple[_Asked, Row]]) -> None:
        """No two rows may come to have one address."""
        column = self.writable.address
        asked = [(one, row, str(one.fields[column])) for one, row in rows if column in one.fields]
        holders = self.known.by_address({text for _, _, text in asked})
        first: dict[str, int] = {}
        for one, row, text in asked:
            if any(holder.key != row.key for holder in holders.get(text, [])):
                self._say(one.line, column, f"another row of {self.writable.stream} has it")
            if text.lower() in first:
                what = f"{self.input.unit} {first[text.lower()]} asks for it, too"
                self._say(one.line, column, what)
            first.setdefault(text.lower(), one.line)

    def _check_consent(self, one: _Asked, old: dict[str, Value], new: dict[str, Value]) -> None:
        for entry in self.writable.fields:
            wanted = entry.consent and new.get(entry.name) is True
            if wanted and old[entry.name] is not True and not self.resubscribe:
                what = "would be set to true again, which that person's own word may forbid"
                self._say(one.line, entry.name, f"{what}: --resubscribe allows it")


def _unknown(name: str, allowed: list[str]) -> str:
    """What to say of a column. Not its name: in a file without a header it is a customer's."""
    close = get_close_matches(name.lower(), allowed, 1)
    meant = f" (is {close[0]} meant?)" if close else ""
    return f"is no column of a push{meant}; there are {', '.join(allowed)}"
