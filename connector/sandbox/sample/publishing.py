"""Changelogs, help centre and portal instances (REFERENCE 8 to 10).

Flags take turns by the row's number, so that a workspace of any size has every combination.
"""

from __future__ import annotations

from connector.sandbox.sample import words
from connector.sandbox.sample.seeds import Factory, Record, Seeds, sentences

VISIBILITIES = ("public", "agent", "internal", "unlisted")
DRAFT_KINDS = ("edit", "create", "delete")
DRAFT_STATUSES = ("draft", "open", "accepted", "rejected", "superseded")
LANGUAGES = ("de", "fr")


def changelog(seeds: Seeds, number: int) -> Record:
    """The n-th entry of the changelog."""
    draw = seeds.draw("changelogs", number)
    created, updated = seeds.stamps("changelogs", number, draw)
    return {
        "id": draw.id(),
        "language": None,
        "title": f"{draw.pick(words.FEATURES)} is here",
        "content": f"# New\n\n{sentences(draw, 3)}",
        "date": created if draw.chance(0.9) else None,
        "published": bool(number & 1),
        "archived": bool(number >> 1 & 1),
        "image_url": f"https://img.example/log/{number}.png" if draw.chance(0.3) else None,
        "portal_instance_id": seeds.some("portal_instances", draw) if draw.chance(0.3) else None,
        "tag_ids": [t for t in (seeds.some("changelog_tags", draw),) if t and draw.chance(0.7)],
        "created_at": created,
        "updated_at": updated,
    }


def article(seeds: Seeds, number: int) -> Record:
    """The n-th article of the help centre."""
    draw = seeds.draw("docs_articles", number)
    created, updated = seeds.stamps("docs_articles", number, draw)
    return {
        "id": draw.id(),
        "language": None,
        "title": f"How to use {draw.pick(words.FEATURES).lower()} ({number + 1})",
        "content": f"## Steps\n\n1. {sentences(draw, 2)}\n2. {sentences(draw, 2)}",
        "summary": None if draw.chance(0.4) else sentences(draw, 1),
        "kind": "link" if number >> 4 & 1 else "doc",
        "visibility": VISIBILITIES[number >> 2 & 3],
        "published": bool(number & 1),
        "archived": bool(number >> 1 & 1),
        "show_on_home_page": draw.chance(0.2),
        "group_id": seeds.some("docs_groups", draw) if draw.chance(0.8) else None,
        "portal_instance_id": seeds.some("portal_instances", draw) if draw.chance(0.2) else None,
        "icon": draw.pick(words.ICONS) if draw.chance(0.5) else None,
        "created_at": created,
        "updated_at": updated,
    }


def translation(seeds: Seeds, stream: str, base: Record, language: str) -> Record:
    """The row of one translation; whether it shares the base's id is a reading."""
    draw = seeds.draw(f"{stream}/{language}", base["id"])
    shared = seeds.readings.translations == "shared_id"
    stamp = max(base["updated_at"], seeds.floor(base["created_at"]))
    return {
        **base,
        "id": base["id"] if shared else draw.id(),
        "language": language,
        "title": f"[{language}] {base['title']}",
        "base_id": base["id"],
        "created_at": stamp,
        "updated_at": stamp,
    }


def docs_group(seeds: Seeds, number: int) -> Record:
    """The n-th group of articles."""
    draw = seeds.draw("docs_groups", number)
    created, updated = seeds.stamps("docs_groups", number, draw)
    return {
        "id": draw.id(),
        "name": words.DOC_GROUPS[number % len(words.DOC_GROUPS)],
        "order": number,
        "portal_instance_id": seeds.some("portal_instances", draw) if draw.chance(0.2) else None,
        "created_at": created,
        "updated_at": updated,
    }


def draft(seeds: Seeds, number: int) -> Record:
    """The n-th proposed edit."""
    draw = seeds.draw("docs_drafts", number)
    created, updated = seeds.stamps("docs_drafts", number, draw)
    kind = DRAFT_KINDS[number % 3]
    status = DRAFT_STATUSES[number // 3 % 5]
    upper = seeds.readings.draft_status_case == "upper"
    return {
        "id": draw.id(),
        "kind": kind,
        "status": status.upper() if upper else status,
        "article_id": None if kind == "create" else seeds.some("docs_articles", draw),
        "title": None if kind == "delete" else f"Draft {number}: {draw.pick(words.FEATURES)}",
        "content": None if kind == "delete" else sentences(draw, 4),
        "group_id": seeds.some("docs_groups", draw) if draw.chance(0.5) else None,
        "portal_instance_id": None,
        "created_at": created,
        "updated_at": updated,
    }


def _named(stream: str, names: tuple[str, ...]) -> Factory:
    def make(seeds: Seeds, number: int) -> Record:
        draw = seeds.draw(stream, number)
        created, updated = seeds.stamps(stream, number, draw)
        return {
            "id": draw.id(),
            "name": names[number % len(names)],
            "color": draw.pick(words.COLORS),
            "icon": draw.pick((None, *words.ICONS)),
            "created_at": created,
            "updated_at": updated,
        }

    return make


FACTORIES: dict[str, Factory] = {
    "changelogs": changelog,
    "changelog_tags": _named("changelog_tags", ("New", "Improved", "Fixed", "Beta", "Security")),
    "docs_articles": article,
    "docs_groups": docs_group,
    "docs_drafts": draft,
    "portal_instances": _named("portal_instances", ("Partners", "Beta testers", "Internal")),
}
