"""B12 and B23: two processes at one data directory; nothing is lost, whoever lands last."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.bench import Bench

Make = Callable[..., Bench]
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
    [
        (False, ("plain", "plain")),
        (True, ("plain", "window")),
        (True, ("plain", "full")),
        (True, ("full", "compact")),
    ],
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
