"""Views change more often than tables: then the tables stay, and the views are made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import connector.warehouse as engine
from connector import analytics, workfile
from connector.lake import Lake
from connector.warehouse import opened, publish_if_behind
from tests.bench import Bench
from tests.engine.export import export

FIRST = next(iter(analytics.VIEWS.values()))
OURS = set(analytics.VIEWS)


@pytest.fixture
def at(make_bench: Callable[..., Bench]) -> Bench:
    made = make_bench(threads=4)
    made.sync("tags", "threads")
    return made


@pytest.fixture
def other_views(at: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Views as another version of the connector declares them: one more, one other, one less."""
    shorter = replace(FIRST, sql="SELECT id FROM main.threads", columns={"id": ("VARCHAR", "Id")})
    new = replace(shorter, name="new", meaning="A new one")
    monkeypatch.setattr(analytics, "VIEWS", {"a": shorter, "b": new})


def work_file(at: Bench) -> Path:
    return workfile.work_file(Lake(at.settings.data_dir))


def views(at: Bench) -> set[str]:
    found = at.query("SELECT view_name FROM duckdb_views() WHERE schema_name = 'analytics'")
    return {name for (name,) in found}


def forbid_rebuilding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the work file is made again")

    monkeypatch.setattr(workfile, "remove", refuse)
    monkeypatch.setattr(engine, "apply", refuse)


def test_when_only_views_changed_the_file_gets_them_and_its_tables_stay(
    at: Bench, other_views: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_rebuilding(monkeypatch)
    assert views(at) == OURS
    file = work_file(at).stat().st_ino
    assert publish_if_behind(Lake(at.settings.data_dir))
    assert views(at) == {FIRST.name, "new"}
    assert at.query(f"SELECT count(*) FROM analytics.{FIRST.name}") == at.query(
        "SELECT count(*) FROM main.threads"
    )
    assert at.query("SELECT comment FROM duckdb_views() WHERE view_name = 'new'") == [
        ("A new one",)
    ]
    assert work_file(at).stat().st_ino == file
    assert not publish_if_behind(Lake(at.settings.data_dir))


def test_a_file_made_with_other_views_holds_the_same_rows(
    at: Bench, other_views: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(at)
    monkeypatch.undo()
    assert export(at) == before
    assert at.differences("tags", "threads") == []
    assert views(at) == OURS


def test_if_the_making_fails_the_old_views_stay_and_the_next_one_to_open_makes_them(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(FIRST, sql="SELECT nothing FROM main.threads")
    with monkeypatch.context() as patch:
        patch.setattr(analytics, "VIEWS", {"a": broken})
        with pytest.raises(Exception, match="nothing"), opened(Lake(at.settings.data_dir)):
            pass
    publish_if_behind(Lake(at.settings.data_dir))
    assert views(at) == OURS


def test_where_nothing_changed_opening_makes_no_view(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise AssertionError("views are made again")

    views_now = analytics.fingerprint()
    monkeypatch.setattr(analytics, "fingerprint", lambda: views_now)
    monkeypatch.setattr(analytics, "create_all", refuse)
    with opened(Lake(at.settings.data_dir)) as warehouse:
        assert warehouse.rows("tags")
