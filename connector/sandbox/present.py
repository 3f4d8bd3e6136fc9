"""How a record looks on the wire under the readings: fields, dates, ids, nulls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.sandbox.readings import Readings
from connector.sandbox.rows import Record
from connector.sandbox.stamps import FORMS
from schemas import STREAMS, SYSTEMS, Column

HIDDEN: dict[str, frozenset[str]] = {
    "threads": frozenset(
        ("contact_id", "company_id", "assignee_id", "reporter_id", "tag_ids", "issue_ids",
         "project_ids")
    ),
    "contacts": frozenset(("company_ids",)),
    "changelogs": frozenset(("tag_ids", "base_id")),
    "docs_articles": frozenset(("base_id",)),
    "issues": frozenset(("team_id",)),
    "workflow_states": frozenset(("team_id",)),
}  # fmt: skip
"""What a record holds for the server's own use: where it points. Never served as such."""

NESTED = {
    "threads": ("contact", "company", "assignee", "reporter", "tags"),
    "changelogs": ("tags",),
}
"""Fields that are put in from other rows at the moment of serving."""

ALWAYS = frozenset(("id", "thread_id", "created_at", "updated_at"))
ODD_ENUMS = {
    "threads": {"origin": "carrier_pigeon", "pain_level": "EXTREME"},
    "projects": {"state": "paused"},
    "docs_articles": {"visibility": "partners", "kind": "video"},
    "docs_drafts": {"status": "parked"},
    "members": {"role": "GUEST"},
    "thread_messages": {"type": "telephone"},
    "blocked_senders": {"type": "NETWORK"},
}


class Presenter:
    """Turns the record of one stream into the object that the API answers with."""

    def __init__(self, stream: str, readings: Readings) -> None:
        self._stream, self._readings = stream, readings
        self._stamp: Callable[[int], str] = FORMS[readings.date_form]
        endpoint = STREAMS[stream]
        taken = set(NESTED.get(stream, ())) | HIDDEN.get(stream, frozenset()) | self._left_out()
        self._columns = [(c.name, c.kind) for c in endpoint.columns if c.name not in taken]
        self.added: Record = {}
        self.removed: frozenset[str] = frozenset()

    def _left_out(self) -> set[str]:
        names = set()
        stamped = next((c for c in STREAMS[self._stream].columns if c.name == "updated_at"), None)
        if stamped is not None and not self._has_updated_at(stamped):
            names.add("updated_at")
        if self._stream == "thread_messages" and self._readings.message_enums == "absent":
            names |= {"type", "direction"}
        if self._readings.external_ids == "absent":
            names.add("external_ids")
        return names

    def _has_updated_at(self, column: Column) -> bool:
        if self._stream == "thread_messages":
            return self._readings.message_updated_at == "present"
        return column.evidence != "I" or self._readings.updated_at == "present"

    def object(self, record: Record, *, listed: bool = True) -> Record:
        """The object of one record; `listed` tells a row of a list from a single answer."""
        served = {name: self._value(name, kind, record.get(name)) for name, kind in self._columns}
        served.update(record.get("_extra", ()))
        if listed and self._stream == "docs_articles":
            self._as_listed(served)
        self._oddities(served, record)
        served.update(self.added)
        for name in self.removed:
            served.pop(name, None)
        if self._readings.nullable == "missing":
            return {k: v for k, v in served.items() if v is not None or k in ALWAYS}
        return served

    def _value(self, name: str, kind: str, value: Any) -> Any:
        if kind == "stamp":
            return self._stamp(value) if type(value) is int else value
        if kind in ("ids", "ids_by_system"):
            return external_ids(value, self._form(kind))
        return value

    def _form(self, kind: str) -> str:
        if self._readings.external_ids == "documented":
            return "object" if kind == "ids_by_system" else "array"
        return self._readings.external_ids

    def _as_listed(self, served: Record) -> None:
        if self._readings.article_list_content == "absent":
            served.pop("content", None)

    def _oddities(self, served: Record, record: Record) -> None:
        if self._readings.unknown_fields == "some":
            served["ai_summary"] = f"About {record['id'][:4]}"
            served["insights"] = {"score": len(record["id"]), "labels": ["a", "b"]}
        if self._readings.unknown_enums == "some" and record["id"][0] in "048c":
            odd = ODD_ENUMS.get(self._stream, {})
            served.update({name: value for name, value in odd.items() if name in served})


def external_ids(value: Any, form: str) -> Any:
    """Ids in other systems in the wanted form (REFERENCE 1.10), whichever form they are kept in.

    >>> external_ids({"plain": "7"}, "array"), external_ids(["a"], "object")["intercom"]
    (['7'], 'a')
    """
    if form == "null" or not isinstance(value, dict | list):
        return None if form == "null" else value
    if form == "object":
        named = value if isinstance(value, dict) else dict(zip(SYSTEMS, value, strict=False))
        return {system: named.get(system) for system in SYSTEMS}
    return list(value.values()) if isinstance(value, dict) else value
