"""Views of threads: each by itself, by week, by age, by day."""

from __future__ import annotations

from connector.analytics.view import IN_ORDER, READ_AT, View

FEEDBACK = (
    View(
        name="thread_metrics",
        area="feedback",
        meaning="One row for each live thread: how fast it was answered and done, what was said",
        columns={
            "id": ("VARCHAR", "The thread's id"),
            "title": ("VARCHAR", "Title; often missing"),
            "origin": ("VARCHAR", "The channel it came by"),
            "status": ("VARCHAR", "open, snoozed or done, now"),
            "contact_id": ("VARCHAR", "Who wrote"),
            "company_id": ("VARCHAR", "The company concerned"),
            "company_name": ("VARCHAR", "Its name"),
            "tier_name": ("VARCHAR", "Its Linear customer tier"),
            "assignee_id": ("VARCHAR", "The workspace user in charge"),
            "created_at": ("TIMESTAMPTZ", "When the thread began"),
            "first_question_at": ("TIMESTAMPTZ", "The customer's first message"),
            "first_response_at": ("TIMESTAMPTZ", "The team's first message after that"),
            "first_response_minutes": ("DOUBLE", "Minutes from the one to the other"),
            "done_at": (
                "TIMESTAMPTZ",
                "When it was first done, as the stamps say; of what happened between two syncs, "
                "or before the first one, only the last state was seen",
            ),
            "hours_to_done": ("DOUBLE", "Hours from created_at to done_at"),
            "replies": ("BIGINT", "Messages of the team"),
            "messages": ("BIGINT", "Messages of both sides, the opening one included"),
            "comments": ("BIGINT", "Internal notes"),
            "reopenings": ("BIGINT", "How often it was seen to leave done; see done_at"),
        },
        sql=f"""
        WITH asked AS (
            SELECT thread_id, min(created_at) AS first_question_at
            FROM main.thread_messages WHERE direction = 'inbound' GROUP BY thread_id
        ), said AS (
            SELECT m.thread_id, any_value(a.first_question_at) AS first_question_at,
                min(m.created_at) FILTER (m.direction = 'outbound'
                    AND m.created_at > a.first_question_at) AS first_response_at,
                count(*) FILTER (m.direction = 'outbound') AS replies, count(*) AS messages
            FROM main.thread_messages m LEFT JOIN asked a ON a.thread_id = m.thread_id
            GROUP BY m.thread_id
        ), noted AS (
            SELECT thread_id, count(*) AS comments FROM main.thread_comments GROUP BY thread_id
        ), versions AS (
            SELECT id, status, least(last_state_change_at, _valid_from) AS since,
                lag(status) OVER (PARTITION BY id ORDER BY {IN_ORDER}) AS status_before
            FROM history.threads WHERE NOT _deleted
        ), moved AS (
            SELECT id, min(since) FILTER (status = 'done') AS done_at,
                count(*) FILTER (status_before = 'done' AND status <> 'done') AS reopenings
            FROM versions GROUP BY id
        )
        SELECT t.id, t.title, t.origin, t.status, t.contact_id, t.company_id,
            coalesce(c.name, t.company ->> 'name') AS company_name, c.tier_name, t.assignee_id,
            t.created_at, s.first_question_at, s.first_response_at,
            (epoch_us(s.first_response_at) - epoch_us(s.first_question_at)) / 60e6
                AS first_response_minutes,
            v.done_at, (epoch_us(v.done_at) - epoch_us(t.created_at)) / 3600e6 AS hours_to_done,
            coalesce(s.replies, 0) AS replies, coalesce(s.messages, 0) AS messages,
            coalesce(n.comments, 0) AS comments, coalesce(v.reopenings, 0) AS reopenings
        FROM main.threads t
        LEFT JOIN main.companies c ON c.id = t.company_id
        LEFT JOIN said s ON s.thread_id = t.id
        LEFT JOIN noted n ON n.thread_id = t.id
        LEFT JOIN moved v ON v.id = t.id""",
    ),
    View(
        name="inbox_weekly",
        area="feedback",
        meaning="How many threads began, by week, origin and tier; each thread is in one row",
        columns={
            "week": ("DATE", "The week's Monday, in UTC"),
            "origin": ("VARCHAR", "The channel they came by"),
            "tier_name": ("VARCHAR", "The company's Linear tier; null: no company, or no tier"),
            "threads": ("BIGINT", "Threads that began in that week; may be summed as you like"),
            "done": ("BIGINT", "Those of them that are done now"),
        },
        sql="""
        SELECT CAST(date_trunc('week', t.created_at AT TIME ZONE :tz) AS DATE) AS week,
            t.origin, c.tier_name, count(*) AS threads, count(*) FILTER (t.status = 'done') AS done
        FROM main.threads t LEFT JOIN main.companies c ON c.id = t.company_id
        GROUP BY ALL ORDER BY week, t.origin, c.tier_name""",
    ),
    View(
        name="inbox_weekly_by_tag",
        area="feedback",
        meaning="How many threads began, by week and tag; a thread with three tags is in three "
        "rows, so sum threads_split and not threads",
        columns={
            "week": ("DATE", "The week's Monday, in UTC"),
            "tag_id": ("VARCHAR", "The tag; null: threads without a tag"),
            "tag_name": ("VARCHAR", "Its name"),
            "threads": (
                "BIGINT",
                "Threads with that tag that began in that week; not to be summed over tags",
            ),
            "threads_split": (
                "DOUBLE",
                "The same, each thread shared out evenly among its tags; the sum over all tags, "
                "null included, is the number of threads",
            ),
        },
        sql="""
        SELECT CAST(date_trunc('week', t.created_at AT TIME ZONE :tz) AS DATE) AS week,
            c.tag_id, g.name AS tag_name, count(*) AS threads,
            sum(coalesce(c.share, 1e0)) AS threads_split
        FROM main.threads t
        LEFT JOIN (
            SELECT thread_id, tag_id, 1e0 / count(*) OVER (PARTITION BY thread_id) AS share
            FROM main.thread_tags
        ) c ON c.thread_id = t.id
        LEFT JOIN main.tags g ON g.id = c.tag_id
        GROUP BY ALL ORDER BY week, tag_name, c.tag_id""",
    ),
    View(
        name="open_threads_by_age",
        area="feedback",
        meaning="The open inbox in six spans of age; a span without threads is there too",
        columns={
            "age": ("VARCHAR", "The span, in words"),
            "from_days": ("INTEGER", "Its beginning, in days of 24 hours since the thread began"),
            "to_days": ("INTEGER", "Its end, not included; null for the oldest"),
            "threads": ("BIGINT", "Threads that are open"),
            "waiting": ("BIGINT", "Those of them in which the customer had the last word"),
            "unassigned": ("BIGINT", "Those of them that nobody is in charge of"),
            "unread": ("BIGINT", "Those of them that nobody has opened"),
            "snoozed": ("BIGINT", "Threads of that age that are snoozed, and not in threads"),
            "oldest_at": ("TIMESTAMPTZ", "When the oldest of the open ones began"),
            "as_of": ("TIMESTAMPTZ", "The moment that ages are counted to: the last reading"),
        },
        sql=f"""
        WITH reading AS ({READ_AT}),
        ages (age, from_days, to_days) AS (VALUES
            ('less than 1 day', 0, 1), ('1 to 3 days', 1, 3), ('3 to 7 days', 3, 7),
            ('7 to 30 days', 7, 30), ('30 to 90 days', 30, 90), ('90 days and more', 90, NULL)
        ), aged AS (
            SELECT t.*, greatest(0, (epoch_us(r.as_of) - epoch_us(t.created_at)) / 86400e6) AS days,
                t.status = 'open' AS is_open
            FROM main.threads t CROSS JOIN reading r WHERE t.status IN ('open', 'snoozed')
        )
        SELECT a.age, a.from_days, a.to_days, count(*) FILTER (t.is_open) AS threads,
            count(*) FILTER (t.is_open AND t.last_inbound_message_at
                > coalesce(t.last_outbound_message_at, '-infinity')) AS waiting,
            count(*) FILTER (t.is_open AND t.assignee_id IS NULL) AS unassigned,
            count(*) FILTER (t.is_open AND NOT t.is_read) AS unread,
            count(*) FILTER (NOT t.is_open) AS snoozed,
            min(t.created_at) FILTER (t.is_open) AS oldest_at, r.as_of
        FROM ages a CROSS JOIN reading r
        LEFT JOIN aged t ON t.days >= a.from_days AND (a.to_days IS NULL OR t.days < a.to_days)
        GROUP BY ALL ORDER BY a.from_days""",
    ),
    View(
        name="status_changes",
        area="feedback",
        meaning="One row for each status that a thread took on, and one for each that it left; the "
        "sum of change up to a moment is how many threads had a status then",
        columns={
            "thread_id": ("VARCHAR", "The thread, live or deleted"),
            "changed_at": (
                "TIMESTAMPTZ",
                "When; a deleted thread leaves its status when its absence was noticed",
            ),
            "status": (
                "VARCHAR",
                "open, snoozed or done; unknown: the thread was there, but what it was before it "
                "was first read doesn't show",
            ),
            "change": ("INTEGER", "1: took it on; -1: left it"),
        },
        sql=f"""
        WITH versions AS (
            SELECT *, row_number() OVER (PARTITION BY id ORDER BY {IN_ORDER}) = 1 AS is_first
            FROM history.threads
        ), dated AS (
            SELECT id, coalesce(status, 'unknown') AS status, created_at, is_first,
                CASE WHEN is_first AND last_state_change_at IS NOT NULL
                    THEN least(_valid_from, greatest(last_state_change_at, created_at))
                    ELSE _valid_from END AS since, _valid_to AS until
            FROM versions WHERE NOT _deleted
        ), spans AS (
            SELECT id, status, since, until FROM dated
            UNION ALL
            SELECT id, 'unknown', created_at, since
            FROM dated WHERE is_first AND created_at < since
        )
        SELECT id AS thread_id, since AS changed_at, status, 1 AS change FROM spans
        UNION ALL
        SELECT id, until, status, -1 FROM spans WHERE until IS NOT NULL""",
    ),
    View(
        name="status_daily",
        area="feedback",
        meaning="How many threads had which status at the end of each day, from the first thread "
        "to the last reading, also on days without a change",
        columns={
            "day": ("DATE", "The day, in UTC; the last one is as far as it was read"),
            "status": ("VARCHAR", "open, snoozed, done or unknown; see status_changes"),
            "threads": ("BIGINT", "Threads of that status when the day ended"),
        },
        sql=f"""
        SELECT d.day, s.status, CAST(coalesce(
            sum(c.change) OVER (PARTITION BY s.status ORDER BY d.day), 0) AS BIGINT) AS threads
        FROM (
            SELECT CAST(unnest(generate_series(
                (SELECT CAST(min(changed_at AT TIME ZONE :tz) AS DATE)
                    FROM analytics.status_changes),
                (SELECT CAST(as_of AT TIME ZONE :tz AS DATE) FROM ({READ_AT})),
                INTERVAL 1 DAY)) AS DATE) AS day
        ) d CROSS JOIN (SELECT DISTINCT status FROM analytics.status_changes) s
        LEFT JOIN (
            SELECT CAST(changed_at AT TIME ZONE :tz AS DATE) AS day, status, sum(change) AS change
            FROM analytics.status_changes GROUP BY ALL
        ) c ON c.day = d.day AND c.status = s.status
        ORDER BY d.day, s.status""",
    ),
)
