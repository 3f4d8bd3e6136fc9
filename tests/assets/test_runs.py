from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import dagster as dg
import pytest

from assets.freshness import FRESH
from connector.analytics import VIEWS
from connector.checks import checks_of
from connector.sandbox import Fault
from schemas import STREAMS
from tests.assets.conftest import Workshop, materialized

LAYERS = ("lake", "warehouse")
SMALL = ("threads", "tags", "contacts", "thread_comments")


def failures(result: dg.ExecuteInProcessResult) -> dict[str, dg.StepFailureData]:
    return {
        event.step_key: event.step_failure_data
        for event in result.all_events
        if event.is_step_failure and event.step_key
    }


def test_a_run_that_was_launched_without_partitions_is_a_sync(workshop: Workshop) -> None:
    assert workshop.run("threads", "tags").success
    assert workshop.differences("threads", "tags") == []


def test_one_run_of_everything_makes_the_warehouse_what_the_api_lists(workshop: Workshop) -> None:
    result = workshop.bring_up_to_date()
    assert result.success
    assert workshop.differences(*STREAMS) == []
    found = materialized(result)
    tables = {f"{layer}/{stream}" for stream in STREAMS for layer in LAYERS}
    assert set(found) == tables | {f"analytics/{view}" for view in VIEWS}
    for stream in STREAMS:
        live = len(workshop.box.workspace.live(stream))
        assert found[f"warehouse/{stream}"]["dagster/row_count"] == live
    asked = [request.path for request in workshop.box.requests]
    assert asked.count("/me") == 1
    found_all = result.get_asset_check_evaluations()
    checks = [check for check in found_all if check.check_name != FRESH]
    assert len(checks) == len(STREAMS) + sum(len(checks_of(one)) for one in STREAMS.values())
    assert [check for check in checks if not check.passed] == []


def test_what_a_run_brought_is_told_in_numbers(workshop: Workshop) -> None:
    found = materialized(workshop.bring_up_to_date("threads"))
    lake, table = found["lake/threads"], found["warehouse/threads"]
    assert (lake["rows"], lake["new"], lake["changed"], lake["deleted"]) == (20, 20, 0, 0)
    assert lake["requests"] == 1
    assert lake["window"] == "what is new since the last run"
    assert (table["dagster/row_count"], table["versions"]) == (20, 20)
    newest = max(row["updated_at"] for row in workshop.box.workspace.live("threads"))
    assert table["newest_updated_at"] == pytest.approx(datetime.fromisoformat(newest).timestamp())


def test_an_idle_tick_asks_one_page_of_each_list_and_nothing_under_threads(
    workshop: Workshop,
) -> None:
    streams = ("threads", "thread_messages", "contacts", "tags")
    workshop.bring_up_to_date(*streams)
    before = len(workshop.box.requests)
    workshop.box.clock.advance(900)
    found = materialized(workshop.bring_up_to_date(*streams))
    asked = [request.path for request in workshop.box.requests[before:]]
    assert sorted(asked) == ["/contacts", "/me", "/tags", "/threads"]
    assert {found[f"lake/{stream}"]["new"] for stream in streams} == {0}


NUMBERS = ("rows", "new", "changed", "deleted", "rejected", "late", "drifted", "requests",
           "refused", "seconds_waited", "bytes")  # fmt: skip
TABLE = ("dagster/row_count", "versions", "deleted", "drifted", "set_aside", "unknown_fields",
         "warehouse_bytes")  # fmt: skip


def test_numbers_are_numbers_so_that_they_plot(workshop: Workshop) -> None:
    result = workshop.bring_up_to_date("threads")
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        names = NUMBERS if event.step_key == "lake__threads" else TABLE
        numeric = dg.IntMetadataValue, dg.FloatMetadataValue
        assert [name for name in names if not isinstance(metadata[name], numeric)] == []
        assert isinstance(metadata["newest_updated_at"], dg.TimestampMetadataValue)


def test_drift_and_deletions_are_told(workshop: Workshop) -> None:
    workshop.bring_up_to_date("threads", "contacts")
    space = workshop.box.workspace
    key = space.ids("threads")[0]
    space.update("threads", key, title="quietly", stamp=datetime.fromisoformat(
        space.get("threads", key)["updated_at"]))  # fmt: skip
    space.delete("threads", space.ids("threads")[1])
    workshop.box.clock.advance(600)
    found = materialized(workshop.bring_up_to_date("threads", mode="reconcile"))
    assert found["lake/threads"]["drifted"] == found["warehouse/threads"]["drifted"] == 1
    assert found["lake/threads"]["deleted"] == found["warehouse/threads"]["deleted"] == 1


def test_a_preview_is_shown_only_when_it_is_switched_on(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = materialized(workshop.bring_up_to_date("tags"))
    assert "preview" not in before["warehouse/tags"]
    monkeypatch.setenv("PRODUCTLANE_PREVIEW_ROWS", "2")
    result = workshop.run("tags", layers="warehouse")
    (event,) = result.get_asset_materialization_events()
    shown = event.materialization.metadata["preview"]
    assert isinstance(shown, dg.TableMetadataValue)
    listed = {row["name"] for row in workshop.box.workspace.live("tags")}
    assert len(shown.records) == 2
    assert {str(record.data["name"]) for record in shown.records} < listed


def test_a_reconcile_finds_deletions(workshop: Workshop) -> None:
    workshop.bring_up_to_date("threads", "tags")
    gone = workshop.box.workspace.ids("threads")[3]
    workshop.box.clock.advance(3600)
    workshop.box.workspace.delete("threads", gone)
    workshop.box.clock.advance(3600)
    found = materialized(workshop.bring_up_to_date("threads", mode="reconcile"))
    assert found["lake/threads"]["window"] == "everything"
    assert found["lake/threads"]["deleted"] == 1
    assert workshop.differences("threads") == []


def test_the_tables_of_lists_are_published_before_children_are_asked_for(
    workshop: Workshop,
) -> None:
    result = workshop.bring_up_to_date("threads", "thread_messages")
    steps = [event.step_key for event in result.all_events if event.is_step_start]
    assert [step for step in steps if step != "freshness"] == [
        "lake__threads",
        "warehouse__threads",
        "lake__thread_messages",
        "warehouse__thread_messages",
    ]


def test_one_failing_stream_leaves_its_siblings_alone_and_says_what_is_wrong(
    workshop: Workshop,
) -> None:
    workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    result = workshop.bring_up_to_date(*SMALL)
    assert not result.success
    assert set(failures(result)) == {"lake__tags"}
    done = {key for key in materialized(result) if key.startswith("warehouse")}
    assert done == {"warehouse/threads", "warehouse/contacts", "warehouse/thread_comments"}
    assert workshop.differences("threads", "contacts", "thread_comments") == []
    told = failures(result)["lake__tags"].user_failure_data
    assert told
    assert told.description
    for part in ("tags", "HTTP 404", "request_id"):
        assert part in told.description
    facts = {name: value.value for name, value in told.metadata.items()}
    assert (facts["stream"], facts["status"], facts["code"]) == ("tags", 404, "not_found")
    assert f"request_id {facts['request_id']}" in told.description
    assert told.description.endswith(f"{facts['what_to_do']}.")


def test_the_next_run_heals_what_failed(workshop: Workshop) -> None:
    workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    workshop.bring_up_to_date("tags")
    workshop.box.faults.clear()
    assert workshop.bring_up_to_date("tags").success
    assert workshop.differences("tags") == []


def test_a_stream_without_scope_is_skipped_and_claims_no_rows(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = workshop.box.issue_key(["threads:read", "contacts:read"])
    monkeypatch.setenv("PRODUCTLANE_API_KEY", poor)
    result = workshop.bring_up_to_date(*SMALL, "members")
    assert result.success
    keys = set(materialized(result))
    assert not keys & {"lake/tags", "warehouse/tags", "lake/members", "warehouse/members"}
    assert "warehouse/thread_comments" in keys
    told = {
        event.asset_key.to_user_string(): event.asset_observation_data.asset_observation.metadata
        for event in result.get_asset_observation_events()
        if event.asset_key
    }
    assert set(told) == {"lake/tags", "lake/members"}
    assert told["lake/tags"]["outcome"].value == "skipped"
    assert "tags:read" in str(told["lake/tags"]["reason"].value)


def test_a_run_without_a_key_says_that_there_is_none(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTLANE_API_KEY", "")
    told = failures(workshop.bring_up_to_date("tags"))["lake__tags"].user_failure_data
    assert told
    assert told.description
    assert "PRODUCTLANE_API_KEY is not set" in told.description
    assert workshop.box.requests == []


def test_a_key_that_is_refused_is_asked_about_once(workshop: Workshop) -> None:
    workshop.box.revoke(workshop.box.key)
    result = workshop.bring_up_to_date("tags", "threads", "contacts")
    found = failures(result)
    assert set(found) == {"lake__tags", "lake__threads", "lake__contacts"}
    told = found["lake__tags"].user_failure_data
    assert told
    assert told.metadata["status"].value == 401
    assert told.metadata["request_id"].value
    assert [request.path for request in workshop.box.requests] == ["/me"]


def test_an_empty_workspace_makes_empty_tables(make_workshop: Callable[..., Workshop]) -> None:
    workshop = make_workshop(threads=0)
    found = materialized(workshop.bring_up_to_date("threads", "thread_messages", "contacts"))
    rows = {key: facts["dagster/row_count"] for key, facts in found.items() if "warehouse" in key}
    assert set(rows.values()) == {0}
    assert len(rows) == 3
