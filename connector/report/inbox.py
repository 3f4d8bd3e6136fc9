"""Charts of the inbox: how much comes in, how fast it is answered, what is left open."""

from __future__ import annotations

from connector.report.chart import Chart, Row, Rows, Spec, are, counted, day, duration, number
from connector.report.marks import bars, time_axis

READ_AT = "(SELECT max(answered_at) FROM meta.walks WHERE stream = 'threads')"
SYNC = "Once `productlane-elt sync` has read threads, they are counted here."

WEEKLY = f"""
    WITH weeks AS (
        SELECT CAST(unnest(generate_series(date_trunc('week', {READ_AT}) - INTERVAL 25 WEEK,
            date_trunc('week', {READ_AT}), INTERVAL 1 WEEK)) AS DATE) AS week)
    SELECT w.week, coalesce(sum(i.threads), 0)::BIGINT AS threads,
        coalesce(sum(i.done), 0)::BIGINT AS done
    FROM weeks w LEFT JOIN analytics.inbox_weekly i ON i.week = w.week
    GROUP BY w.week ORDER BY w.week"""

MONTHLY = f"""
    WITH recent AS (
        SELECT *, CAST(date_trunc('month', first_question_at) AS DATE) AS month
        FROM analytics.thread_metrics
        WHERE first_question_at >= date_trunc('month', {READ_AT}) - INTERVAL 11 MONTH
    ), months AS (
        SELECT CAST(unnest(generate_series(date_trunc('month', {READ_AT}) - INTERVAL 11 MONTH,
            date_trunc('month', {READ_AT}), INTERVAL 1 MONTH)) AS DATE) AS month
    ), altogether AS (
        SELECT count(*) AS _all_asked, count(first_response_at) AS _all_answered,
            median(first_response_minutes) AS _all_median,
            quantile_cont(first_response_minutes, 0.9) AS _all_p90
        FROM recent)
    SELECT m.month, count(r.id) AS asked, count(r.first_response_at) AS answered,
        median(r.first_response_minutes) AS median_minutes,
        quantile_cont(r.first_response_minutes, 0.9) AS p90_minutes, a.*
    FROM months m CROSS JOIN altogether a LEFT JOIN recent r ON r.month = m.month
    GROUP BY ALL ORDER BY m.month"""


def _volume(rows: Rows) -> str:
    *whole, last = rows
    mean = sum(row["threads"] for row in whole) / len(whole)
    return (
        f"{counted(mean, 'thread')} a week began in the last half-year; "
        f"{number(last['threads'])} so far in the week of {day(last['week'])}."
    )


def _weekly(rows: Rows, wide: bool) -> Spec:
    return {
        "height": 200,
        "data": {"values": [{**row, "label": f"{row['week']:%d %b}"} for row in rows]},
        "transform": [
            {"calculate": "datum.threads - datum.done", "as": "not done yet"},
            {"fold": ["done", "not done yet"], "as": ["state", "n"]},
        ],
        "mark": {"type": "bar", "width": {"band": 0.72}, "cornerRadius": 1.5},
        "encoding": {
            "x": {"field": "label", "type": "ordinal", "sort": None,
                  "axis": time_axis(every=4 if wide else 8)},
            "y": {"field": "n", "type": "quantitative", "title": None},
            "color": {"field": "state", "type": "nominal", "title": None,
                      "scale": {"domain": ["done", "not done yet"],
                                "range": ["var(--one-faint)", "var(--one)"]}},
            "order": {"field": "state"},
        },
    }  # fmt: skip


def _answers(rows: Rows) -> str:
    last = rows[-1]
    return (
        f"Half of the first answers of the last twelve months came within "
        f"{duration(last['_all_median'])}, nine of ten within {duration(last['_all_p90'])}; "
        f"{number(last['_all_answered'])} of {counted(last['_all_asked'], 'question')} had one."
    )


TICKS = [1, 60, 1440, 43200, 525600, 5256000]
"""Minutes; in words below."""

SPELT = (
    "datum.value == 1 ? '1 min' : datum.value == 60 ? '1 h' : datum.value == 1440 ? '1 day' : "
    "datum.value == 43200 ? '30 days' : datum.value == 525600 ? '1 year' : '10 years'"
)


def _response(rows: Rows, wide: bool) -> Spec:
    month = {"field": "label", "type": "ordinal", "sort": None,
             "axis": time_axis(every=1 if wide else 3)}  # fmt: skip
    minutes = {"type": "quantitative", "title": None,
               "scale": {"type": "log", "domain": _span(rows), "clamp": True},
               "axis": {"values": TICKS, "labelExpr": SPELT, "labelOverlap": False,
                        "minExtent": 60}}  # fmt: skip
    names = ["median", "90th percentile"]
    colours = {"domain": names, "range": ["var(--one)", "var(--two)"]}
    return {
        "height": 220,
        "data": {"values": [{**row, "label": f"{row['month']:%b}"} for row in rows]},
        "layer": [
            {"transform": [{"filter": "isValid(datum.p90_minutes)"}],
             "mark": {"type": "rule", "color": "var(--line)", "strokeWidth": 2},
             "encoding": {"x": month, "y": {"field": "median_minutes", **minutes},
                          "y2": {"field": "p90_minutes"}}},
            {"transform": [
                {"calculate": "datum.median_minutes", "as": "median"},
                {"calculate": "datum.p90_minutes", "as": "90th percentile"},
                {"fold": names, "as": ["which", "minutes"]},
                {"filter": "isValid(datum.minutes)"}],
             "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
             "encoding": {"x": month, "y": {"field": "minutes", **minutes},
                          "shape": {"field": "which", "type": "nominal", "title": None,
                                    "scale": {"domain": names, "range": ["circle", "diamond"]}},
                          "color": {"field": "which", "type": "nominal", "title": None,
                                    "scale": colours}}},
        ],
    }  # fmt: skip


def _span(rows: Rows) -> list[float]:
    """The ticks that enclose all values."""
    values = [max(row[name], TICKS[0]) for row in rows if row["answered"]
              for name in ("median_minutes", "p90_minutes")]  # fmt: skip
    low = max((tick for tick in TICKS if tick <= min(values)), default=TICKS[0])
    return [low, min((tick for tick in TICKS if tick >= max(values)), default=max(values))]


def _ages(rows: Rows) -> str:
    total, waiting, nobodys = (sum(r[n] for r in rows) for n in ("threads", "waiting", "nobodys"))
    oldest = min(row["oldest_at"] for row in rows if row["oldest_at"])
    return (
        f"{are(total, 'thread')} open: in {number(waiting)} the customer had the last word, "
        f"{number(nobodys)} are nobody's; the oldest began on {day(oldest)}."
    )


def _open(rows: Rows, wide: bool) -> Spec:
    parts = {"customer waits": "var(--two)", "answered": "var(--one)"}
    return bars("age", [_parted(row) for row in rows], parts, wide=wide)


def _parted(row: Row) -> Row:
    waiting = row["waiting"]
    return {**row, "customer waits": waiting, "answered": row["threads"] - waiting}


INBOX = (
    Chart(
        key="inbox",
        title="What comes in",
        query=WEEKLY,
        reads=("threads", "companies"),
        says=_volume,
        draws=_weekly,
        counts="threads",
        empty="No thread began in the last half-year. " + SYNC,
    ),
    Chart(
        key="responses",
        title="How long customers wait for the first answer",
        query=MONTHLY,
        reads=("threads", "thread_messages"),
        says=_answers,
        draws=_response,
        counts="answered",
        empty="No question of the last twelve months has an answer yet. Messages come with "
        "`productlane-elt sync threads thread_messages`.",
    ),
    Chart(
        key="open",
        title="How old the open threads are",
        query="SELECT age, threads, waiting, unassigned AS nobodys, oldest_at "
        "FROM analytics.open_threads_by_age ORDER BY from_days",
        reads=("threads",),
        says=_ages,
        draws=_open,
        counts="threads",
        empty="No thread is open. " + SYNC,
    ),
)
