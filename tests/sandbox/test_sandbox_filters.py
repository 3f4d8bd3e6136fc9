"""Every filter lets through what a plain look at the rows says (REFERENCE 1.3, 2 to 12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from connector.sandbox import Readings, Sandbox
from connector.sandbox.filters import DATED, FILTERS
from schemas import STREAMS

Row = dict[str, Any]
Model = Callable[[Row, str], bool]


def column(name: str) -> Model:
    return lambda row, value: str(row[name]).lower() == value.lower()


def nested(name: str) -> Model:
    return lambda row, value: row[name] is not None and row[name]["id"] == value


def contained(name: str) -> Model:
    return lambda row, value: value.lower() in (row[name] or "").lower()


def entry(name: str) -> Model:
    return lambda row, value: value in row[name]


def least(name: str) -> Model:
    return lambda row, value: row[name] is not None and row[name] >= int(value)


def most(name: str) -> Model:
    return lambda row, value: row[name] is not None and row[name] <= int(value)


def boolean(name: str) -> Model:
    return lambda row, value: row[name] is (value == "true")


MODELS: dict[tuple[str, str], Model] = {
    ("threads", "status"): column("status"),
    ("threads", "tab"): column("tab"),
    ("threads", "pain_level"): column("pain_level"),
    ("threads", "origin"): column("origin"),
    ("threads", "assignee_id"): nested("assignee"),
    ("threads", "contact_id"): nested("contact"),
    ("threads", "company_id"): nested("company"),
    ("threads", "tag_id"): lambda row, value: value in [tag["id"] for tag in row["tags"]],
    ("threads", "external_id"): entry("external_ids"),
    ("contacts", "email"): column("email"),
    ("contacts", "name_contains"): contained("name"),
    ("contacts", "company_id"): column("company_id"),
    ("contacts", "external_id"): lambda row, value: value in row["external_ids"].values(),
    ("blocked_senders", "type"): column("type"),
    ("companies", "external_id"): entry("external_ids"),
    ("companies", "domain"): entry("domains"),
    ("companies", "name_contains"): contained("name"),
    ("companies", "status_id"): column("status_id"),
    ("companies", "tier_id"): column("tier_id"),
    ("companies", "size_gte"): least("size"),
    ("companies", "size_lte"): most("size"),
    ("companies", "revenue_gte"): least("revenue"),
    ("companies", "revenue_lte"): most("revenue"),
    ("projects", "state"): column("state"),
    ("projects", "name_contains"): contained("name"),
    ("projects", "linear_team_id"): entry("linear_team_ids"),
    ("issues", "project_id"): column("project_id"),
    ("issues", "status"): column("status"),
    ("issues", "name_contains"): contained("title"),
    ("tags", "name_contains"): contained("name"),
    ("tags", "tag_group_id"): column("tag_group_id"),
    ("changelogs", "published"): boolean("published"),
    ("changelogs", "archived"): boolean("archived"),
    ("changelogs", "language"): column("language"),
    ("changelogs", "title_contains"): contained("title"),
    ("changelogs", "tag_id"): lambda row, value: value in [tag["id"] for tag in row["tags"]],
    ("changelogs", "portal_instance_id"): column("portal_instance_id"),
    ("docs_articles", "group_id"): column("group_id"),
    ("docs_articles", "published"): boolean("published"),
    ("docs_articles", "archived"): boolean("archived"),
    ("docs_articles", "visibility"): column("visibility"),
    ("docs_articles", "kind"): column("kind"),
    ("docs_articles", "title_contains"): contained("title"),
    ("docs_articles", "portal_instance_id"): column("portal_instance_id"),
    ("docs_articles", "language"): column("language"),
    ("docs_drafts", "kind"): column("kind"),
    ("docs_drafts", "status"): column("status"),
    ("docs_drafts", "article_id"): column("article_id"),
    ("docs_drafts", "group_id"): column("group_id"),
    ("snippets", "title_contains"): contained("title"),
    ("snippets", "folder_id"): column("folder_id"),
}
SAMPLES: dict[str, tuple[str, ...]] = {
    "tab": ("open", "new", "snoozed", "done"),
    "name_contains": ("e", "DARK", "zz-nobody"),
    "title_contains": ("sso", "bulk", "zz-nothing"),
    "published": ("true", "false"),
    "archived": ("true", "false"),
    "size_gte": ("0", "500"),
    "size_lte": ("500",),
    "revenue_gte": ("10000",),
    "revenue_lte": ("10000",),
}
ELSEWHERE = {
    ("threads", "issue_id"), ("threads", "project_id"), ("issues", "linear_team_id"),
    ("projects", "sort"), ("issues", "sort"), ("docs_drafts", "portal_instance_id"),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(box: Sandbox) -> dict[str, list[Row]]:
    return {stream: box.workspace.live(stream) for stream in {name for name, _ in MODELS}}


@pytest.mark.parametrize(("stream", "name"), MODELS)
def test_a_filter_gives_the_rows_that_its_model_gives(box, ask, rows, stream, name):
    everything = rows[stream]
    for value in SAMPLES.get(name) or _values(everything, stream, name):
        found = ask(box).walk(STREAMS[stream].path, limit=13, **{name: value})
        expected = [row for row in everything if MODELS[stream, name](row, value)]
        assert found == expected, value


def _values(everything: list[Row], stream: str, name: str) -> list[str]:
    """Values that occur, and one that doesn't where the set is open."""
    found = {value for row in everything for value in _of(row, name)}
    values = sorted(value for value in found if value)[:6]
    assert values, f"no sample rows for {stream}.{name}"
    closed = ("status", "pain_level", "origin", "type", "state", "kind", "visibility")
    return values if name in closed else [*values, "nothing-has-this"]


def _of(row: Row, name: str) -> list[str]:
    if name in row:
        return [row[name]]
    if name == "tag_id":
        return [tag["id"] for tag in row["tags"]]
    singular = {"external_id": "external_ids", "domain": "domains"}
    singular |= {"linear_team_id": "linear_team_ids"}
    if name in singular:
        held = row[singular[name]]
        return list(held.values() if isinstance(held, dict) else held)
    held = row[name.removesuffix("_id")]
    return [held["id"]] if held else []


def test_every_filter_of_the_paginated_lists_is_tried():
    tops = {s for s, e in STREAMS.items() if e.paged and e.parent is None}
    offered = {(s, name) for s, names in FILTERS.items() if s in tops for name in names}
    assert offered == set(MODELS) | ELSEWHERE


@pytest.mark.parametrize("kind", ["issue", "project"])
def test_threads_of_an_issue_or_project_belong_to_the_contacts_that_list_it(box, ask, kind):
    asker, contact = ask(box), None
    for row in asker.walk("/contacts"):
        for linked in asker.walk(f"/contacts/{row['id']}/{kind}s"):
            threads = asker.walk("/threads", **{f"{kind}_id": linked["id"]})
            assert row["id"] in [t["contact"] and t["contact"]["id"] for t in threads]
            contact = row
    assert contact


def test_issues_of_each_team_make_all_issues(box, ask):
    teams = ask(box).get("/me").json()["linear_team_ids"]
    found = [row for team in teams for row in ask(box).walk("/issues", linear_team_id=team)]
    assert len(found) == len(box.workspace.ids("issues"))
    assert len({row["identifier"].split("-")[0] for row in found}) == 2


MESSAGES = ("type", "direction", "user_id")


@pytest.mark.parametrize("name", MESSAGES)
def test_message_filters(box, ask, name):
    thread = max(
        box.workspace.ids("threads"), key=lambda t: len(box.workspace.ids("thread_messages", t))
    )
    path = f"/threads/{thread}/messages"
    every = ask(box).walk(path)
    assert len(every) >= 50
    for value in {row[name] for row in every if row[name]}:
        expected = [row for row in every if row[name] == value]
        assert ask(box).walk(path, limit=7, **{name: value}) == expected


def test_message_search(box, ask):
    thread = box.workspace.ids("threads")[0]
    box.workspace.add_message(thread, text="A purple ELEPHANT")
    found = ask(box).walk(f"/threads/{thread}/messages", q="elephant")
    assert [row["text"] for row in found] == ["A purple ELEPHANT"]


def test_groups_and_states_are_filtered_without_pages(box, ask):
    asker = ask(box)
    for group in asker.rows("/docs/groups"):
        if portal := group["portal_instance_id"]:
            found = asker.rows("/docs/groups", portal_instance_id=portal)
            assert found == [
                row for row in asker.rows("/docs/groups") if row["portal_instance_id"] == portal
            ]
    assert asker.get("/issues/workflow-states").status_code == 400
    assert asker.rows("/issues/workflow-states", team_id="none") == []


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("bounds", Readings.choices()["bounds"])
@pytest.mark.parametrize("stream", sorted(DATED - {"thread_messages"}))
def test_date_filters_and_their_bounds(ask, bounds, stream):
    after_in = bounds in ("inclusive", "after_inclusive")
    before_in = bounds in ("inclusive", "before_inclusive")
    with Sandbox(threads=40, readings=Readings(bounds=bounds)) as box:
        every, asker = box.workspace.live(stream), ask(box)
        for field in ("created", "updated"):
            stamps = sorted(row[f"{field}_at"] for row in every)
            low, high = stamps[len(stamps) // 4], stamps[-2]
            query = {f"{field}_after": low, f"{field}_before": high}
            found = asker.walk(STREAMS[stream].path, limit=11, **query)
            expected = [
                row
                for row in every
                if (low < row[f"{field}_at"] or (after_in and low == row[f"{field}_at"]))
                and (row[f"{field}_at"] < high or (before_in and high == row[f"{field}_at"]))
            ]
            assert found == expected


def test_messages_have_date_filters_and_comments_have_none(box, ask):
    thread = box.workspace.ids("threads")[0]
    future = {"created_after": "2099-01-01T00:00:00Z"}
    assert ask(box).rows(f"/threads/{thread}/messages", **future) == []
    box.workspace.add_comment(thread)
    assert ask(box).rows(f"/threads/{thread}/comments", **future) != []


@pytest.mark.parametrize(
    "text", ["2026-01-01", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "1700000000"]
)
def test_a_date_that_is_no_date_time_is_refused(box, ask, text):
    response = ask(box).get("/threads", updated_after=text)
    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["path"] == "updated_after"


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000+01:00", "2026-01-01t00:00:00.000000z"]
)
def test_any_form_of_the_same_moment_means_the_same(box, ask, text):
    plain = ask(box).walk("/threads", updated_after="2026-01-01T00:00:00.000Z")
    assert ask(box).walk("/threads", updated_after=text) == plain


CLOSED = [
    ("/threads", "status"), ("/threads", "tab"), ("/threads", "pain_level"), ("/threads", "origin"),
    ("/contacts/blocked-senders", "type"), ("/projects", "state"), ("/projects", "sort"),
    ("/docs/articles", "visibility"), ("/docs/articles", "kind"), ("/docs/drafts", "kind"),
    ("/docs/drafts", "status"), ("/changelogs", "published"), ("/companies", "size_gte"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name"), CLOSED)
def test_a_value_outside_a_closed_set_is_refused(box, ask, path, name):
    response = ask(box).get(path, **{name: "purple"})
    assert response.status_code == 400
    assert [d["path"] for d in response.json()["error"]["details"]] == [name]


@pytest.mark.parametrize("name", ["visibility", "kind"])
def test_all_lets_every_article_through(box, ask, name):
    rows = ask(box).walk("/docs/articles", **{name: "all"})
    assert len(rows) == len(box.workspace.ids("docs_articles"))


def test_tabs_of_a_person_need_a_key_with_a_user(box, ask):
    key = box.issue_key(["threads:read"], user=box.workspace.ids("members")[0])
    for tab in ("my", "needs-response"):
        assert ask(box).get("/threads", tab=tab).status_code == 400
        assert ask(box, key).get("/threads", tab=tab).status_code == 200
    found = ask(box, key).walk("/threads", tab="my")
    mine = box.workspace.ids("members")[0]
    everyone = box.workspace.live("threads")
    assert found == [row for row in everyone if row["assignee"] and row["assignee"]["id"] == mine]
