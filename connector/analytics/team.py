"""Views of the people who answer."""

from __future__ import annotations

from connector.analytics.view import View

TEAM = (
    View(
        name="team_workload",
        area="team",
        meaning="One row for each person of the team, and one for nobody (user_id null): threads "
        "in their charge, what they wrote; sums over all rows are those of the workspace",
        columns={
            "user_id": ("VARCHAR", "The workspace user; null: nobody in charge, sender unknown"),
            "name": ("VARCHAR", "Name, or else e-mail address, where members may be read"),
            "role": ("VARCHAR", "ADMIN, USER or VIEWER; null: not listed as a member"),
            "open_threads": ("BIGINT", "Live threads in their charge that are open"),
            "snoozed_threads": ("BIGINT", "The same, snoozed"),
            "done_threads": ("BIGINT", "The same, done"),
            "messages": ("BIGINT", "Messages to customers that they sent"),
            "comments": ("BIGINT", "Internal notes that they wrote"),
            "last_wrote_at": ("TIMESTAMPTZ", "Their latest message or note"),
        },
        sql="""
        WITH work AS (
            SELECT assignee_id AS user_id, assignee ->> 'name' AS name, status, 'thread' AS kind,
                NULL AS wrote_at
            FROM main.threads
            UNION ALL
            SELECT user_id, NULL, NULL, 'message', created_at
            FROM main.thread_messages WHERE direction = 'outbound'
            UNION ALL
            SELECT user_id, NULL, NULL, 'comment', created_at FROM main.thread_comments
            UNION ALL
            SELECT id, NULL, NULL, 'member', NULL FROM main.members
        )
        SELECT w.user_id, coalesce(any_value(m.name), any_value(m.email), any_value(w.name))
                AS name, any_value(m.role) AS role,
            count(*) FILTER (w.kind = 'thread' AND w.status = 'open') AS open_threads,
            count(*) FILTER (w.kind = 'thread' AND w.status = 'snoozed') AS snoozed_threads,
            count(*) FILTER (w.kind = 'thread' AND w.status = 'done') AS done_threads,
            count(*) FILTER (w.kind = 'message') AS messages,
            count(*) FILTER (w.kind = 'comment') AS comments, max(w.wrote_at) AS last_wrote_at
        FROM work w LEFT JOIN main.members m ON m.id = w.user_id
        GROUP BY w.user_id ORDER BY open_threads DESC, w.user_id""",
    ),
)
