"""Every check is seen green on sound data and red on a fault that is really there."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.freshness import FRESH
from connector.checks import CHECKS, checks_of
from connector.guard import Unsound, publish_if_sound
from connector.lake import Lake
from connector.warehouse import opened
from connector.workfile import work_file
from schemas import STREAMS
from tests import oracle
from tests.assets.conftest import Workshop, materialized

pytestmark = pytest.mark.long

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
FEED = ("threads", "thread_messages", "contacts", "companies", "tags")


@contextmanager
def work(workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The work file, to be damaged before it is published."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{work_file(Lake(workshop.data_dir))}' AS productlane")
        con.execute("USE productlane; SET TimeZone = 'UTC'")
        yield con


def red(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """What did not pass, but for freshness: the sandbox's clock is behind ours."""
    return {
        (one.asset_key.to_user_string(), one.check_name): one
        for one in result.get_asset_check_evaluations()
        if not one.passed and one.check_name != FRESH
    }


def facts(one: dg.AssetCheckEvaluation) -> dict[str, object]:
    return {name: value.value for name, value in one.metadata.items()}


def published(workshop: Workshop) -> str:
    return hashlib.sha256((workshop.data_dir / "productlane.duckdb").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `fed` keeps what it has made."""
    return tmp_path_factory.mktemp("fed") / "data"


@pytest.fixture
def fed(workshop: Workshop, kept: Path) -> Workshop:
    """Up to date, all checks green. It is done once: sandboxes of one seed hold the same."""
    if kept.exists():
        shutil.copytree(kept, workshop.data_dir)
        return workshop
    result = workshop.bring_up_to_date(*FEED)
    assert [event.step_failure_data for event in result.get_step_failure_events()] == []
    assert red(result) == {}
    shutil.copytree(workshop.data_dir, kept)
    return workshop


def again(workshop: Workshop, *streams: str) -> dg.ExecuteInProcessResult:
    """The tables once more, after a change of which a copy is to be published."""
    workshop.box.clock.advance(600)
    workshop.run("tag_groups", layers="lake")
    return workshop.run(*streams, layers="warehouse")


def test_every_check_is_shown_on_every_table_that_it_concerns(fed: Workshop) -> None:
    found = fed.run("threads", "thread_messages", layers="warehouse").get_asset_check_evaluations()
    shown = {(one.asset_key.path[1], one.check_name) for one in found if one.check_name != FRESH}
    assert shown == {
        (stream, check.name)
        for stream in ("threads", "thread_messages")
        for check in checks_of(STREAMS[stream])
    }
    assert {name for _, name in shown} == {check.name for check in CHECKS}


def test_a_key_with_two_rows_is_an_error_and_readers_keep_what_they_had(fed: Workshop) -> None:
    before = published(fed)
    with work(fed) as con:
        con.execute("INSERT INTO main.tags SELECT * FROM main.tags LIMIT 2")
    result = again(fed, "tags", "contacts")
    assert not result.success
    assert published(fed) == before
    assert materialized(result) == {}
    one = red(result)["warehouse/tags", "keys_are_unique"]
    assert one.severity == ERROR
    assert facts(one)["keys_with_several_rows"] == 2
    told = {event.step_key: event.step_failure_data for event in result.get_step_failure_events()}
    assert set(told) == {"warehouse__tags", "warehouse__contacts"}
    for failure in told.values():
        assert failure.user_failure_data
        assert "tags: keys_are_unique found an error" in str(failure.user_failure_data.description)


def test_a_publication_while_a_run_goes_on_is_guarded_as_well(fed: Workshop) -> None:
    before = published(fed)
    with work(fed) as con:
        con.execute("INSERT INTO main.tags SELECT * FROM main.tags LIMIT 1")
    with opened(Lake(fed.data_dir)) as warehouse, pytest.raises(Unsound, match="rebuild"):
        publish_if_sound(warehouse)
    assert published(fed) == before


def test_a_message_under_a_thread_that_nobody_knows_is_an_error(fed: Workshop) -> None:
    before = published(fed)
    with work(fed) as con:
        con.execute(
            "INSERT INTO main.thread_messages SELECT * REPLACE ('nobody' AS thread_id) "
            "FROM main.thread_messages LIMIT 1"
        )
    one = red(again(fed, "thread_messages"))["warehouse/thread_messages", "parents_exist"]
    assert one.severity == ERROR
    assert facts(one)["rows_under_unknown_parents"] == 1
    assert facts(one)["example"] == "nobody"
    assert published(fed) == before


def test_a_message_under_a_thread_that_is_gone_is_a_warning(fed: Workshop) -> None:
    thread = fed.box.workspace.ids("threads")[0]
    with work(fed) as con:
        con.execute(
            "CREATE TEMP TABLE kept AS FROM main.thread_messages WHERE thread_id = ?", [thread]
        )
        fed.box.workspace.delete("threads", thread)
        fed.box.clock.advance(600)
        con.execute("USE memory; DETACH productlane")
        assert fed.bring_up_to_date("threads", mode="reconcile").success
        con.execute(f"ATTACH '{work_file(Lake(fed.data_dir))}' AS productlane")
        con.execute("INSERT INTO productlane.main.thread_messages FROM temp.kept")
    result = again(fed, "thread_messages")
    assert result.success
    one = red(result)["warehouse/thread_messages", "parents_exist"]
    assert one.severity == WARN
    assert facts(one)["rows_under_deleted_parents"] > 0


def test_a_row_that_names_what_is_not_there_is_a_warning(fed: Workshop) -> None:
    """A company and a tag go; the threads that named them have not been read again."""
    with oracle.published(fed.data_dir) as con:
        company, tag = con.execute(
            "SELECT (SELECT company_id FROM threads WHERE company_id NOT NULL LIMIT 1), "
            "(SELECT tag_id FROM thread_tags LIMIT 1)"
        ).fetchall()[0]
    for stream, key in (("companies", company), ("tags", tag)):
        fed.box.workspace.delete(stream, key)
    fed.box.clock.advance(600)
    fed.bring_up_to_date("companies", "tags", mode="reconcile")
    found = red(again(fed, "threads", "contacts"))
    one = found["warehouse/threads", "references_are_live"]
    assert one.severity == WARN
    assert facts(one)["company_id_not_in_companies"] > 0
    assert facts(one)["tag_id_not_in_tags"] > 0
    assert facts(one)["contact_id_not_in_contacts"] == 0


def test_a_backfill_before_the_first_sync_leaves_a_gap_that_the_sync_shuts(
    workshop: Workshop,
) -> None:
    day = workshop.box.clock.now()
    one = red(workshop.backfill(day, day, "threads"))["warehouse/threads", "window_is_closed"]
    assert one.severity == WARN
    assert facts(one)["gaps"] == 1
    assert "the beginning to" in str(facts(one)["first_gap"])
    assert red(workshop.bring_up_to_date("threads")) == {}


def test_a_row_that_came_without_a_walk_is_counted_as_one_too_many(fed: Workshop) -> None:
    fed.bring_up_to_date("tags")
    with work(fed) as con:
        con.execute(
            "INSERT INTO main.tags SELECT * REPLACE ('invented' AS id) FROM main.tags LIMIT 1"
        )
    one = red(again(fed, "tags"))["warehouse/tags", "count_matches_last_full_walk"]
    assert one.severity == WARN
    assert facts(one)["rows"] == facts(one)["rows_expected"] + 1  # type: ignore[operator]


def test_the_count_follows_what_came_and_went_since_the_last_full_walk(fed: Workshop) -> None:
    space = fed.box.workspace
    for mode in ("sync", "reconcile", "sync"):
        space.create("contacts")
        space.delete("contacts", space.ids("contacts")[0])
        fed.box.clock.advance(600)
        assert red(fed.bring_up_to_date("contacts", "threads", mode=mode)) == {}


def test_a_field_that_the_schema_does_not_know_is_a_warning(fed: Workshop) -> None:
    fed.box.workspace.update("contacts", fed.box.workspace.ids("contacts")[0], shoe_size=44)
    fed.box.clock.advance(600)
    one = red(fed.bring_up_to_date("contacts"))["warehouse/contacts", "fields_are_known"]
    assert one.severity == WARN
    assert facts(one)["fields"] == "shoe_size"


def test_a_record_that_could_not_be_read_is_a_warning_with_its_reason(fed: Workshop) -> None:
    tag = fed.box.workspace.ids("tags")[0]
    fed.box.workspace.put_raw("tags", tag, f'{{"id": "{tag}", "id": "{tag}"}}')
    one = red(fed.bring_up_to_date("tags"))["warehouse/tags", "no_rows_are_set_aside"]
    assert one.severity == WARN
    assert facts(one)["records_set_aside"] == 1
    assert facts(one)["reasons"]


def test_a_stream_that_the_key_may_not_read_is_a_warning_that_names_the_scope(
    fed: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = fed.box.issue_key(["threads:read"])
    monkeypatch.setenv("PRODUCTLANE_API_KEY", poor)
    result = fed.bring_up_to_date("threads", "tags")
    assert result.success
    assert set(red(result)) == {("lake/tags", "scope_is_granted")}
    one = red(result)["lake/tags", "scope_is_granted"]
    assert one.severity == WARN
    assert "tags:read" in str(facts(one)["reason"])


def test_nothing_of_a_check_waits_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The work file is made of the lake by whoever needs it first."""
    with opened(Lake(tmp_path)) as warehouse:
        for endpoint in STREAMS.values():
            for check in checks_of(endpoint):
                assert check.of(warehouse.con, endpoint).error is False


def test_where_readers_lack_nothing_the_copy_is_looked_at_and_nothing_is_published(
    fed: Workshop,
) -> None:
    """And the work file, which another process may hold, is not opened."""
    before = published(fed)
    with opened(Lake(fed.data_dir)):
        result = fed.run("tags", layers="warehouse", views=["inbox_weekly"])
    assert result.success
    assert materialized(result)["warehouse/tags"]["dagster/row_count"] > 0
    assert published(fed) == before


@pytest.mark.parametrize("damage", [b"", b"no database"])
def test_a_copy_that_is_not_there_or_damaged_is_made_again(fed: Workshop, damage: bytes) -> None:
    copy = fed.data_dir / "productlane.duckdb"
    copy.unlink()
    if damage:
        copy.write_bytes(damage)
    assert fed.run("tags", layers="warehouse").success
    assert fed.differences("tags", "threads") == []


def test_a_copy_that_lacks_something_is_replaced_and_its_successor_is_measured(
    fed: Workshop,
) -> None:
    fed.box.workspace.create("tags", name="one more")
    fed.box.clock.advance(600)
    fed.run("tags", layers="lake")
    found = materialized(fed.run("tags", layers="warehouse"))
    live = len(fed.box.workspace.live("tags"))
    assert found["warehouse/tags"]["dagster/row_count"] == live
