"""Views of changelog and help centre."""

from __future__ import annotations

from connector.analytics.view import View

PUBLISHING = (
    View(
        name="publishing_cadence",
        area="publishing",
        meaning="How many changelog entries and help articles each month brought, also in months "
        "without; whatever the number of its languages, an entry counts once",
        columns={
            "month": ("DATE", "The first day of the month, in UTC"),
            "kind": ("VARCHAR", "changelog or article"),
            "entries": (
                "BIGINT",
                "Changelog entries by the date they show (or were made, if they show none), "
                "articles by when they were made",
            ),
            "published": ("BIGINT", "Those of them that readers see now: published, not archived"),
        },
        # Translations may share the id of their base or not (REFERENCE 8): where rows without a
        # language are listed, those are the bases; else each id is one entry.
        sql="""
        WITH pieces AS (
            SELECT 'changelog' AS kind, id, language, coalesce(date, created_at) AS made_at,
                published AND NOT coalesce(archived, false) AS is_seen
            FROM main.changelogs
            UNION ALL
            SELECT 'article', id, language, created_at,
                published AND NOT coalesce(archived, false)
            FROM main.docs_articles
        ), bases AS (
            SELECT kind, id, CAST(date_trunc('month', min(made_at AT TIME ZONE :tz)) AS DATE)
                AS month, coalesce(bool_or(is_seen), false) AS is_seen
            FROM pieces p
            WHERE language IS NULL OR NOT EXISTS (
                SELECT 1 FROM pieces b WHERE b.kind = p.kind AND b.language IS NULL)
            GROUP BY kind, id
        ), borders AS (
            SELECT min(month) AS first_month, greatest(max(month), (
                SELECT CAST(date_trunc('month', max(answered_at AT TIME ZONE :tz)) AS DATE)
                FROM meta.walks WHERE stream IN ('changelogs', 'docs_articles'))) AS last_month
            FROM bases
        ), months AS (
            SELECT CAST(unnest(generate_series(first_month, last_month, INTERVAL 1 MONTH)) AS DATE)
                AS month
            FROM borders
        )
        SELECT m.month, k.kind, count(b.id) AS entries, count(b.id) FILTER (b.is_seen) AS published
        FROM months m CROSS JOIN (VALUES ('changelog'), ('article')) k (kind)
        LEFT JOIN bases b ON b.month = m.month AND b.kind = k.kind
        GROUP BY m.month, k.kind ORDER BY m.month, k.kind""",
    ),
)
