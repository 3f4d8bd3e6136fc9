"""The check of freshness looks at the newest closed moment, which an old backfill doesn't move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.freshness import FRESH, freshness_selection
from assets.names import scheduled, warehouse_key
from connector.sandbox import Fault
from tests.assets.conftest import TODAY, Workshop, definitions

HOUR = timedelta(hours=1)
FEED = ("threads", "thread_messages", "tags")


def look(workshop: Workshop) -> dict[str, dg.AssetCheckEvaluation]:
    """What the schedule `freshness` launches."""
    job = definitions().resolve_job_def("__anonymous_asset_job_freshness")
    result = job.execute_in_process(instance=workshop.instance)
    assert result.get_asset_materialization_events() == []
    return {one.asset_key.path[1]: one for one in result.get_asset_check_evaluations()}


@pytest.fixture
def stale(workshop: Workshop) -> Workshop:
    """Up to date some days ago."""
    workshop.bring_up_to_date(*FEED)
    return workshop


def test_what_was_not_synced_for_long_is_stale_and_a_backfill_of_old_days_changes_nothing(
    stale: Workshop,
) -> None:
    before = look(stale)
    assert [before[stream].passed for stream in FEED] == [False, False, False]
    assert set(before) == {endpoint.stream for endpoint in scheduled()}
    assert "hours old; 6 hours are allowed" in (before["threads"].description or "")
    assert "`productlane-elt sync threads`" in (before["threads"].description or "")
    stale.box.clock.set(datetime.now(UTC))
    old = TODAY - timedelta(days=10)
    assert stale.backfill(old, old + timedelta(days=2), "threads").success
    assert look(stale)["threads"].passed is False
    assert stale.backfill(TODAY, TODAY, "threads").success  # there is a gap before it
    assert look(stale)["threads"].passed is False

    stale.bring_up_to_date(*FEED)
    after = look(stale)
    assert [after[stream].passed for stream in FEED] == [True, True, True]
    assert after["threads"].description is None
    assert float(after["threads"].metadata["hours_old"].value or 0) < 1  # type: ignore[arg-type]
    assert {one.severity for one in after.values()} == {dg.AssetCheckSeverity.ERROR}


def test_news_of_a_thread_that_nobody_has_followed_make_its_messages_stale(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTLANE_STALE_HOURS", "2")
    workshop.box.clock.set(datetime.now(UTC) - 4 * HOUR)
    workshop.bring_up_to_date(*FEED)
    workshop.box.workspace.create("threads")
    workshop.box.clock.advance(600)
    workshop.bring_up_to_date("threads")  # its messages are not asked for
    workshop.box.clock.set(datetime.now(UTC))
    workshop.bring_up_to_date("threads")
    found = look(workshop)
    assert found["threads"].passed
    assert found["thread_messages"].passed is False
    workshop.bring_up_to_date(*FEED)
    assert look(workshop)["thread_messages"].passed


def test_what_was_never_read_breaks_no_promise(stale: Workshop) -> None:
    assert look(stale)["members"].passed


def test_what_was_asked_for_and_failed_from_its_first_day_on_is_stale(workshop: Workshop) -> None:
    workshop.box.faults.add(Fault("404", rate=1.0, path="/threads$"))
    assert not workshop.bring_up_to_date("threads", "tags").success
    found = look(workshop)["threads"]
    assert found.passed is False
    assert "It was never read to the end" in (found.description or "")


def test_what_the_key_may_not_read_from_its_first_day_on_breaks_no_promise(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTLANE_API_KEY", workshop.box.issue_key(["contacts:read"]))
    workshop.bring_up_to_date("threads", "contacts")
    assert look(workshop)["threads"].passed


def test_the_selection_has_the_checks_and_no_asset() -> None:
    graph = definitions().resolve_asset_graph()
    assert freshness_selection().resolve(graph) == set()
    keys = {dg.AssetCheckKey(warehouse_key(one.stream), FRESH) for one in scheduled()}
    assert freshness_selection().resolve_checks(graph) == keys
