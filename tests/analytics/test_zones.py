"""Days and weeks have the borders of the zone that was asked for, also when clocks change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from tests.analytics.seen import Seen
from tests.bench import Bench

SUNDAYS = {
    # An hour and a half before Monday in UTC: Berlin's Monday has begun in summer time only.
    "2026-03-22T22:30:00+00:00": ("2026-03-16", "2026-03-16"),
    "2026-03-29T22:30:00+00:00": ("2026-03-23", "2026-03-30"),
    "2026-10-18T22:30:00+00:00": ("2026-10-12", "2026-10-19"),
    "2026-10-25T22:30:00+00:00": ("2026-10-19", "2026-10-19"),
    # Half an hour before midnight in winter, in summer the next day for an hour and a half.
    "2026-10-24T22:30:00+00:00": ("2026-10-19", "2026-10-19"),
}
"""When a thread began, and its week in UTC and in Berlin."""


@pytest.fixture
def over_the_changes(make_bench: Callable[..., Bench]) -> Seen:
    at = make_bench(threads=0)
    for moment in SUNDAYS:
        stamp = datetime.fromisoformat(moment)
        at.box.workspace.create("threads", created_at=stamp, updated_at=stamp, status="open")
    at.sync("threads")
    return Seen(at.settings.data_dir)


def weeks(seen: Seen, source: str) -> list[str]:
    rows = seen.rows(f"SELECT * FROM analytics.{source}")
    return sorted(str(row["week"]) for row in rows for _ in range(row["threads"]))


def test_weeks_begin_on_monday_in_utc_or_in_the_zone_given(over_the_changes: Seen) -> None:
    for name in ("inbox_weekly", "inbox_weekly_by_tag"):
        assert weeks(over_the_changes, name) == sorted(utc for utc, _ in SUNDAYS.values())
        berlin = weeks(over_the_changes, f"{name}_in('Europe/Berlin')")
        assert berlin == sorted(local for _, local in SUNDAYS.values())


def test_every_day_is_there_once_also_those_of_23_and_25_hours(over_the_changes: Seen) -> None:
    for zone, first in (("UTC", date(2026, 3, 22)), ("Europe/Berlin", date(2026, 3, 22))):
        rows = over_the_changes.rows(f"SELECT * FROM analytics.status_daily_in('{zone}')")
        days = sorted({row["day"] for row in rows})
        assert days[0] == first
        assert days[-1] == date(2026, 11, 1)
        assert len(days) == (days[-1] - days[0]).days + 1
    threads = {
        (row["day"], row["status"]): row["threads"]
        for row in over_the_changes.rows("SELECT * FROM analytics.status_daily_in('Europe/Berlin')")
    }
    assert threads[date(2026, 3, 29), "open"] == 1
    assert threads[date(2026, 3, 30), "open"] == 2
    assert threads[date(2026, 10, 24), "open"] == 3
    assert threads[date(2026, 10, 25), "open"] == 5
