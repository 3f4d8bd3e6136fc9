from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.checks import SCOPE
from assets.definitions import build
from assets.names import lake_key, scheduled, view_key, warehouse_key
from assets.partitions import START, begin_of, grain, spans, start_date
from connector.analytics import VIEWS
from connector.checks import checks_of
from connector.errors import ConfigurationError
from connector.settings import Grain
from schemas import STREAMS, Endpoint
from tests.assets.conftest import definitions

ROOT = Path(__file__).parents[2]
EVERY = pytest.mark.parametrize("endpoint", STREAMS.values(), ids=STREAMS)


def spec(key: dg.AssetKey) -> dg.AssetSpec:
    return definitions().resolve_asset_graph().get(key).to_asset_spec()


def run_here(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if "PRODUCTLANE" not in name}
    return subprocess.run(  # noqa: S603
        [sys.executable, *command],
        cwd=ROOT,
        env={**own, "DAGSTER_DISABLE_TELEMETRY": "1", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_assets_are_those_of_the_contract() -> None:
    keys = definitions().resolve_asset_graph().get_all_asset_keys()
    streams = {key(stream) for stream in STREAMS for key in (lake_key, warehouse_key)}
    assert keys == streams | set(map(view_key, VIEWS))


@EVERY
def test_only_lake_assets_of_streams_that_are_asked_by_window_have_partitions(
    endpoint: Endpoint,
) -> None:
    lake, warehouse = spec(lake_key(endpoint.stream)), spec(warehouse_key(endpoint.stream))
    assert (lake.partitions_def is not None) == (endpoint.asked == "window")
    assert warehouse.partitions_def is None


@EVERY
def test_tables_hang_under_their_files_and_children_under_their_parents(endpoint: Endpoint) -> None:
    graph = definitions().resolve_asset_graph()
    parent = {lake_key(endpoint.parent.stream)} if endpoint.parent else set()
    assert graph.get(lake_key(endpoint.stream)).parent_keys == parent
    assert graph.get(warehouse_key(endpoint.stream)).parent_keys == {lake_key(endpoint.stream)}


@EVERY
def test_group_description_kind_and_columns_come_from_the_catalogue(endpoint: Endpoint) -> None:
    for key, kind in ((lake_key, "parquet"), (warehouse_key, "duckdb")):
        found = spec(key(endpoint.stream))
        layer = found.key.path[0]
        assert found.group_name == f"{endpoint.area}_{layer}"
        assert found.tags["layer"] == layer
        assert found.tags["area"] == endpoint.area
        assert found.kinds == {kind}
        assert found.description
        assert found.description.startswith(endpoint.meaning)
        columns = found.metadata["dagster/column_schema"].columns
        own = [(column.name, column.description) for column in columns]
        assert own[: -len(own) + len(list(endpoint.stored())) or None] == [
            (name, meaning) for name, _, meaning in endpoint.stored()
        ]
        assert all(column.description for column in columns)


@EVERY
def test_every_asset_has_its_checks_and_those_that_guard_readers_are_blocking(
    endpoint: Endpoint,
) -> None:
    graph = definitions().resolve_asset_graph()
    assert dg.AssetCheckKey(lake_key(endpoint.stream), SCOPE) in graph.asset_check_keys
    for check in checks_of(endpoint):
        key = dg.AssetCheckKey(warehouse_key(endpoint.stream), check.name)
        assert graph.get_check_spec(key).blocking == check.blocking


@EVERY
def test_a_range_of_days_is_one_run_whatever_is_selected_with_it(endpoint: Endpoint) -> None:
    """Dagster's command line takes a range only if every asset of it says so."""
    for key in (lake_key, warehouse_key):
        policy = definitions().resolve_asset_graph().get(key(endpoint.stream)).backfill_policy
        assert policy == dg.BackfillPolicy.single_run()


@pytest.mark.parametrize(
    ("grain", "keys"),
    [
        ("day", ["2026-01-30", "2026-01-31", "2026-02-01"]),
        ("week", ["2026-01-26"]),
        ("month", ["2026-01-01", "2026-02-01"]),
    ],
)
def test_partitions_are_utc_spans_and_include_today_as_far_as_it_is(
    grain: Grain, keys: list[str]
) -> None:
    found = spans(date(2026, 1, 30), grain)
    now = datetime(2026, 2, 1, 0, 0, tzinfo=UTC)
    assert found.get_partition_keys(now) == keys
    assert {begin_of(now.date(), grain).isoformat()} == {keys[-1]}
    window = found.time_window_for_partition_key(keys[-1])
    assert window.start <= now < window.end
    assert window.start.date().isoformat() == keys[-1]


@pytest.mark.parametrize("name", ["sync", "reconcile"])
def test_schedules_target_all_streams_but_those_to_be_asked_for_by_name(name: str) -> None:
    job = definitions().resolve_job_def(f"__anonymous_asset_job_{name}")
    streams = {endpoint.stream for endpoint in scheduled()}
    expected = {key(stream) for stream in streams for key in (lake_key, warehouse_key)}
    expected |= set(map(view_key, VIEWS))
    assert job.asset_layer.executable_asset_keys == expected
    assert {node.name for node in job.nodes} == {"__".join(key.path) for key in expected}
    assert "freshness" not in {node.name for node in job.nodes}
    assert {STREAMS[s].by_name for s in set(STREAMS) - streams} == {True}


@pytest.mark.parametrize("name", ["sync", "reconcile"])
def test_a_newcomer_without_a_key_gets_no_failing_runs(name: str) -> None:
    schedule = definitions().resolve_schedule_def(name)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED


def test_loading_makes_no_request_and_touches_no_data(tmp_path: Path) -> None:
    """Every way to the network and every file opened below the data directory is shut."""
    missing = tmp_path / "missing"
    code = """
import sys
def shut(event, args):
    files = event in ("open", "os.mkdir", "os.listdir") and "missing" in str(args[0])
    if files or event in ("socket.connect", "socket.getaddrinfo"):
        raise SystemExit(f"loading did {event} {args}")
sys.addaudithook(shut)
import assets.definitions
print(len(assets.definitions.defs.resolve_asset_graph().get_all_asset_keys()))
"""
    done = run_here(
        "-c", code, PRODUCTLANE_DATA_DIR=str(missing), PRODUCTLANE_BASE_URL="no address"
    )
    assert done.stdout.strip() == str(2 * len(STREAMS) + len(VIEWS)), done.stderr
    assert not missing.exists()


def test_the_first_partition_is_the_start_date_of_environment_or_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another setting that is wrong is no reason not to load."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(START, raising=False)
    monkeypatch.setenv("PRODUCTLANE_BASE_URL", "no address")
    assert start_date() == date(2022, 1, 1)
    Path(".env").write_text(f"{START}=2024-02-29\n")
    assert start_date() == date(2024, 2, 29)
    monkeypatch.setenv(START, "2025-02-03")
    assert start_date() == date(2025, 2, 3)
    monkeypatch.setenv(START, "yesterday")
    with pytest.raises(ConfigurationError, match="is not a date like 2024-01-31: 'yesterday'"):
        start_date()


def test_the_first_partition_can_be_found_from_the_data_without_opening_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(START, "auto")
    monkeypatch.setenv("PRODUCTLANE_DATA_DIR", str(tmp_path))
    assert start_date() == date(2022, 1, 1)
    for stream, day in (("threads", "2020-05-06"), ("issues", "2019-04-05"), ("tags", "none")):
        (tmp_path / "lake" / stream / f"updated_date={day}").mkdir(parents=True)
    assert start_date() == date(2019, 4, 5)


def test_the_first_partition_that_is_found_moves_only_back_while_the_lake_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's process knows all partitions that the server knew when it launched the run."""
    monkeypatch.setenv(START, "auto")
    monkeypatch.setenv("PRODUCTLANE_DATA_DIR", str(tmp_path))
    found = [start_date()]
    for day in ("2026-07-08", "2024-05-06", "2021-03-04"):
        (tmp_path / "lake" / "threads" / f"updated_date={day}").mkdir(parents=True)
        found.append(start_date())
    assert found == sorted(found, reverse=True)


def test_a_grain_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTLANE_PARTITION_GRAIN", "hour")
    with pytest.raises(ConfigurationError, match="is not day, week or month: 'hour'"):
        grain()


def test_all_assets_have_the_owners_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not spec(lake_key("tags")).owners
    monkeypatch.setenv("PRODUCTLANE_OWNERS", "ann@example.com, team:data")
    owned = build(start=date(2026, 1, 1)).resolve_asset_graph()
    for key in owned.get_all_asset_keys():
        assert list(owned.get(key).owners) == ["ann@example.com", "team:data"]
    monkeypatch.setenv("PRODUCTLANE_OWNERS", "ann")
    with pytest.raises(ConfigurationError, match="neither an address nor a team:name: 'ann'"):
        build(start=date(2026, 1, 1))


def test_the_workspace_file_in_the_root_loads(tmp_path: Path) -> None:
    done = run_here(
        "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml",
        DAGSTER_HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "code location assets.definitions:defs" in done.stdout + done.stderr
