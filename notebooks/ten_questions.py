"""Ten questions about feedback, each with its query, its answer, and what the answer tells.

    marimo edit notebooks/ten_questions.py

It asks the warehouse in PRODUCTLANE_DATA_DIR, or, without, what `productlane-elt demo` left in
demo-data. Change a query and run its cell: whatever rests on it runs again.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Ten questions about feedback")


@app.cell
def _():
    import marimo as mo

    from connector.published import reading
    from connector.report.drawing import svg
    from connector.report.marks import WIDE, bars
    from connector.settings import Settings

    return Settings, WIDE, bars, mo, reading, svg


@app.cell
def _(Settings, mo, reading):
    from dataclasses import replace
    from os import environ
    from pathlib import Path

    settings = Settings.load()
    if "PRODUCTLANE_DATA_DIR" not in environ and Path("demo-data").exists():
        settings = replace(settings, data_dir=Path("demo-data"))

    def ask(query):
        """The rows of a query as dictionaries; a sync may publish newer ones between two."""
        with reading(settings.data_dir) as con:
            found = con.execute(query)
            names = [name for name, *_ in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    mo.md(f"# Ten questions about feedback\n\nThe data are those in `{settings.data_dir}`.")
    return (ask,)


@app.cell
def _(WIDE, bars, mo, svg):
    colours = "--one: #2f62b5; --two: #c4621a; --ink: #1d1f24; --soft: #5c616b; --line: #e4e1db"

    def show(question, rows, tells, chart=""):
        """A question with its answer; `tells` is the one line to remember."""
        table = mo.ui.table(rows, selection=None)
        return mo.vstack([mo.md(f"## {question}"), mo.Html(chart), table, mo.md(tells)])

    def drawn(rows, name, column, colour="--one"):
        """A bar for each row."""
        marks = bars(name, rows, {column: f"var({colour})"}, wide=True)
        return f'<div style="{colours}; background: #fff">{svg(marks, WIDE)}</div>' if rows else ""

    return drawn, show


@app.cell
def _(ask, drawn, show):
    weeks = ask("""
        SELECT CAST(week AS VARCHAR) AS week, sum(threads)::BIGINT AS threads
        FROM analytics.inbox_weekly GROUP BY week ORDER BY week DESC LIMIT 12
    """)
    show(
        "1. How much comes in?",
        weeks,
        "The newest twelve weeks that brought anything; the first line is the week that runs.",
        drawn(weeks, "week", "threads"),
    )
    return (weeks,)


@app.cell
def _(ask, show):
    waits = ask("""
        SELECT origin AS channel, count(first_response_at) AS answered,
            round(median(first_response_minutes) / 60, 1) AS median_hours,
            round(quantile_cont(first_response_minutes, 0.9) / 60, 1) AS p90_hours
        FROM analytics.thread_metrics WHERE first_question_at IS NOT NULL
        GROUP BY channel ORDER BY answered DESC LIMIT 8
    """)
    show(
        "2. How long does a customer wait for the first answer?",
        waits,
        "Look at the ninetieth percentile: that is what an unlucky customer remembers.",
    )
    return (waits,)


@app.cell
def _(ask, drawn, show):
    ages = ask("""
        SELECT age, threads, waiting, unassigned
        FROM analytics.open_threads_by_age ORDER BY from_days
    """)
    show(
        "3. How old is what is open?",
        ages,
        "In `waiting`, the customer had the last word; what is old and waiting comes first.",
        drawn(ages, "age", "waiting", "--two"),
    )
    return (ages,)


@app.cell
def _(ask, show):
    longest = ask("""
        SELECT t.last_inbound_message_at AS since, c.name AS company, c.revenue, t.title
        FROM threads t LEFT JOIN companies c ON c.id = t.company_id
        WHERE t.status = 'open'
            AND t.last_inbound_message_at > coalesce(t.last_outbound_message_at, '-infinity')
        ORDER BY since LIMIT 8
    """)
    show("4. Who has been waiting longest?", longest, "A list to begin the morning with.")
    return (longest,)


@app.cell
def _(ask, show):
    companies = ask("""
        SELECT name, tier_name AS tier, revenue, threads, open_threads, health
        FROM analytics.companies_overview ORDER BY threads DESC, id LIMIT 8
    """)
    show(
        "5. Who writes most, and how are they?",
        companies,
        "`attention`: of the last ninety days, less than half is answered or more than half open.",
    )
    return (companies,)


@app.cell
def _(ask, drawn, show):
    projects = ask("""
        SELECT name, state, companies, contacts, revenue
        FROM analytics.feedback_by_project ORDER BY revenue DESC, project_id LIMIT 8
    """)
    show(
        "6. What is asked for, by how much revenue?",
        projects,
        "A company counts once, however often it asks. Empty until `contact_projects` and "
        "`contact_issues` are synced by name.",
        drawn(
            [{**row, "millions": round(row["revenue"] / 1e6, 2)} for row in projects],
            "name",
            "millions",
        ),
    )
    return (projects,)


@app.cell
def _(ask, show):
    tags = ask("""
        SELECT g.name AS tag, count(*) AS threads, count(DISTINCT t.company_id) AS companies
        FROM thread_tags x JOIN threads t ON t.id = x.thread_id JOIN tags g ON g.id = x.tag_id
        GROUP BY tag ORDER BY threads DESC, tag LIMIT 8
    """)
    show("7. What is it about?", tags, "Many threads of few companies are a quarrel, not a trend.")
    return (tags,)


@app.cell
def _(ask, show):
    team = ask("""
        SELECT coalesce(name, 'nobody') AS name, open_threads, snoozed_threads, messages
        FROM analytics.team_workload ORDER BY open_threads DESC, user_id LIMIT 8
    """)
    show("8. Who has how much to do?", team, "What is nobody's is what gets forgotten.")
    return (team,)


@app.cell
def _(ask, show):
    gone = ask("""
        SELECT title, status, _last_seen_at AS last_seen, _noticed_at AS noticed
        FROM history.threads WHERE _deleted AND _valid_to IS NULL ORDER BY noticed DESC, id LIMIT 8
    """)
    show("9. What is gone?", gone, "A deleted thread keeps its last values; full walks find it.")
    return (gone,)


@app.cell
def _(ask, show):
    fresh = ask("""
        SELECT stream, stamped_from AS fresh_as_of, proven_from AS complete_as_of
        FROM meta.freshness WHERE read_to IS NOT NULL ORDER BY stamped_from NULLS FIRST LIMIT 8
    """)
    show(
        "10. How fresh is all this?",
        fresh,
        "The oldest bounds first: no answer above is older than these.",
    )
    return (fresh,)


if __name__ == "__main__":
    app.run()
