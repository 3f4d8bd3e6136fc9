"""`sync --report`: what the command line brought, as a real instance of Dagster knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from assets.names import lake_key, warehouse_key
from connector.cli.app import app
from connector.lake import Lake
from connector.sandbox import Fault
from connector.workfile import work_file
from tests.assets.conftest import TODAY, Workshop, definitions

DAY = timedelta(days=1)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as found:
        yield found


def sync(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sync", *arguments, "--report"])


def latest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.AssetMaterialization | None:
    event = instance.get_latest_materialization_event(key)
    return event.asset_materialization if event else None


def test_dagster_knows_what_the_command_line_brought(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    workshop.box.clock.set(TODAY)
    said = sync("threads", "tags", "--json")
    assert said.exit_code == 0
    assert "Reported to Dagster in " in said.stderr
    run = json.loads(said.stdout)
    for stream in ("threads", "tags"):
        table = latest(instance, warehouse_key(stream))
        assert table
        live = len(workshop.box.workspace.live(stream))
        assert table.metadata["dagster/row_count"].value == live
    tags = latest(instance, lake_key("tags"))
    assert tags
    assert tags.metadata["requests"].value == 1
    assert tags.metadata["run"].value == run["run"]

    days = instance.get_materialized_partitions(lake_key("threads"))
    assert max(days) == f"{TODAY - 2 * DAY:%Y-%m-%d}"  # yesterday closes a minute after midnight
    workshop.box.clock.set(TODAY + timedelta(minutes=5))
    assert sync("threads").exit_code == 0
    later = instance.get_materialized_partitions(lake_key("threads"))
    assert later - days == {f"{TODAY - DAY:%Y-%m-%d}"}


def test_the_rows_of_the_partitions_are_those_that_the_api_lists(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    workshop.box.clock.set(TODAY - DAY)
    stamped = workshop.box.workspace.ids("threads")[:3]
    for key in stamped:
        workshop.box.workspace.update("threads", key, stamp=TODAY - 3 * DAY)
    workshop.box.clock.set(TODAY)
    sync("threads")
    records = instance.fetch_materializations(lake_key("threads"), limit=100).records
    rows = {
        one.partition_key: one.asset_materialization.metadata["dagster/partition_row_count"].value
        for one in records
        if one.asset_materialization
    }
    assert rows[f"{TODAY - 3 * DAY:%Y-%m-%d}"] == 3


def test_a_window_claims_no_partition_after_its_end(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    workshop.box.clock.set(TODAY + timedelta(minutes=5))
    assert sync("threads").exit_code == 0
    before = len(instance.fetch_materializations(lake_key("threads"), limit=500).records)
    since, until = TODAY - 5 * DAY, TODAY - 3 * DAY
    said = sync("threads", "--since", f"{since:%Y-%m-%d}", "--until", f"{until:%Y-%m-%d}")
    assert said.exit_code == 0
    records = instance.fetch_materializations(lake_key("threads"), limit=500).records
    claimed = {one.partition_key for one in records[: len(records) - before]}
    assert claimed == {f"{since + n * DAY:%Y-%m-%d}" for n in range(2)}


def results(instance: dg.DagsterInstance, *keys: dg.AssetKey) -> dict[dg.AssetCheckKey, bool]:
    """What the latest result of each check of some assets is, where there is any."""
    known = definitions().resolve_asset_graph().get_check_keys_for_assets(set(keys))
    records = {key: instance.get_latest_asset_check_evaluation_record(key) for key in known}
    evaluations = {key: record.evaluation for key, record in records.items() if record}
    return {key: one.passed for key, one in evaluations.items() if one}


def test_the_checks_say_the_same_as_in_a_run_of_dagster(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    workshop.box.workspace.schema_change("tags", add={"mood": "good"})
    workshop.box.clock.set(TODAY)
    assert sync("threads", "tags").exit_code == 0
    keys = [layer(stream) for layer in (lake_key, warehouse_key) for stream in ("threads", "tags")]
    told = results(instance, *keys)
    run = workshop.bring_up_to_date("threads", "tags").get_asset_check_evaluations()
    assert told == {one.asset_check_key: one.passed for one in run}
    assert not told[dg.AssetCheckKey(warehouse_key("tags"), "fields_are_known")]
    assert told[dg.AssetCheckKey(lake_key("tags"), "scope_is_granted")]


def test_a_check_that_finds_an_error_is_red_though_the_command_line_has_published(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    sync("tags")
    unique = dg.AssetCheckKey(warehouse_key("tags"), "keys_are_unique")
    assert results(instance, unique.asset_key)[unique]
    with duckdb.connect(str(work_file(Lake(workshop.data_dir)))) as con:
        con.execute("INSERT INTO main.tags SELECT * FROM main.tags LIMIT 1")
    sync("tags")
    record = instance.get_latest_asset_check_evaluation_record(unique)
    assert record
    assert record.evaluation
    assert not record.evaluation.passed
    assert record.evaluation.severity == dg.AssetCheckSeverity.ERROR
    assert record.evaluation.metadata["keys_with_several_rows"].value == 1


def test_a_stream_that_the_key_may_not_read_is_told_by_its_check(
    workshop: Workshop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODUCTLANE_API_KEY", workshop.box.issue_key(["threads:read"]))
    assert sync("tags", "threads").exit_code == 4
    scope = dg.AssetCheckKey(lake_key("tags"), "scope_is_granted")
    assert results(instance, lake_key("tags"), warehouse_key("tags")) == {scope: False}


def test_a_stream_that_failed_is_observed_and_not_materialised(
    workshop: Workshop, instance: dg.DagsterInstance
) -> None:
    workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    assert sync("tags", "tag_groups").exit_code == 6
    assert latest(instance, lake_key("tags")) is None
    assert latest(instance, lake_key("tag_groups"))
    (seen,) = instance.fetch_observations(lake_key("tags"), limit=5).records
    assert seen.asset_observation
    facts = {name: value.value for name, value in seen.asset_observation.metadata.items()}
    assert "HTTP 404" in str(facts["reason"])
    assert (facts["status"], facts["code"]) == (404, "not_found")
    assert str(facts["request_id"]).startswith("req_")
    assert facts["what_to_do"]


@pytest.mark.parametrize(("broken", "code"), [(False, 2), (True, 6)])
def test_a_dagster_that_can_not_be_told_hides_nothing_of_the_sync(
    workshop: Workshop, instance: dg.DagsterInstance, broken: bool, code: int
) -> None:
    Path(instance.root_directory, "dagster.yaml").write_text("no_such_setting: 1")
    if broken:
        workshop.box.faults.add(Fault("404", rate=1.0, path="/tags$"))
    said = sync("tags", "tag_groups", "--json")
    assert said.exit_code == code
    outcomes = {one["stream"]: one["outcome"] for one in json.loads(said.stdout)["streams"]}
    assert outcomes == {"tags": "failed" if broken else "done", "tag_groups": "done"}
    assert "Dagster could not be told" in said.stderr


def test_without_a_dagster_home_nothing_is_asked(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    said = sync()
    assert said.exit_code == 2
    assert "DAGSTER_HOME is not the absolute path of a folder" in said.stderr
    assert workshop.box.requests == []
