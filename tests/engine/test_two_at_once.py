"""B12 and B23: two processes at one data directory; nothing is lost, whoever lands last."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.lake import Lake
from connector.locks import flock
from tests.bench import Bench
from tests.engine.interrupted import interrupted
from tests.few import few

pytestmark = pytest.mark.long

Make = Callable[..., Bench]
BLINK = 0.2
"""Seconds: for a thread without a lock, more than enough to write a file."""
STREAMS = ("threads", "tags", "thread_comments")
NEVER = "1000000000"


def begun(at: Bench, kind: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "tests.engine.killed", at.box.url, at.box.key,
         str(at.settings.data_dir), NEVER, kind, "20", *STREAMS],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "kinds"),
    few(
        [
            (False, ("plain", "plain")),
            (True, ("plain", "full")),
            (True, ("plain", "window")),
            (True, ("full", "compact")),
        ]
    ),
)
def test_b23_two_at_once_between_live_edits_lose_nothing(
    make_bench: Make, known: bool, kinds: tuple[str, str]
) -> None:
    at = make_bench(threads=50, page_size=20)
    if known:
        at.sync(*STREAMS)
        at.pass_time()
    threads = at.box.workspace.ids("threads")

    def change(request: Any) -> None:
        number = len(at.box.requests)
        if request.path.startswith("/threads"):
            at.box.clock.advance(1)
            at.box.workspace.update("threads", threads[number % 20], title=f"edit {number}")

    at.box.before_each(change)
    for one in [begun(at, kind) for kind in kinds]:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
    at.box.clear_hooks()
    at.sync(*STREAMS)
    assert at.differences("threads") == []
    at.pass_time()
    at.sync(*STREAMS, full=True)
    assert at.differences(*STREAMS) == []


def test_of_two_first_syncs_at_once_the_first_says_whose_the_lake_is(tmp_path: Path) -> None:
    ours, theirs = Lake(tmp_path), Lake(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        with flock(ours.root / "_locks" / "sequence", fcntl.LOCK_EX):
            second = pool.submit(theirs.belong_to, "the second's")
            with suppress(TimeoutError):
                second.result(BLINK)
            (ours.root / "_workspace.json").write_text('{"workspace_id": "the first\'s"}')
        with pytest.raises(ConfigurationError, match="holds workspace the first's"):
            second.result()


def test_b23_what_is_as_before_is_kept_while_an_older_reading_is_on_its_way(
    make_bench: Make,
) -> None:
    """It tells the warehouse nothing, until what the other walk read in between has landed."""
    at = make_bench(page_size=2)
    at.sync("tags")
    names = {row["id"]: row["name"] for row in at.box.workspace.live("tags")}

    def rename(name: dict[str, str]) -> None:
        for tag in names:
            at.box.workspace.update("tags", tag, stamp=False, name=name[tag])
        at.pass_time(60)

    def change_back() -> None:
        rename(names)
        at.sync("tags")

    rename(dict.fromkeys(names, "for a moment"))
    run = interrupted(at, "tags", act=change_back, path="/tags$", nth=2)
    assert at.outcome(run, "tags").changed
    assert at.differences("tags") == []


@pytest.mark.parametrize("stream", ["tags", "threads"])
def test_b23_a_row_that_came_while_a_full_walk_went_on_is_not_missed_by_it(
    make_bench: Make, stream: str
) -> None:
    at = make_bench(page_size=2)
    at.sync(stream)

    def create() -> None:
        at.box.workspace.create(stream)
        at.pass_time(60)
        at.sync(stream)

    run = interrupted(at, stream, act=create, path=f"/{stream}$", nth=2, full=True)
    assert at.outcome(run, stream).deleted == 0
    assert at.query("FROM meta.missing") == []
    assert not [one for one in at.box.requests if f"/{stream}/" in one.path]
    assert at.differences(stream) == []
