"""Members, invites, snippets (REFERENCE 11 and 12)."""

from __future__ import annotations

from connector.sandbox.sample import words
from connector.sandbox.sample.seeds import Factory, Record, Seeds, full_name, sentences, slug

ROLES = ("ADMIN", "USER", "VIEWER")


def member(seeds: Seeds, number: int) -> Record:
    """The n-th member."""
    draw = seeds.draw("members", number)
    created, updated = seeds.stamps("members", number, draw)
    name = full_name(draw)
    return {
        "id": draw.id(),
        "email": f"{slug(name)}.{number}@workspace.example",
        "name": None if draw.chance(0.1) else name,
        "image_url": f"https://img.example/user/{number}.png" if draw.chance(0.5) else None,
        "role": ROLES[number % 3],
        "joined_at": created,
        "created_at": created,
        "updated_at": updated,
    }


def invite(seeds: Seeds, number: int) -> Record:
    """The n-th invitation."""
    draw = seeds.draw("invites", number)
    created, updated = seeds.stamps("invites", number, draw)
    name = full_name(draw)
    return {
        "id": draw.id(),
        "email": f"{slug(name)}.{number}@guest.example",
        "name": None if draw.chance(0.5) else name,
        "role": ROLES[number % 3],
        "state": "ACCEPTED" if number % 2 else "PENDING",
        "invited_by_id": None if draw.chance(0.2) else seeds.some("members", draw),
        "created_at": created,
        "updated_at": updated,
    }


def snippet(seeds: Seeds, number: int) -> Record:
    """The n-th snippet."""
    draw = seeds.draw("snippets", number)
    created, updated = seeds.stamps("snippets", number, draw)
    return {
        "id": draw.id(),
        "title": f"Answer: {draw.pick(words.FEATURES)}",
        "html": f"<p>{sentences(draw, 2)}</p>",
        "folder_id": seeds.some("snippet_folders", draw) if draw.chance(0.7) else None,
        "created_at": created,
        "updated_at": updated,
    }


def folder(seeds: Seeds, number: int) -> Record:
    """The n-th folder of snippets."""
    draw = seeds.draw("snippet_folders", number)
    created, updated = seeds.stamps("snippet_folders", number, draw)
    return {
        "id": draw.id(),
        "name": words.DOC_GROUPS[number % len(words.DOC_GROUPS)],
        "created_at": created,
        "updated_at": updated,
    }


FACTORIES: dict[str, Factory] = {
    "members": member,
    "invites": invite,
    "snippets": snippet,
    "snippet_folders": folder,
}
