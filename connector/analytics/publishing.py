"""Views of changelog and help centre."""

from __future__ import annotations

from connector.analytics.view import View

PUBLISHING = (
    View(
        name="publications",
        area="publishing",
        meaning="One row for each changelog entry and help article, whatever the number of its "
        "languages",
        columns={
            "kind": ("VARCHAR", "changelog or article"),
            "id": ("VARCHAR", "The entry's or article's id"),
            "title": ("VARCHAR", "Title, in the first language"),
            "made_at": (
                "TIMESTAMPTZ",
                "Of a changelog entry the date it shows, or else when it was made; of an article "
                "when it was made",
            ),
            "is_visible": ("BOOLEAN", "Readers see it now: published, not archived"),
        },
        # Translations may share the id of their base or not (REFERENCE 8): where rows without a
        # language are listed, those are the bases; else each id is one entry.
        sql="""
        WITH pieces AS (
            SELECT 'changelog' AS kind, id, language, title, coalesce(date, created_at) AS made_at,
                published AND NOT coalesce(archived, false) AS is_visible
            FROM main.changelogs
            UNION ALL
            SELECT 'article', id, language, title, created_at,
                published AND NOT coalesce(archived, false)
            FROM main.docs_articles
        )
        SELECT kind, id, arg_min(title, made_at) AS title, min(made_at) AS made_at,
            coalesce(bool_or(is_visible), false) AS is_visible
        FROM pieces p
        WHERE language IS NULL OR NOT EXISTS (
            SELECT 1 FROM pieces b WHERE b.kind = p.kind AND b.language IS NULL)
        GROUP BY kind, id""",
    ),
    View(
        name="publishing_cadence",
        area="publishing",
        meaning="How many changelog entries and help articles each month brought, also in months "
        "without; languages are not counted twice",
        columns={
            "month": ("DATE", "The first day of the month, in UTC"),
            "kind": ("VARCHAR", "changelog or article"),
            "entries": ("BIGINT", "Those made in that month; see publications.made_at"),
            "visible": ("BIGINT", "Those of them that readers see now"),
        },
        sql="""
        SELECT m.month, k.kind, count(p.id) AS entries,
            count(p.id) FILTER (p.is_visible) AS visible
        FROM (
            SELECT CAST(unnest(generate_series(
                (SELECT CAST(date_trunc('month', min(made_at AT TIME ZONE :tz)) AS DATE)
                    FROM analytics.publications),
                greatest(
                    (SELECT CAST(date_trunc('month', max(made_at AT TIME ZONE :tz)) AS DATE)
                        FROM analytics.publications),
                    (SELECT CAST(date_trunc('month', max(answered_at AT TIME ZONE :tz)) AS DATE)
                        FROM meta.walks WHERE stream IN ('changelogs', 'docs_articles'))),
                INTERVAL 1 MONTH)) AS DATE) AS month
        ) m CROSS JOIN (VALUES ('changelog'), ('article')) k (kind)
        LEFT JOIN analytics.publications p ON p.kind = k.kind
            AND m.month = CAST(date_trunc('month', p.made_at AT TIME ZONE :tz) AS DATE)
        GROUP BY m.month, k.kind ORDER BY m.month, k.kind""",
    ),
)
