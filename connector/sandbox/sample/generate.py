"""Which generator draws which stream, and how many rows a workspace has of each.

A stream that is declared in `schemas` and has no generator of its own is drawn from its
columns, so that a newly declared endpoint is served at once.
"""

from __future__ import annotations

from connector.sandbox.sample import customers, feedback, publishing, roadmap, team, words
from connector.sandbox.sample.seeds import Factory, Record, Seeds
from schemas import STREAMS, Column, Endpoint

FACTORIES: dict[str, Factory] = {
    **customers.FACTORIES,
    **feedback.FACTORIES,
    **publishing.FACTORIES,
    **roadmap.FACTORIES,
    **team.FACTORIES,
}
UNKNOWN_SIZE = 12
"""Rows of a stream that the sandbox knows only by its declaration."""


def sizes(threads: int) -> dict[str, int]:
    """Rows per stream of a workspace with so many threads; an empty one is empty throughout."""
    if threads == 0:
        return dict.fromkeys((*FACTORIES, *STREAMS), 0)
    return {
        **dict.fromkeys(STREAMS, UNKNOWN_SIZE),
        "threads": threads,
        "contacts": max(2, threads // 2),
        "companies": max(2, threads // 10),
        "blocked_senders": 4 + int(threads**0.4),
        "projects": 4 + int(2 * threads**0.35),
        "project_statuses": len(roadmap.PROJECT_STATES),
        "issues": 6 + int(2.5 * threads**0.55),
        "workflow_states": len(roadmap.TEAMS) * len(roadmap.STATES),
        "tags": 8 + int(1.5 * threads**0.3),
        "tag_groups": len(words.GROUPS),
        "changelogs": 8 + int(1.5 * threads**0.4),
        "changelog_tags": 5,
        "docs_articles": 32 + int(1.5 * threads**0.4),
        "docs_groups": 6,
        "docs_drafts": 15 + int(threads**0.3),
        "portal_instances": 2,
        "members": 4 + int(threads**0.3),
        "invites": 5,
        "snippets": 6 + int(threads**0.25),
        "snippet_folders": 3,
    }


def factory(stream: str) -> Factory:
    """The generator of a stream."""
    return FACTORIES.get(stream) or _by_columns(STREAMS[stream])


def _by_columns(endpoint: Endpoint) -> Factory:
    def make(seeds: Seeds, number: int) -> Record:
        draw = seeds.draw(endpoint.stream, number)
        created, updated = seeds.stamps(endpoint.stream, number, draw)
        values = {c.name: _value(c, number, created) for c in endpoint.columns}
        return {**values, "id": draw.id(), "created_at": created, "updated_at": updated}

    return make


def _value(column: Column, number: int, stamp: int) -> object:
    plain: dict[str, object] = {
        "text": f"{column.name} {number}",
        "number": number,
        "flag": bool(number % 2),
        "stamp": stamp,
        "texts": [f"{column.name} {number}"],
        "json": {"number": number},
        "ref": {"id": f"{column.name}-{number}", "name": f"{column.name} {number}"},
    }
    return plain.get(column.kind, [])
