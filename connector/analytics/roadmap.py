"""Views of what is asked for, weighed by who asks.

The API tells it contact by contact (`contact_issues`, `contact_projects`), in streams that are
read only when named; without them these views are empty.
"""

from __future__ import annotations

from connector.analytics.view import View
from connector.bookkeeping import Columns

ONCE = "a company that asks five times, or by five contacts, counts once"

_WEIGHT: Columns = {
    "contacts": ("BIGINT", "Contacts who ask for it, those without a company too"),
    "companies": ("BIGINT", f"Primary companies of those contacts; {ONCE}"),
    "revenue": ("DOUBLE", f"Sum of their revenues, where known; {ONCE}"),
    "size": ("DOUBLE", f"Sum of their numbers of people, where known; {ONCE}"),
    "companies_of_unknown_revenue": ("BIGINT", "Those of them that revenue doesn't count"),
}

_WEIGHED = """
            SELECT a.wish_id, count(DISTINCT a.contact_id) AS contacts
            FROM asked a GROUP BY a.wish_id
        ), companies AS (
            SELECT a.wish_id, count(*) AS companies, sum(f.revenue) AS revenue, sum(f.size) AS size,
                count(*) FILTER (f.revenue IS NULL) AS companies_of_unknown_revenue
            FROM (SELECT DISTINCT a.wish_id, c.company_id
                FROM asked a JOIN main.contacts c ON c.id = a.contact_id) a
            JOIN main.companies f ON f.id = a.company_id GROUP BY a.wish_id
        )"""
"""From `asked` (`wish_id`, `contact_id`) on: how many contacts, and the weight of companies."""

_WEIGHTS = """p.contacts, coalesce(f.companies, 0) AS companies,
            coalesce(f.revenue, 0) AS revenue, coalesce(f.size, 0) AS size,
            coalesce(f.companies_of_unknown_revenue, 0) AS companies_of_unknown_revenue"""

ROADMAP = (
    View(
        name="feedback_by_issue",
        area="roadmap",
        meaning="One row for each issue that somebody asks for, weighed by who asks; needs the "
        "stream contact_issues, which is read only when named",
        columns={
            "issue_id": ("VARCHAR", "The issue's id"),
            "identifier": ("VARCHAR", "Linear's short name, like ENG-12"),
            "title": ("VARCHAR", "Title"),
            "status": ("VARCHAR", "Workflow state"),
            "project_id": ("VARCHAR", "The project it belongs to"),
            **_WEIGHT,
        },
        sql=f"""
        WITH asked AS (
            SELECT DISTINCT id AS wish_id, contact_id FROM main.contact_issues
        ), people AS ({_WEIGHED}
        SELECT i.id AS issue_id, i.identifier, i.title, i.status, i.project_id, {_WEIGHTS}
        FROM main.issues i JOIN people p ON p.wish_id = i.id
        LEFT JOIN companies f ON f.wish_id = i.id
        ORDER BY revenue DESC, p.contacts DESC, i.id""",
    ),
    View(
        name="feedback_by_project",
        area="roadmap",
        meaning="One row for each project that somebody asks for, by itself or by one of its "
        "issues, weighed by who asks; needs contact_projects and contact_issues, which are read "
        "only when named",
        columns={
            "project_id": ("VARCHAR", "The project's id"),
            "name": ("VARCHAR", "Name"),
            "state": ("VARCHAR", "backlog, planned, started, completed or canceled"),
            **_WEIGHT,
        },
        sql=f"""
        WITH asked AS (
            SELECT id AS wish_id, contact_id FROM main.contact_projects
            UNION
            SELECT i.project_id, c.contact_id
            FROM main.contact_issues c JOIN main.issues i ON i.id = c.id
        ), people AS ({_WEIGHED}
        SELECT r.id AS project_id, r.name, r.state, {_WEIGHTS}
        FROM main.projects r JOIN people p ON p.wish_id = r.id
        LEFT JOIN companies f ON f.wish_id = r.id
        ORDER BY revenue DESC, p.contacts DESC, r.id""",
    ),
)
