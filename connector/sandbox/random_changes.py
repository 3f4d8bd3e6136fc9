"""A believable mixture of changes: what a workspace goes through on an ordinary day."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from connector.sandbox.changes import Changes
from connector.sandbox.sample import words

Change = Callable[[Changes, random.Random], None]


def change_randomly(space: Changes, rng: random.Random, n: int = 1) -> dict[str, int]:
    """Make `n` changes; the result counts them by name."""
    counts: dict[str, int] = {}
    names = list(CHANGES)
    weights = [weight for weight, _ in CHANGES.values()]
    for name in rng.choices(names, weights, k=n):
        with space.lock:
            CHANGES[name][1](space, rng)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _any(space: Changes, rng: random.Random, stream: str) -> str | None:
    """Any living row; rows are tried rather than listed, which matters for 1,000,000 of them."""
    shown = space.tables[stream].shown
    for _ in range(20 if shown else 0):
        key = rng.choice(shown).key
        row = space.tables[stream].rows.get(key)
        if row is not None and not row.deleted:
            return key
    return None


def _new(stream: str) -> Change:
    def change(space: Changes, rng: random.Random) -> None:
        fields: dict[str, Any] = {}
        if stream == "threads":
            contact = _any(space, rng, "contacts")
            fields = {"contact_id": contact, "company_id": _company_of(space, contact)}
        space.create(stream, **fields)

    return change


def _company_of(space: Changes, contact: str | None) -> str | None:
    if contact is None:
        return None
    company: str | None = space.record("contacts", space.tables["contacts"].rows[contact])[
        "company_id"
    ]
    return company


def _edit(stream: str, field: str, values: tuple[Any, ...]) -> Change:
    def change(space: Changes, rng: random.Random) -> None:
        if key := _any(space, rng, stream):
            space.update(stream, key, **{field: rng.choice(values)})

    return change


def _drop(stream: str) -> Change:
    def change(space: Changes, rng: random.Random) -> None:
        if key := _any(space, rng, stream):
            space.delete(stream, key)

    return change


def _merge(space: Changes, rng: random.Random) -> None:
    winner, loser = _any(space, rng, "companies"), _any(space, rng, "companies")
    if winner and loser and winner != loser:
        space.merge_companies(winner, loser)


def _say(space: Changes, rng: random.Random) -> None:
    if thread := _any(space, rng, "threads"):
        direction = rng.choice(("inbound", "outbound"))
        text = rng.choice(words.SENTENCES)
        space.add_message(thread, text=text, html=f"<p>{text}</p>", direction=direction)


def _note(space: Changes, rng: random.Random) -> None:
    if thread := _any(space, rng, "threads"):
        space.add_comment(thread, content=f"<p>{rng.choice(words.SENTENCES)}</p>")


def _retag(space: Changes, rng: random.Random) -> None:
    thread, tag = _any(space, rng, "threads"), _any(space, rng, "tags")
    if thread and tag:
        space.update("threads", thread, tag_ids=[tag])


CHANGES: dict[str, tuple[int, Change]] = {
    "new thread": (20, _new("threads")),
    "new contact": (8, _new("contacts")),
    "new company": (3, _new("companies")),
    "new issue": (3, _new("issues")),
    "new changelog": (1, _new("changelogs")),
    "message": (18, _say),
    "comment": (8, _note),
    "thread edited": (8, _edit("threads", "title", (*words.SUBJECTS, None))),
    "thread moved on": (10, _edit("threads", "status", ("open", "snoozed", "done"))),
    "thread tagged": (6, _retag),
    "contact edited": (5, _edit("contacts", "is_subscribed", (True, False))),
    "company edited": (4, _edit("companies", "revenue", (None, 1200, 50_000, 2_400_000))),
    "project moved on": (2, _edit("projects", "state", ("planned", "started", "completed"))),
    "issue edited": (3, _edit("issues", "priority", (0, 1, 2, 3, 4))),
    "changelog published": (1, _edit("changelogs", "published", (True, False))),
    "article archived": (1, _edit("docs_articles", "archived", (True, False))),
    "tag renamed": (1, _edit("tags", "name", words.TAGS)),
    "member's role": (1, _edit("members", "role", ("ADMIN", "USER", "VIEWER"))),
    "thread deleted": (3, _drop("threads")),
    "contact deleted": (1, _drop("contacts")),
    "issue deleted": (1, _drop("issues")),
    "companies merged": (1, _merge),
}
"""Each kind of change with its weight."""
