"""Threads and tags (REFERENCE 2 and 7). Messages and comments are in `conversation`."""

from __future__ import annotations

from connector.sandbox.entropy import Draw
from connector.sandbox.sample import words
from connector.sandbox.sample.conversation import plan
from connector.sandbox.sample.customers import company_of
from connector.sandbox.sample.seeds import DAY, Factory, Record, Seeds, sentences

STATUSES = ("open", "open", "snoozed", "done", "done", "done")
TABS = {"open": ("open", "new", "needs-response"), "snoozed": ("snoozed",), "done": ("done",)}
PAINS = ("UNKNOWN", "LOW", "MEDIUM", "HIGH")


def thread(seeds: Seeds, number: int) -> Record:
    """The n-th thread: its own fields, and the ids of what is nested or linked."""
    draw = seeds.draw("threads", number)
    created, updated = seeds.stamps("threads", number, draw)
    talk = plan(seeds, number, created)
    if seeds.readings.children_bump == "yes":
        updated = max(updated, talk.last)
    status = draw.pick(STATUSES)
    return {
        "id": draw.id(),
        "title": None if draw.chance(0.4) else draw.pick(words.SUBJECTS),
        "text": _text(draw, number),
        "pain_level": draw.pick(PAINS),
        "status": status,
        "tab": draw.pick(TABS[status]),
        "origin": draw.pick(words.ORIGINS),
        "snoozed_until": seeds.start + 7 * DAY if status == "snoozed" else None,
        "last_inbound_message_at": talk.last_inbound,
        "last_outbound_message_at": talk.last_outbound,
        "last_state_change_at": None if status == "open" else updated,
        "is_read": not draw.chance(0.2),
        "external_ids": [f"ext-{number}"] if draw.chance(0.1) else [],
        "created_at": created,
        "updated_at": updated,
        **_links(seeds, number, draw),
    }


def _text(draw: Draw, number: int) -> str:
    if number % 101 == 7:
        return ""
    count = 400 if number % 997 == 5 else 1 + draw.below(4)
    text = "".join(f"<p>{draw.pick(words.SENTENCES)}</p>" for _ in range(count))
    return text if number % 13 else f"<div>{text}<ul><li>{sentences(draw, 1)}</li></ul></div>"


def _links(seeds: Seeds, number: int, draw: Draw) -> Record:
    contacts = seeds.sizes.get("contacts", 0)
    contact = int(contacts * draw.unit() ** 1.6)
    known = contacts > 0 and not draw.chance(0.02)
    tags = [seeds.some("tags", draw) for _ in range(max(0, draw.below(6) - 2))]
    return {
        "contact_id": seeds.ref("contacts", contact) if known else None,
        "company_id": company_of(seeds, contact) if known else None,
        "assignee_id": seeds.some("members", draw) if draw.chance(0.5) else None,
        "reporter_id": seeds.some("members", draw) if draw.chance(0.3) else None,
        "tag_ids": list(dict.fromkeys(tag for tag in tags if tag)),
        "issue_ids": [i for i in (seeds.some("issues", draw),) if i and draw.chance(0.3)],
        "project_ids": [p for p in (seeds.some("projects", draw),) if p and draw.chance(0.2)],
    }


def tag(seeds: Seeds, number: int) -> Record:
    """The n-th tag."""
    draw = seeds.draw("tags", number)
    created, updated = seeds.stamps("tags", number, draw)
    name = words.TAGS[number % len(words.TAGS)]
    return {
        "id": draw.id(),
        "name": name if number < len(words.TAGS) else f"{name} {number}",
        "color": draw.pick(words.COLORS),
        "icon": draw.pick(words.ICONS),
        "tag_group_id": seeds.some("tag_groups", draw),
        "created_at": created,
        "updated_at": updated,
    }


def tag_group(seeds: Seeds, number: int) -> Record:
    """The n-th group of tags."""
    draw = seeds.draw("tag_groups", number)
    created, updated = seeds.stamps("tag_groups", number, draw)
    return {
        "id": draw.id(),
        "name": words.GROUPS[number % len(words.GROUPS)],
        "color": draw.pick(words.COLORS),
        "created_at": created,
        "updated_at": updated,
    }


FACTORIES: dict[str, Factory] = {"threads": thread, "tags": tag, "tag_groups": tag_group}
