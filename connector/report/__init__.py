"""The report: one page of HTML that stands alone, with drawings and no scripts.

`inbox.py` and `asked.py` declare the charts, `drawing.py` draws them, `page.html` is the page. It
reads the published warehouse and nothing else; nothing in it is fetched when it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from connector.report.asked import ASKED
from connector.report.chart import Chart, Row, Rows, duration, number
from connector.report.drawing import svg
from connector.report.health import health
from connector.report.inbox import INBOX, READ_AT
from connector.report.marks import NARROW, WIDE

CHARTS: tuple[Chart, ...] = (*INBOX, *ASKED)

FIGURES = f"""
    SELECT (SELECT count(*) FROM threads) AS all_threads,
        (SELECT sum(threads) FROM analytics.open_threads_by_age)::BIGINT AS open,
        (SELECT sum(waiting) FROM analytics.open_threads_by_age)::BIGINT AS waiting,
        count(*) FILTER (created_at >= {READ_AT} - INTERVAL 7 DAY) AS arrived,
        median(first_response_minutes) FILTER (
            first_question_at >= {READ_AT} - INTERVAL 90 DAY) AS answer,
        (SELECT count(*) FROM companies) AS companies,
        {READ_AT} AS read_at
    FROM analytics.thread_metrics"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with what it shows; without drawings, `says` tells what to do."""

    key: str
    title: str
    says: str
    fresh: str = ""
    wide: str = ""
    narrow: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


def page(con: duckdb.DuckDBPyConnection, workspace: str, made_at: datetime) -> str:
    """The page. Raises `ConfigurationError` where what draws it is not installed."""
    (figures,) = _ask(con, FIGURES)
    drawn = [_drawn(con, chart) for chart in CHARTS]
    made: str = _template().render(
        workspace=workspace,
        made_at=made_at,
        figures=figures,
        charts=drawn,
        is_empty=not any(one.wide for one in drawn),
        tables=health(con),
    )
    return made


def workspace_of(data_dir: Path) -> str:
    """The id of the workspace that was read, as the lake has it; the API tells no name."""
    text = (data_dir / "lake" / "_workspace.json").read_text("utf-8")
    return str(orjson.loads(text)["workspace_id"])


def _drawn(con: duckdb.DuckDBPyConnection, chart: Chart) -> Drawn:
    from connector.freshness import freshness

    asked = con.execute(chart.query)
    columns = tuple(name for name, *_ in asked.description or [])
    values = asked.fetchall()
    rows = [dict(zip(columns, one, strict=True)) for one in values]
    if chart.is_empty(rows):
        return Drawn(chart.key, chart.title, chart.empty)
    wide, narrow = (
        svg({**chart.draws(rows, width == WIDE), "description": chart.title}, width)
        for width in (WIDE, NARROW)
    )
    fresh = str(freshness(con, chart.reads) or "")
    shown = tuple(name for name in columns if not name.startswith("_"))  # the rest is for words
    table = tuple(tuple(row[name] for name in shown) for row in rows)
    return Drawn(chart.key, chart.title, chart.says(rows), fresh, wide, narrow, shown, table)


def _ask(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    asked = con.execute(query)
    names = [name for name, *_ in asked.description or []]
    return [Row(zip(names, one, strict=True)) for one in asked.fetchall()]


def _template() -> Any:
    """The page's template; whatever is put into it is text, and no markup."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("connector.report", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"number": number, "duration": duration, "cell": _cell}
    return environment.get_template("page.html")


def _cell(value: Any) -> str:
    """A value in the table under a chart."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return "" if value is None else str(value)
