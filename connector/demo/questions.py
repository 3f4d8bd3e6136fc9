"""Five questions that a team really asks, in SQL on the warehouse."""

from __future__ import annotations

QUESTIONS: tuple[tuple[str, str], ...] = (
    (
        "Whose requests weigh most? Threads per company, by revenue",
        """\
SELECT c.name AS company, c.tier_name AS tier, c.revenue, count(*) AS threads,
    count(*) FILTER (t.status = 'open') AS open, count(*) * c.revenue AS weight
FROM threads t JOIN companies c ON c.id = t.company_id
GROUP BY 1, 2, 3 ORDER BY weight DESC NULLS LAST LIMIT 5""",
    ),
    (
        "How long does a customer wait for the first answer?",
        """\
SELECT t.origin AS channel, count(*) AS answered,
    round(median(epoch(m.answer - m.question)) / 3600, 1) AS median_hours
FROM threads t JOIN (
    SELECT thread_id, min(created_at) FILTER (direction = 'inbound') AS question,
        min(created_at) FILTER (direction = 'outbound') AS answer
    FROM thread_messages GROUP BY thread_id) m ON m.thread_id = t.id
WHERE m.answer > m.question GROUP BY ALL ORDER BY answered DESC LIMIT 5""",
    ),
    (
        "How old are the open threads?",
        """\
SELECT CASE WHEN days < 7 THEN '1: this week' WHEN days < 30 THEN '2: this month'
    WHEN days < 180 THEN '3: this half-year' ELSE '4: older' END AS age, count(*) AS open_threads,
    count(*) FILTER (assignee_id IS NULL) AS nobodys
FROM (SELECT *, date_diff('day', created_at, (SELECT max(_synced_at) FROM threads)) AS days
    FROM threads WHERE status = 'open') GROUP BY ALL ORDER BY age""",
    ),
    (
        "Which contacts are known to HubSpot, and under which id?",
        """\
SELECT c.email, e.external_id AS hubspot_id, co.name AS company
FROM external_ids e JOIN contacts c ON e.entity_type = 'contact' AND c.id = e.entity_id
LEFT JOIN companies co ON co.id = c.company_id
WHERE e.system = 'hubspot' ORDER BY c.email LIMIT 5""",
    ),
    (
        "What became of threads? Every version is kept, the deleted ones too",
        """\
SELECT coalesce(title, '(no title)') AS thread, status, _deleted AS deleted,
    strftime(_valid_from, '%Y-%m-%d %H:%M') AS since,
    strftime(_valid_to, '%Y-%m-%d %H:%M') AS until
FROM history.threads WHERE id IN (
    SELECT id FROM history.threads GROUP BY id
    HAVING count(DISTINCT status) > 1 OR bool_or(_deleted))
ORDER BY bool_or(_deleted) OVER (PARTITION BY id) DESC, id, _valid_from LIMIT 6""",
    ),
)
"""Title and query of each; they run as they stand in `productlane-elt sql`."""
