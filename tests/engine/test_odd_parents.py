"""B8: one parent under which something is amiss is no trouble to the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector import children
from connector.lake import Lake
from connector.sandbox import Fault, Readings
from connector.warehouse import rebuild
from tests.bench import Bench
from tests.engine.export import export
from tests.engine.interrupted import interrupted
from tests.few import few

Make = Callable[..., Bench]
BOTH = ("threads", "thread_comments")
DAY = 86400


@pytest.fixture
def edited(make_bench: Make) -> tuple[Bench, str]:
    """A comment whose edit only rotation or a full walk shows, and another thread's path."""
    at = make_bench(threads=24, readings=Readings(children_bump="no"))
    bad, other = at.box.workspace.ids("threads")[3], at.box.workspace.ids("threads")[10]
    comment = at.box.workspace.add_comment(other)
    at.sync(*BOTH)
    at.pass_time()
    at.box.workspace.update("threads", bad, title="moved")
    at.box.workspace.update("thread_comments", comment, parent=other, stamp=False, content="edited")
    return at, f"/threads/{bad}/comments"


EDITED = "SELECT count(*) FROM thread_comments WHERE content = 'edited'"


REFUSAL = b'{"error": {"code": "validation_failed", "message": "no", "request_id": "r"}}'


@pytest.mark.parametrize("kind", few(["not_json", "500", "answer"], 1))
def test_rotation_goes_on_beside_one_that_can_not_be_read(
    edited: tuple[Bench, str], kind: str
) -> None:
    at, path = edited
    at.box.faults.add(Fault(kind, path=path, rate=1.0, status=400, body=REFUSAL))
    for _ in range(3):
        at.pass_time(DAY + 3600)
        run = at.sync(*BOTH)
    assert at.outcome(run, "thread_comments").outcome == "failed"
    assert at.query(EDITED) == [(1,)]


def test_a_full_walk_goes_on_beside_one_that_can_not_be_read(
    edited: tuple[Bench, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "ROUND", 2)
    at, path = edited
    at.box.faults.add(Fault("500", path=path, rate=1.0))
    at.pass_time(DAY)
    run = at.sync(*BOTH, full=True)
    assert at.outcome(run, "thread_comments").outcome == "failed"
    assert at.query(EDITED) == [(1,)]


def test_where_none_can_be_read_not_all_are_asked(make_bench: Make) -> None:
    at = make_bench(threads=100)
    at.sync("threads")
    at.box.faults.add(Fault("answer", path="/threads/", rate=1.0, status=400, body=REFUSAL))
    at.box.requests.clear()
    run = at.sync(*BOTH)
    assert at.outcome(run, "thread_comments").outcome == "failed"
    asked = [request for request in at.box.requests if request.path.endswith("/comments")]
    assert len(asked) <= 2 * children.WORKERS


def test_b10_a_record_without_an_id_hides_no_deletion_under_another(make_bench: Make) -> None:
    at = make_bench(threads=4)
    one, other = at.box.workspace.ids("threads")[:2]
    odd, gone = at.box.workspace.add_comment(one), at.box.workspace.add_comment(other)
    at.sync(*BOTH)
    at.pass_time()
    at.box.workspace.put_raw("thread_comments", odd, '{"content": "no id"}', parent=one)
    at.box.workspace.delete("thread_comments", gone, parent=other)
    at.sync(*BOTH, full=True)
    assert at.query(f"SELECT count(*) FROM thread_comments WHERE id = '{gone}'") == [(0,)]
    assert at.query(f"SELECT count(*) FROM thread_comments WHERE id = '{odd}'") == [(1,)]


def test_pages_that_a_refused_cursor_showed_twice_are_counted_once(make_bench: Make) -> None:
    at = make_bench(threads=2, page_size=2)
    thread = at.box.workspace.ids("threads")[0]
    for _ in range(6):
        at.box.workspace.add_comment(thread)
    at.box.faults.add(Fault("refuse_cursor", path=f"/threads/{thread}/comments", at=2))
    at.sync(*BOTH)
    there = at.query(f"SELECT count(*) FROM thread_comments WHERE thread_id = '{thread}'")
    assert at.query(f"SELECT rows FROM meta.parents WHERE parent_id = '{thread}'") == there


@pytest.fixture
def landed_late(make_bench: Make) -> tuple[Bench, str]:
    """What was asked under a thread landed after the thread was found to be gone."""
    at = make_bench(threads=24)
    at.sync(*BOTH)
    at.pass_time()
    for thread in at.box.workspace.ids("threads"):
        at.box.workspace.add_comment(thread)
    at.pass_time()
    at.sync(*BOTH, full=True)
    at.pass_time()
    at.box.requests.clear()
    gone: list[str] = []

    def meanwhile() -> None:
        asked = [r.path.split("/")[2] for r in at.box.requests if r.path.endswith("/comments")]
        gone.append(asked[0])
        at.pass_time(30)
        at.box.workspace.delete("threads", asked[0])
        at.pass_time(30)
        at.sync("threads", full=True)

    interrupted(at, "thread_comments", act=meanwhile, path="/threads/", nth=24, full=True)
    at.pass_time()
    return at, gone[0]


def test_a_rebuild_knows_the_same_of_a_parent_that_went(landed_late: tuple[Bench, str]) -> None:
    at, _ = landed_late
    before = export(at)
    rebuild(Lake(at.settings.data_dir))
    assert export(at) == before


def test_a_parent_that_went_is_asked_under_when_it_comes_back(
    landed_late: tuple[Bench, str],
) -> None:
    at, gone = landed_late
    at.box.workspace.undelete("threads", gone)
    at.pass_time()
    at.sync("threads", full=True)
    at.pass_time()
    at.sync(*BOTH)
    assert at.differences(*BOTH) == []
