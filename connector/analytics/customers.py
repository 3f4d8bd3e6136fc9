"""Views of contacts and companies."""

from __future__ import annotations

from connector.analytics.view import READ_AT, View
from schemas import SYSTEMS

RECENT = 90
"""Days that count as recent in `companies_overview`."""

_NAMED = ", ".join(f"c.external_ids_{system} AS {system}_id" for system in SYSTEMS)

CUSTOMERS = (
    View(
        name="contacts_wide",
        area="customers",
        meaning="One row for each contact: the company, and the ids in every other system",
        columns={
            "id": ("VARCHAR", "The contact's id"),
            "email": ("VARCHAR", "E-mail address"),
            "name": ("VARCHAR", "Name, where known"),
            "is_subscribed": ("BOOLEAN", "Receives changelog and update mails"),
            "created_at": ("TIMESTAMPTZ", "When the contact was made"),
            "company_id": ("VARCHAR", "The primary company"),
            "company_name": ("VARCHAR", "Its name"),
            "company_status_name": ("VARCHAR", "Its Linear customer status"),
            "company_tier_name": ("VARCHAR", "Its Linear customer tier"),
            "company_size": ("DOUBLE", "Its number of people"),
            "company_revenue": ("DOUBLE", "Its revenue, in the unit the workspace uses"),
            "company_owner_name": ("VARCHAR", "The Linear user who looks after it"),
            "company_external_ids": ("VARCHAR[]", "The caller's own ids of the company"),
            "threads": ("BIGINT", "Live threads of the contact"),
            "open_threads": ("BIGINT", "Those of them that are open"),
            "last_thread_at": ("TIMESTAMPTZ", "When the newest of them began"),
            **{f"{one}_id": ("VARCHAR", f"The contact's id in {one}") for one in SYSTEMS},
            "other_ids": ("VARCHAR[]", "Ids of which the API names no system, or another one"),
        },
        sql=f"""
        WITH written AS (
            SELECT contact_id, count(*) AS threads, max(created_at) AS last_thread_at,
                count(*) FILTER (status = 'open') AS open_threads
            FROM main.threads GROUP BY contact_id
        ), others AS (
            SELECT entity_type, entity_id, list(external_id ORDER BY external_id) AS ids
            FROM main.external_ids
            WHERE entity_type = 'company' OR system IS NULL OR system NOT IN {SYSTEMS!r}
            GROUP BY entity_type, entity_id
        )
        SELECT c.id, c.email, c.name, c.is_subscribed, c.created_at, c.company_id,
            f.name AS company_name, f.status_name AS company_status_name,
            f.tier_name AS company_tier_name, f.size AS company_size,
            f.revenue AS company_revenue, f.owner ->> 'name' AS company_owner_name,
            coalesce(fo.ids, CAST([] AS VARCHAR[])) AS company_external_ids,
            coalesce(w.threads, 0) AS threads, coalesce(w.open_threads, 0) AS open_threads,
            w.last_thread_at, {_NAMED}, coalesce(co.ids, CAST([] AS VARCHAR[])) AS other_ids
        FROM main.contacts c
        LEFT JOIN main.companies f ON f.id = c.company_id
        LEFT JOIN written w ON w.contact_id = c.id
        LEFT JOIN others co ON co.entity_type = 'contact' AND co.entity_id = c.id
        LEFT JOIN others fo ON fo.entity_type = 'company' AND fo.entity_id = f.id""",
    ),
    View(
        name="companies_overview",
        area="customers",
        meaning=f"One row for each company: activity, and how the last {RECENT} days went",
        columns={
            "id": ("VARCHAR", "The company's id"),
            "name": ("VARCHAR", "Name"),
            "status_name": ("VARCHAR", "Linear customer status"),
            "tier_name": ("VARCHAR", "Linear customer tier"),
            "revenue": ("DOUBLE", "Revenue, in the unit the workspace uses"),
            "size": ("DOUBLE", "Number of people"),
            "owner_name": ("VARCHAR", "The Linear user who looks after it"),
            "contacts": ("BIGINT", "Contacts whose primary company it is"),
            "threads": ("BIGINT", "Live threads"),
            "open_threads": ("BIGINT", "Those of them that are open"),
            "last_thread_at": ("TIMESTAMPTZ", "When the newest of them began"),
            "first_response_minutes": ("DOUBLE", "Median over all threads that were answered"),
            "recent_threads": (
                "BIGINT",
                f"Threads that began in the {RECENT} days before the last reading",
            ),
            "answered_share": (
                "DOUBLE",
                "Of the recent threads with a question, the share with an answer; 0 to 1",
            ),
            "open_share": ("DOUBLE", "Of the recent threads, the share that is open; 0 to 1"),
            "health": (
                "VARCHAR",
                "quiet: no recent threads; attention: less than half of them answered, or more "
                "than half of them open; good: everything else",
            ),
            "merged_from": (
                "VARCHAR[]",
                "Ids of the companies that were seen to be merged into it, see "
                "meta.company_merges; what was theirs is counted here",
            ),
        },
        sql=f"""
        WITH reading AS ({READ_AT}), judged AS (
            SELECT m.*, coalesce(epoch_us(r.as_of) - epoch_us(m.created_at)
                < {RECENT} * 86400000000, false) AS is_recent
            FROM analytics.thread_metrics m CROSS JOIN reading r
        ), asked AS (
            SELECT company_id, count(*) AS threads,
                count(*) FILTER (status = 'open') AS open_threads,
                max(created_at) AS last_thread_at,
                median(first_response_minutes) AS first_response_minutes,
                count(*) FILTER (is_recent) AS recent_threads,
                count(*) FILTER (is_recent AND first_response_at IS NOT NULL)
                    / nullif(count(*) FILTER (is_recent AND first_question_at IS NOT NULL), 0)
                    AS answered_share,
                count(*) FILTER (is_recent AND status = 'open')
                    / nullif(count(*) FILTER (is_recent), 0) AS open_share
            FROM judged GROUP BY company_id
        ), people AS (
            SELECT company_id, count(*) AS contacts FROM main.contacts GROUP BY company_id
        ), merged AS (
            SELECT winner_id, list(loser_id ORDER BY loser_id) AS losers
            FROM meta.company_merges GROUP BY winner_id
        )
        SELECT c.id, c.name, c.status_name, c.tier_name, c.revenue, c.size,
            c.owner ->> 'name' AS owner_name, coalesce(p.contacts, 0) AS contacts,
            coalesce(a.threads, 0) AS threads, coalesce(a.open_threads, 0) AS open_threads,
            a.last_thread_at, a.first_response_minutes,
            coalesce(a.recent_threads, 0) AS recent_threads, a.answered_share, a.open_share,
            CASE WHEN coalesce(a.recent_threads, 0) = 0 THEN 'quiet'
                WHEN a.answered_share < 0.5 OR a.open_share > 0.5 THEN 'attention'
                ELSE 'good' END AS health,
            coalesce(m.losers, CAST([] AS VARCHAR[])) AS merged_from
        FROM main.companies c
        LEFT JOIN asked a ON a.company_id = c.id
        LEFT JOIN people p ON p.company_id = c.id
        LEFT JOIN merged m ON m.winner_id = c.id""",
    ),
)
