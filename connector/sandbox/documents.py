"""Answers that are one document: the roadmap, a contact's portal, Linear's options, /me."""

from __future__ import annotations

from typing import Any

from connector.sandbox.keys import Key
from connector.sandbox.sample import customers
from connector.sandbox.sample import roadmap as linear
from connector.sandbox.store import Store


def roadmap(store: Store) -> Any:
    """The public roadmap; its shape is not documented (REFERENCE 10)."""
    projects = [_card(store, "projects", key, "name") for key in _visible(store, "projects")]
    issues = [_card(store, "issues", key, "title") for key in _visible(store, "issues")]
    if store.readings.roadmap == "array":
        return [*projects, *issues]
    return {"projects": projects, "issues": issues}


def _visible(store: Store, stream: str) -> list[str]:
    table = store.tables[stream]
    table.settle(store.clock.micros())
    rows = reversed(table.shown)
    return [row.key for row in rows if store.record(stream, row)["is_visible"]]


def _card(store: Store, stream: str, key: str, name: str) -> dict[str, Any]:
    record = store.record(stream, store.tables[stream].rows[key])
    state = record["state"] if stream == "projects" else record["status"]
    return {"id": key, "title": record[name], "status": state, "kind": stream[:-1]}


def customer_portal(store: Store, contact: str) -> dict[str, Any]:
    """What one contact sees in the portal; the shape is not documented (REFERENCE 10)."""
    row = store.tables["contacts"].rows[contact]
    record = store.record("contacts", row)
    threads = sorted(store.threads_of(contact), key=lambda one: one.place, reverse=True)
    seen = [store.record("threads", one) for one in threads[:50]]
    return {
        "contact": {"id": row.key, "email": record["email"], "name": record["name"]},
        "threads": [{name: t[name] for name in ("id", "title", "status")} for t in seen],
    }


def linear_options(store: Store) -> dict[str, Any] | None:
    """Statuses and tiers of companies; null without Linear (REFERENCE 4)."""
    connected = store.readings.linear == "connected"
    return customers.linear_options(store.seeds) if connected else None


def me(store: Store, key: Key) -> dict[str, Any]:
    """The identity of a key (REFERENCE 14)."""
    connected = store.readings.linear == "connected"
    teams = [linear.team(store.seeds, n) for n in range(len(linear.TEAMS))] if connected else []
    return {
        # Another size is another workspace: their rows have ids in common, and differ.
        "workspace_id": store.seeds.draw("workspace", store.seeds.sizes["threads"]).id(),
        "api_key_id": key.id,
        "scopes": list(key.scopes),
        "linear_team_ids": teams,
        "default_linear_team_id": teams[0] if teams else None,
    }
