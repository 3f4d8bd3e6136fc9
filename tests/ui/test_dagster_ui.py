"""Our code location in Dagster's own pages, used in a browser as the README's pictures show it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from assets.definitions import defs
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from tests.ui.conftest import SINCE
from tests.ui.pages import Pages

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

DAYS = 30

RUN = re.compile("^[0-9a-f]{8}$")
"""How the pages write the id of a run."""

THREADS = "assets/lake/threads?view=partitions"
TABLE = "assets/warehouse/threads?view=checks&checkDetail=keys_are_unique"
COMPANIES = "assets/lake/companies?view=partitions"


LAST = datetime.now(UTC).date()
"""The last day that is chosen: today, or, when midnight has passed meanwhile, yesterday."""


def missing(days: int) -> re.Pattern[str]:
    """How many days are grey; one more, when midnight has passed meanwhile."""
    return re.compile(rf"^Missing \(({days}|{days + 1})\)$")


@pytest.fixture(scope="module")
def backfilled(pages: Pages) -> Pages:
    """The first backfill: a range of days, launched from the page of the asset."""
    pages.go(THREADS)
    pages.shows(missing(SINCE + 1))
    pages.materialize()
    pages.choose(f"[{LAST - timedelta(days=DAYS - 1)}...{LAST}]", DAYS)
    pages.picture("launch")
    pages.launch()
    pages.until("runs?view=backfills", "Success")
    pages.picture("backfill")
    return pages


def test_the_graph_page_names_every_group(pages: Pages) -> None:
    pages.go("asset-groups")
    groups = {spec.group_name for spec in defs.resolve_all_asset_specs()}
    assert [group for group in groups if not pages.says(group)] == []
    pages.picture("graph")


def test_a_backfill_launched_from_the_page_makes_its_days_current(backfilled: Pages) -> None:
    backfilled.go(THREADS)
    assert backfilled.says(f"Materialized ({DAYS})")
    assert backfilled.says(missing(SINCE + 1 - DAYS))
    backfilled.shows(f"{LAST - timedelta(days=1)}").click()
    assert backfilled.says("requests")
    backfilled.picture("partitions")


def test_a_day_leads_to_its_run_which_shows_the_log_of_the_engine(backfilled: Pages) -> None:
    backfilled.go(THREADS)
    backfilled.shows(f"{LAST - timedelta(days=1)}").click()
    run = backfilled.tab.get_by_role("link").filter(has_text=RUN).first
    run.click()
    backfilled.tab.get_by_placeholder("Filter…", exact=True).fill("read,")
    assert backfilled.says(re.compile(r"^threads: \d+ rows read, "))


@pytest.mark.exhaustive  # `test_graphql` asks the same of the page
def test_a_table_is_materialised_and_its_check_passes(backfilled: Pages) -> None:
    backfilled.go(TABLE)
    assert backfilled.says("keys_are_unique")
    backfilled.materialize()
    backfilled.tab.get_by_text("Launched run").first.wait_for()
    assert backfilled.until(TABLE, "Passed").is_visible()
    backfilled.picture("check")


@pytest.mark.exhaustive  # `test_graphql` asks the same of the page
def test_a_failed_stream_says_what_happened_and_what_to_do(box: Sandbox, pages: Pages) -> None:
    box.faults.add(Fault("500", path="/companies$", rate=1.0))
    pages.go(COMPANIES)
    pages.shows(missing(SINCE + 1))
    pages.materialize()
    pages.choose(f"{LAST}", 1)
    pages.launch()
    pages.until(COMPANIES, "Failed (1)")
    box.faults.clear()
    pages.tab.get_by_text(f"{LAST}", exact=True).locator("visible=true").last.click()
    pages.tab.get_by_role("link").filter(has_text=RUN).first.click()
    said = pages.tab.get_by_text(re.compile("the API failed")).locator("visible=true").first
    said.scroll_into_view_if_needed()
    for label in ("stream", "status", "code", "request_id", "what_to_do"):
        assert pages.says(label), label
    pages.picture("error")
    text = said.inner_text()
    assert re.search(r"companies: .*\(HTTP 500, internal_error, request_id req_\w+\)", text)
    assert "Try again later" in text
