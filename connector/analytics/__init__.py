"""The schema `analytics`: views for people, as SQL over the warehouse's tables.

One declaration each, in the file of its area. Comments, docs, Dagster assets and the tests that
are asked of every view follow from it. Views are no part of the tables' fingerprint: they can be
made again in a warehouse that stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from connector.analytics.customers import CUSTOMERS
from connector.analytics.feedback import FEEDBACK
from connector.analytics.publishing import PUBLISHING
from connector.analytics.roadmap import ROADMAP
from connector.analytics.team import TEAM
from connector.analytics.view import View

VIEWS: dict[str, View] = {
    view.name: view for view in (*FEEDBACK, *CUSTOMERS, *ROADMAP, *PUBLISHING, *TEAM)
}
"""Every view by its name; one that reads another one comes after it."""


def create_all() -> Iterator[str]:
    """Every statement, in order; also where there is an older schema of the name."""
    yield "DROP SCHEMA IF EXISTS analytics CASCADE"
    yield "CREATE SCHEMA analytics"
    for view in VIEWS.values():
        yield from view.create()


def fingerprint() -> str:
    """Tells one set of views from another; comments and all."""
    return hashlib.sha256("\n".join(create_all()).encode()).hexdigest()[:16]


__all__ = ["VIEWS", "View", "create_all", "fingerprint"]
