"""Dagster over a sandbox: instances of its own, a data directory, and runs in this process."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from assets.definitions import build
from assets.names import MODE_TAG, lake_key, view_key, warehouse_key
from connector.sandbox import Sandbox
from connector.settings import Grain
from tests import oracle

if TYPE_CHECKING:
    from tests.assets.pages import Pages

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The real one: Dagster knows no partitions of the future, so the sandbox's clock stays behind."""

FIRST = TODAY - timedelta(days=20)


@cache
def definitions(first: datetime = FIRST, grain: Grain = "day") -> dg.Definitions:
    return build(start=first.date(), grain=grain)


@dataclass
class Workshop:
    """A code location at work on a sandbox."""

    box: Sandbox
    data_dir: Path
    instance: dg.DagsterInstance
    """Of the runs: in memory, which is several times faster."""
    ticks: dg.DagsterInstance
    """Of the ticks: on disk, since a schedule opens the instance again. It sees no run of ours."""
    first: datetime = FIRST
    """The first partition."""
    grain: Grain = "day"
    """How long a partition is."""
    log_level: str = "CRITICAL"
    """Of what Dagster prints while it runs."""

    def run(
        self,
        *streams: str,
        layers: str = "lake warehouse",
        views: Iterable[str] = (),
        **tags: str,
    ) -> dg.ExecuteInProcessResult:
        """One run over the assets of these streams and views, or of all; it may fail."""
        keys = [
            key
            for name, key in (("lake", lake_key), ("warehouse", warehouse_key))
            if name in layers
            for key in map(key, streams)
        ] + [*map(view_key, views)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Dagster's own, about Dagster's own
            job = definitions(self.first, self.grain).resolve_job_def("__ASSET_JOB")
            return job.execute_in_process(
                run_config={"loggers": {"console": {"config": {"log_level": self.log_level}}}},
                instance=self.instance,
                asset_selection=keys or None,
                tags=tags,
                raise_on_error=False,
            )

    def backfill(self, first: datetime, last: datetime, *streams: str) -> dg.ExecuteInProcessResult:
        """What the UI launches for a range of days with a single-run policy."""
        return self.run(*streams, **days(first, last))

    def bring_up_to_date(
        self, *streams: str, mode: str = "sync", views: Iterable[str] = ()
    ) -> dg.ExecuteInProcessResult:
        """What a schedule launches, over the day of the sandbox's clock."""
        now = self.box.clock.now()
        return self.run(*streams, views=views, **{MODE_TAG: mode}, **days(now, now))

    def tick(self, schedule: str) -> dg.RunRequest | str:
        """What a schedule asks for at the time of the sandbox's clock, or why it doesn't."""
        found = definitions().resolve_schedule_def(schedule)
        with dg.build_schedule_context(
            instance=self.ticks,
            scheduled_execution_time=self.box.clock.now(),
            repository_def=definitions().get_repository_def(),
        ) as context:
            data = found.evaluate_tick(context)
        return data.skip_message or (data.run_requests or [])[0]

    def follow(self, request: dg.RunRequest | str, *streams: str) -> dg.ExecuteInProcessResult:
        """The run that a tick asked for, here perhaps of some streams only."""
        assert isinstance(request, dg.RunRequest)
        return self.run(*streams, **request.tags)

    def differences(self, *streams: str) -> list[str]:
        return oracle.differences(self.data_dir, self.box.workspace, list(streams))[:10]


def days(first: datetime, last: datetime) -> dict[str, str]:
    """The tags of a run over a range of daily partitions."""
    return {
        "dagster/asset_partition_range_start": f"{first:%Y-%m-%d}",
        "dagster/asset_partition_range_end": f"{last:%Y-%m-%d}",
    }


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of what a run materialised, by asset."""
    events = result.get_asset_materialization_events()
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in events
        if event.asset_key
    }


def said(workshop: Workshop, result: dg.ExecuteInProcessResult) -> list[str]:
    """The lines that a run wrote into its log, apart from Dagster's own events."""
    entries = workshop.instance.all_logs(result.run_id)
    return [entry.user_message for entry in entries if not entry.dagster_event]


def partitions(result: dg.ExecuteInProcessResult, stream: str) -> list[str]:
    """The days of a lake asset that a run made current."""
    found = result.asset_materializations_for_node(f"lake__{stream}")
    return sorted(event.partition for event in found if event.partition)


@pytest.fixture(scope="session")
def instances(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[dg.DagsterInstance, dg.DagsterInstance]]:
    """Made once, which takes as long as a run: nothing of ours depends on what they remember."""
    folder = str(tmp_path_factory.mktemp("dagster"))
    with (
        dg.DagsterInstance.ephemeral(folder) as in_memory,
        dg.DagsterInstance.local_temp(folder) as on_disk,
    ):
        yield in_memory, on_disk


@pytest.fixture
def make_workshop(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    instances: tuple[dg.DagsterInstance, dg.DagsterInstance],
) -> Iterator[Callable[..., Workshop]]:
    with ExitStack() as stack:

        def make(**options: Any) -> Workshop:
            start = options.pop("start", TODAY - timedelta(days=6, hours=12))
            first = options.pop("first", FIRST)
            grain = options.pop("grain", "day")
            box = Sandbox(**{"threads": 20, "seed": 1, "start": start, **options})
            stack.enter_context(box)
            monkeypatch.setenv("PRODUCTLANE_API_KEY", box.key)
            monkeypatch.setenv("PRODUCTLANE_BASE_URL", box.url)
            monkeypatch.setenv("PRODUCTLANE_DATA_DIR", str(tmp_path / "data"))
            monkeypatch.setenv("PRODUCTLANE_START_DATE", f"{first:%Y-%m-%d}")
            monkeypatch.setenv("PRODUCTLANE_PARTITION_GRAIN", grain)
            monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
            return Workshop(box, tmp_path / "data", *instances, first, grain)

        yield make


@pytest.fixture
def workshop(make_workshop: Callable[..., Workshop]) -> Workshop:
    return make_workshop()


@pytest.fixture
def make_pages(
    make_workshop: Callable[..., Workshop], tmp_path: Path
) -> Iterator[Callable[..., Pages]]:
    # Dagster's server and daemon take a second to import, which most tests do without.
    from tests.assets import launcher
    from tests.assets import pages as over

    with ExitStack() as stack:

        def make(workshop: Workshop, module: str = "assets.definitions", **overrides: Any) -> Pages:
            made = stack.enter_context(over.opened(workshop, tmp_path, module, **overrides))
            stack.callback(launcher.end, made.instance.run_launcher)
            return made

        yield make


@pytest.fixture
def pages(make_pages: Callable[..., Pages], workshop: Workshop) -> Pages:
    return make_pages(workshop)
