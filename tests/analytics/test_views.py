"""Each view says what a few lines of Python say, on workspaces that have lived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.analytics import VIEWS, View
from tests.analytics.models import MODELS
from tests.analytics.seen import Row, Seen
from tests.bench import Bench

EVERY = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
BERLIN = "Europe/Berlin"
COMPANIES = "companies_overview"


def comparable(rows: Iterable[Row]) -> Counter[Any]:
    """Rows as a bag."""
    return Counter(tuple(sorted((k, str(plain(v))) for k, v in row.items())) for row in rows)


def plain(value: Any) -> Any:
    """Numbers alike, whatever their type, and fractions as far as floats can be trusted."""
    if type(value) in (int, float):
        return round(float(value), 6)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def unlike(actual: Iterable[Row], expected: Iterable[Row]) -> list[object]:
    """The rows that only one of both has; in any order, as often as they stand there."""
    have, want = comparable(actual), comparable(expected)
    return [*(have - want).elements(), *(want - have).elements()]


def test_every_view_has_its_model() -> None:
    assert set(MODELS) == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_says_what_its_model_says(seen: Seen, name: str) -> None:
    actual = seen.rows(f"analytics.{name}")
    assert actual
    assert unlike(actual, MODELS[name](seen)) == []


@pytest.mark.parametrize("name", [view.name for view in VIEWS.values() if view.macro])
def test_a_macro_says_what_the_model_says_in_that_zone(lived: Bench, name: str) -> None:
    seen = Seen(lived.settings.data_dir, BERLIN)
    assert (
        unlike(seen.rows(f"SELECT * FROM analytics.{name}_in('{BERLIN}')"), MODELS[name](seen))
        == []
    )


@EVERY
def test_the_zone_of_a_session_moves_no_border(lived: Bench, view: View) -> None:
    seen = Seen(lived.settings.data_dir)
    elsewhere = Seen(lived.settings.data_dir, session="America/Los_Angeles")
    assert (
        unlike(elsewhere.rows(f"analytics.{view.name}"), seen.rows(f"analytics.{view.name}")) == []
    )


def test_the_workspace_has_what_views_have_to_notice(seen: Seen) -> None:
    """Or the models would be asked of nothing."""
    threads, companies = (seen.rows(f"analytics.{n}") for n in ("thread_metrics", COMPANIES))
    assert sum(row["reopenings"] for row in threads) > 1
    assert {row["health"] for row in companies} == {"quiet", "attention", "good"}
    assert any(row["merged_from"] for row in companies)
    assert any(len(v) > 1 and v[-1]["_deleted"] for v in seen.versions.values())
    assert any(row["language"] for row in seen.rows("main.docs_articles"))
    assert {row["status"] for row in seen.rows("analytics.status_daily")} >= {"unknown", "open"}


@pytest.mark.parametrize("name", VIEWS)
def test_an_empty_workspace_has_no_rows_or_zeros(untouched: Bench, name: str) -> None:
    rows = Seen(untouched.settings.data_dir).rows(f"analytics.{name}")
    assert all(not row["threads"] for row in rows) if name == "open_threads_by_age" else rows == []
