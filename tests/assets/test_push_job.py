"""The job `push_contacts`: off unless it is told, and silent about customers."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import filter_runs_to_should_retry

from connector.lake import Lake
from connector.sync import Order, sync
from connector.workfile import work_file
from tests import canary, oracle
from tests.assets.conftest import Workshop, definitions, said

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture
def shop(make_workshop: Callable[..., Workshop]) -> Workshop:
    import asyncio

    from connector.settings import Settings

    made = make_workshop(threads=0, contacts=4, companies=2)
    asyncio.run(sync(Settings.load(), Order(("contacts", "companies"))))
    made.box.requests.clear()
    return made


def run(shop: Workshop, **config: Any) -> dg.ExecuteInProcessResult:
    job = definitions().resolve_job_def("push_contacts")
    return job.execute_in_process(
        run_config={"ops": {"push_contacts_op": {"config": config}}},
        instance=shop.instance,
        raise_on_error=False,
    )


def names(shop: Workshop) -> list[str]:
    return [row["name"] for row in shop.box.workspace.live("contacts")]


def test_it_sends_nothing_unless_it_is_told_to_and_then_writes(
    shop: Workshop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "rows.csv"
    key = shop.box.workspace.ids("contacts")[0]
    path.write_text(f"id,name\n{key},{canary.TEXT}\n")
    assert run(shop, path=str(path)).success
    assert shop.box.requests == []
    assert run(shop, path=str(path), apply=True).success
    assert canary.TEXT in names(shop)
    assert canary.in_text(caplog.text) == []


@pytest.mark.parametrize(
    "config",
    [{}, {"path": "a.csv", "sql": "SELECT 1"}, {"sql": f"SELECT '{canary.TEXT}'::INT AS id"},
     {"sql": "SELECT id, true AS is_subscribed, 'x' AS nmae FROM contacts"}],
)  # fmt: skip
def test_what_is_wrong_fails_the_run_and_nothing_is_sent(
    shop: Workshop, config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert not run(shop, apply=True, **config).success
    assert shop.box.requests == []
    leaks = [r.getMessage() for r in caplog.records if canary.TEXT in r.getMessage()]
    assert leaks == []


def test_a_contact_that_is_not_as_asked_fails_the_run_and_the_others_are_written(
    shop: Workshop,
) -> None:
    gone = shop.box.workspace.ids("contacts")[0]
    shop.box.workspace.delete("contacts", gone)
    result = run(shop, sql="SELECT id, 'Ada' AS name FROM contacts", apply=True)
    assert not result.success
    assert set(names(shop)) == {"Ada"}


def test_a_push_whose_process_died_is_not_started_again_by_dagster(tmp_path: Path) -> None:
    """Under the template's `run_retries`, which start a sync again."""
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        jobs = [definitions().resolve_job_def(name) for name in ("push_contacts", "__ASSET_JOB")]
        dead = [instance.create_run_for_job(job, tags=dict(job.tags)) for job in jobs]
        for one in dead:
            instance.report_run_failed(one, "its process is gone")
        failed = instance.get_runs(dg.RunsFilter(run_ids=[one.run_id for one in dead]))
        again = [one.job_name for one in filter_runs_to_should_retry(failed, instance)]
    assert again == ["__ASSET_JOB"]


def doubled(shop: Workshop) -> int:
    """How many rows of `companies` readers see twice."""
    with oracle.published(shop.data_dir) as con:
        found = con.execute("SELECT count(*) - count(DISTINCT id) FROM main.companies").fetchall()
    return int(found[0][0])


def test_a_push_publishes_no_table_that_the_blocking_checks_find_unsound(
    shop: Workshop,
) -> None:
    with duckdb.connect(str(work_file(Lake(shop.data_dir)))) as con:
        con.execute("INSERT INTO main.companies SELECT * FROM main.companies LIMIT 1")
    result = run(shop, sql="SELECT id, 'Ada' AS name FROM contacts", apply=True)
    (failed,) = result.get_step_failure_events()
    assert "keys_are_unique found an error" in str(failed.step_failure_data.user_failure_data)
    assert doubled(shop) == 0
    assert set(names(shop)) == {"Ada"}
    assert "{'written': 4}; every attempt is in meta.writes" in said(shop, result)
