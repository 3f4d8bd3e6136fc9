"""B11 and B18: killed at any moment, and then run again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.bench import Bench

Make = Callable[..., Bench]
STREAMS = ("threads", "thread_comments", "tags")


def killed_sync(
    at: Bench, fatal: int, kind: str = "plain", streams: tuple[str, ...] = STREAMS
) -> bool:
    """Was the sync killed, or was it through before that?"""
    done = subprocess.run(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "tests.engine.killed", at.box.url, at.box.key,
         str(at.settings.data_dir), str(fatal), kind, *streams],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


@pytest.mark.parametrize("fatal", [1, 4, 13, 60, 170, 180])
def test_b11_a_first_sync_killed_at_any_write_goes_on_with_the_next(
    make_bench: Make, fatal: int
) -> None:
    at = make_bench(threads=50, page_size=20)
    killed_sync(at, fatal)
    at.sync(*STREAMS)
    assert at.differences(*STREAMS) == []
    assert not list((at.settings.data_dir / "lake" / "_staging").glob("*-*"))
    assert not list(at.settings.data_dir.rglob(".*.parquet"))


@pytest.mark.parametrize("fatal", [5, 11, 17, 22])
def test_b11_a_full_walk_killed_at_any_write_loses_and_invents_nothing(
    make_bench: Make, fatal: int
) -> None:
    at = make_bench(threads=50, page_size=20)
    at.sync(*STREAMS)
    for thread in at.box.workspace.ids("threads")[:8]:
        at.box.workspace.update("threads", thread, stamp=False, title="silent")
    for thread in at.box.workspace.ids("threads")[10:13]:
        at.box.workspace.delete("threads", thread)
    at.pass_time()
    killed_sync(at, fatal, "full")
    at.pass_time()
    at.sync(*STREAMS)
    at.sync(*STREAMS, full=True)
    assert at.differences(*STREAMS) == []


def test_b18_a_killed_first_load_asks_no_page_twice_but_one(make_bench: Make) -> None:
    at = make_bench(threads=300, page_size=20)
    at.box.clock.advance(1)
    # One stream alone: how many of its pages are staged at the n-th write is then always the same.
    assert killed_sync(at, 20, streams=("threads",))
    asked = [r.query.get("cursor") for r in at.box.requests if r.path == "/threads"]
    assert 1 < len(asked) < 15
    at.box.requests.clear()
    at.settings = replace(at.settings, page_size=20)
    at.sync("threads")
    again = [r.query.get("cursor") for r in at.box.requests if r.path == "/threads"]
    assert len(asked) + len(again) <= 16
    assert at.differences("threads") == []


def test_b11_a_copy_that_was_killed_half_way_is_cleared_away_by_the_next(
    make_bench: Make,
) -> None:
    at = make_bench(threads=4)
    at.sync("tags")
    half = at.settings.data_dir / ".productlane.duckdb.4711"
    half.write_bytes(b"half")
    at.sync("tags")
    assert not half.exists()
