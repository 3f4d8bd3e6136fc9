"""Readings of the reference that show in a few streams: the tables equal the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.sandbox import Readings
from tests.bench import FEED, Bench
from tests.engine.readings import SMALL, alternatives, differences

OWNED = ("threads", "contacts", "companies")
LINEAR = ("projects", "project_statuses", "issues", "workflow_states", "linear_options")
CONCERNED = {
    "external_ids": OWNED,
    "hidden_by_default": ("threads", "thread_messages", "changelogs", "docs_articles"),
    "translations": ("changelogs", "docs_articles"),
    "message_updated_at": FEED,
    "message_enums": FEED,
    "children_bump": FEED,
    "linear": (*LINEAR, "threads"),
    "burst": FEED,
    "window": FEED,
    "email_filter": OWNED,
    "company_filter": OWNED,
    "merge_bumps": OWNED,
    "nested": OWNED,
    "draft_status_case": ("docs_drafts",),
    "issue_status": ("issues", "workflow_states"),
    "members_envelope": ("members", "invites"),
    "invites": ("members", "invites"),
    "roadmap": ("portal_roadmap", "projects"),
    "article_list_content": ("docs_articles",),
}
"""Readings that show in a few streams only."""


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "readings"), alternatives(concern=lambda name: name in CONCERNED))
def test_every_reading_of_a_few_streams_gives_the_same_tables(
    make_bench: Callable[..., Bench], name: str, readings: Readings
) -> None:
    assert differences(make_bench, readings, *(CONCERNED[name] if SMALL else ())) == []


def test_each_of_these_readings_is_one() -> None:
    assert set(CONCERNED) <= set(Readings.choices())
