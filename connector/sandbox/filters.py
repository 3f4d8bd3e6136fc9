"""The filters of the lists: which there are, and which rows each lets through (REFERENCE 2 to 12).

A filter is a factory: it takes the parameter's text, refuses what is not allowed with 400, and
gives a test of a record. Defaults of the flags are a reading.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.sandbox.readings import Readings
from connector.sandbox.refusal import invalid
from connector.sandbox.rows import Record
from connector.sandbox.sample.feedback import PAINS, TABS
from connector.sandbox.sample.publishing import DRAFT_KINDS, DRAFT_STATUSES, VISIBILITIES
from connector.sandbox.sample.words import ORIGINS

Test = Callable[[Record], bool]
Filter = Callable[[str, str, Readings], Test | None]
"""(parameter, its text, readings) -> the test, or None if everything passes."""


def same(column: str) -> Filter:
    """The column is exactly this text."""
    return lambda _name, text, _readings: lambda record: record.get(column) == text


def enum(column: str, *values: str) -> Filter:
    """The column is this one of a closed set, in any case."""

    def make(name: str, text: str, _readings: Readings) -> Test:
        _one_of(name, text, values)
        return lambda record: str(record.get(column)).lower() == text.lower()

    return make


def enum_or_all(column: str, *values: str) -> Filter:
    """As `enum`, and `all` lets everything through."""

    def make(name: str, text: str, readings: Readings) -> Test | None:
        _one_of(name, text, (*values, "all"))
        return None if text == "all" else enum(column, *values)(name, text, readings)

    return make


def contains(column: str) -> Filter:
    """The column has this text in it, in any case; at most 255 characters (REFERENCE 3)."""

    def make(name: str, text: str, _readings: Readings) -> Test:
        if len(text) > 255:
            raise invalid(name, "String must contain at most 255 character(s)")
        return lambda record: text.lower() in str(record.get(column) or "").lower()

    return make


def among(column: str) -> Filter:
    """The text is one entry of the column's list, or one value of its object."""

    def make(_name: str, text: str, _readings: Readings) -> Test:
        def test(record: Record) -> bool:
            entries = record.get(column) or ()
            return text in (entries.values() if isinstance(entries, dict) else entries)

        return test

    return make


def number(column: str, *, least: bool) -> Filter:
    """The column is at least, or at most, this whole number."""

    def make(name: str, text: str, _readings: Readings) -> Test:
        if not text.isdecimal():
            raise invalid(name, "Expected a whole number of at least 0")
        bound = int(text)

        def test(record: Record) -> bool:
            value = record.get(column)
            return value is not None and (value >= bound if least else value <= bound)

        return test

    return make


def flag(column: str) -> Filter:
    """The column is true, or false."""

    def make(name: str, text: str, _readings: Readings) -> Test:
        _one_of(name, text, ("true", "false"))
        return lambda record: bool(record.get(column)) is (text == "true")

    return make


def email(_name: str, text: str, readings: Readings) -> Test:
    """Exact or substring, in any case: open question 19."""
    wanted = text.lower()
    if readings.email_filter == "exact":
        return lambda record: record["email"].lower() == wanted
    return lambda record: wanted in record["email"].lower()


def company_of_contact(_name: str, text: str, readings: Readings) -> Test:
    """The primary company only, or any membership (REFERENCE 3)."""
    if readings.company_filter == "primary":
        return lambda record: record["company_id"] == text
    return lambda record: text in record["company_ids"]


def words_in_message(_name: str, text: str, _readings: Readings) -> Test:
    """Text search in a message."""
    wanted = text.lower()
    return lambda record: wanted in f"{record['subject']} {record['text']}".lower()


def checked(*values: str) -> Filter:
    """A parameter that is checked here and understood elsewhere."""

    def make(name: str, text: str, _readings: Readings) -> None:
        _one_of(name, text, values)

    return make


def _one_of(name: str, text: str, values: tuple[str, ...]) -> None:
    if text not in values:
        raise invalid(name, f"Invalid enum value. Expected {' | '.join(values)}")


_PORTAL = {"portal_instance_id": same("portal_instance_id")}
_LINEAR = {"name_contains": contains("name"), "sort": checked("created_at", "total_score")}
FILTERS: dict[str, dict[str, Filter]] = {
    "threads": {
        "status": enum("status", *sorted(TABS)),
        "tab": enum("tab", "open", "new", "needs-response", "my", "snoozed", "done"),
        "assignee_id": same("assignee_id"),
        "contact_id": same("contact_id"),
        "company_id": same("company_id"),
        "tag_id": among("tag_ids"),
        "pain_level": enum("pain_level", *PAINS),
        "origin": enum("origin", *ORIGINS),
        "issue_id": among("issue_ids"),
        "project_id": among("project_ids"),
        "external_id": among("external_ids"),
    },
    "thread_messages": {
        "order": checked("asc", "desc"),
        "type": enum("type", "email", "slack", "chat", "live_chat", "feedback"),
        "direction": enum("direction", "inbound", "outbound"),
        "user_id": same("user_id"),
        "q": words_in_message,
    },
    "contacts": {
        "email": email,
        "name_contains": contains("name"),
        "company_id": company_of_contact,
        "external_id": among("external_ids"),
    },
    "blocked_senders": {"type": enum("type", "EMAIL", "DOMAIN")},
    "companies": {
        "external_id": among("external_ids"),
        "domain": among("domains"),
        "name_contains": contains("name"),
        "status_id": same("status_id"),
        "tier_id": same("tier_id"),
        "size_gte": number("size", least=True),
        "size_lte": number("size", least=False),
        "revenue_gte": number("revenue", least=True),
        "revenue_lte": number("revenue", least=False),
    },
    "linear_options": {"team_id": same("team_id")},
    "projects": {
        "state": enum("state", "backlog", "planned", "started", "completed", "canceled"),
        "linear_team_id": among("linear_team_ids"),
        **_LINEAR,
    },
    "issues": {
        "project_id": same("project_id"),
        "status": same("status"),
        "linear_team_id": same("team_id"),
        **_LINEAR,
        "name_contains": contains("title"),
    },
    "workflow_states": {"team_id": same("team_id")},
    "tags": {"name_contains": contains("name"), "tag_group_id": same("tag_group_id")},
    "changelogs": {
        "published": flag("published"),
        "archived": flag("archived"),
        "language": same("language"),
        "title_contains": contains("title"),
        "tag_id": among("tag_ids"),
        **_PORTAL,
    },
    "docs_articles": {
        "group_id": same("group_id"),
        "published": flag("published"),
        "archived": flag("archived"),
        "visibility": enum_or_all("visibility", *VISIBILITIES),
        "kind": enum_or_all("kind", "doc", "link"),
        "title_contains": contains("title"),
        "language": same("language"),
        **_PORTAL,
    },
    "docs_groups": dict(_PORTAL),
    "docs_drafts": {
        "kind": enum("kind", *DRAFT_KINDS),
        "status": enum("status", *DRAFT_STATUSES),
        "article_id": same("article_id"),
        "group_id": same("group_id"),
        **_PORTAL,
    },
    "snippets": {"title_contains": contains("title"), "folder_id": same("folder_id")},
}
"""The filters of each list beside the dates; a list that is not named here has none."""

DATED = frozenset(
    ("threads", "thread_messages", "contacts", "companies", "projects", "issues", "changelogs",
     "docs_articles", "docs_drafts", "tags", "snippets")
)  # fmt: skip
"""The lists with created_* and updated_* filters (REFERENCE 1.3)."""

UNLESS_ASKED: dict[str, dict[str, str]] = {
    "changelogs": {"published": "true", "archived": "false"},
    "docs_articles": {
        "published": "true",
        "archived": "false",
        "visibility": "public",
        "kind": "doc",
    },
}
"""What a list shows when nothing is said, under the reading that hides by default."""


def tests(stream: str, query: dict[str, str], readings: Readings) -> list[Test]:
    """The tests that a row of the list must pass."""
    asked: dict[str, Any] = dict(query)
    if readings.hidden_by_default == "flagged":
        asked = {**UNLESS_ASKED.get(stream, {}), **query}
    known = FILTERS.get(stream, {})
    made = (known[name](name, text, readings) for name, text in asked.items() if name in known)
    return [test for test in made if test is not None]
