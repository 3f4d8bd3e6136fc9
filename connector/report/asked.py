"""Charts of what is asked for, what is planned, and who does the work."""

from __future__ import annotations

from connector.report.chart import Chart, Rows, Spec, are, counted, money, number
from connector.report.marks import bars

TOP = 10
"""Bars of a chart at most."""


def _weighed(view: str, name: str, key: str) -> str:
    """The wishes with most revenue behind them."""
    return f"""
        SELECT coalesce({name}, '(without a name)') AS name, revenue, companies, contacts,
            count(*) OVER () AS _wishes
        FROM {view} ORDER BY revenue DESC, contacts DESC, {key} LIMIT {TOP}"""


def _wished(rows: Rows, thing: str) -> str:
    first = rows[0]
    return (
        f"{are(first['_wishes'], thing)} asked for. Most revenue stands behind "
        f"“{first['name']}”: {money(first['revenue'])}, of "
        f"{number(first['companies'])} {'company' if first['companies'] == 1 else 'companies'}."
    )


def _revenue(rows: Rows, wide: bool) -> Spec:
    marked = [{**row, "said": _said(row, wide)} for row in rows]
    return bars("name", marked, {"revenue": "var(--one)"}, wide=wide, spelt="said")


def _said(row: dict[str, float], wide: bool) -> str:
    who = f" · {counted(row['contacts'], 'contact')}" if wide else ""
    return money(row["revenue"]) + who


STATES = """
    SELECT state, count(*) AS projects,
        count(*) FILTER (is_visible) AS shown,
        count(*) FILTER (NOT coalesce(is_visible, false)) AS hidden
    FROM projects GROUP BY state
    ORDER BY coalesce(list_position(
        ['backlog', 'planned', 'started', 'completed', 'canceled'], state), 9)"""


def _states(rows: Rows) -> str:
    told = ", ".join(
        f"{number(row['projects'])} {row['state'] or 'without a state'}" for row in rows
    )
    total, shown = (sum(row[name] for row in rows) for name in ("projects", "shown"))
    return f"{are(total, 'project')} on the roadmap: {told}; {number(shown)} show on the portal."


def _roadmap(rows: Rows, wide: bool) -> Spec:
    named = [
        {**row, "state": row["state"] or "without a state", "on the portal": row["shown"]}
        for row in rows
    ]
    parts = {"on the portal": "var(--one)", "hidden": "var(--one-faint)"}
    return bars("state", named, parts, wide=wide)


WORKLOAD = """
    SELECT coalesce(name, CASE WHEN user_id IS NULL THEN 'nobody' ELSE 'unknown' END) AS name,
        user_id IS NULL AS _is_nobody, open_threads AS open, snoozed_threads AS snoozed, messages,
        open_threads + snoozed_threads AS load
    FROM analytics.team_workload ORDER BY _is_nobody, load DESC, user_id"""


def _loads(rows: Rows) -> str:
    people = [row for row in rows if not row["_is_nobody"]]
    nobodys = sum(row["open"] for row in rows if row["_is_nobody"])
    if not people:
        return f"{are(nobodys, 'open thread')} in nobody's charge."
    most = people[0]
    return (
        f"{most['name']} has most in hand, {number(most['open'])} open and "
        f"{counted(most['snoozed'], 'snoozed thread')}; "
        f"{are(nobodys, 'open thread')} in nobody's charge."
    )


def _team(rows: Rows, wide: bool) -> Spec:
    people = [row for row in rows if not row["_is_nobody"]][: TOP + 2]
    shown = [*people, *(row for row in rows if row["_is_nobody"] and row["load"])]
    return bars("name", shown, {"open": "var(--one)", "snoozed": "var(--one-faint)"}, wide=wide)


ASKED = (
    Chart(
        key="projects",
        title="Which projects are asked for",
        query=_weighed("analytics.feedback_by_project", "name", "project_id"),
        reads=("projects", "contact_projects", "contact_issues", "companies"),
        says=lambda rows: _wished(rows, "project"),
        draws=_revenue,
        empty="Nothing says who asks for which project. "
        "`productlane-elt sync contacts contact_projects contact_issues` reads it, for a request "
        "or two per contact.",
    ),
    Chart(
        key="issues",
        title="Which issues are asked for",
        query=_weighed("analytics.feedback_by_issue", "title", "issue_id"),
        reads=("issues", "contact_issues", "companies"),
        says=lambda rows: _wished(rows, "issue"),
        draws=_revenue,
        empty="Nothing says who asks for which issue. "
        "`productlane-elt sync contacts contact_issues` reads it, for a request per contact.",
    ),
    Chart(
        key="roadmap",
        title="Where the roadmap stands",
        query=STATES,
        reads=("projects",),
        says=_states,
        draws=_roadmap,
        empty="There are no projects. They come from Linear; once it is connected, "
        "`productlane-elt sync projects` reads them.",
    ),
    Chart(
        key="team",
        title="Who has how much to do",
        query=WORKLOAD,
        reads=("threads", "thread_messages", "thread_comments"),
        says=_loads,
        draws=_team,
        counts="load",
        empty="No thread is open or snoozed. Names of people come with the scope `admin`.",
    ),
)
