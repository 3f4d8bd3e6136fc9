"""B5: windows are closed by the server's clock, whatever this machine's says."""

from __future__ import annotations

import datetime as real
import sys
import time
from collections.abc import Callable

import pytest

from tests.bench import Bench
from tests.few import few

pytestmark = pytest.mark.long

Make = Callable[..., Bench]
STREAMS = ("threads", "thread_comments", "contacts", "tags")


@pytest.fixture(params=few([-3600, 60, -60, 3600]))
def skewed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Every clock that the connector could look at is off by so many seconds; the server's not."""
    off = real.timedelta(seconds=request.param)
    right = time.time
    ours = [
        module
        for name, module in sys.modules.items()
        if name.startswith("connector.") and not name.startswith("connector.sandbox")
    ]
    for module in ours:
        if getattr(module, "datetime", None) is real.datetime:
            monkeypatch.setattr(module, "datetime", _Days(off))
        if getattr(module, "time", None) is time:
            monkeypatch.setattr(module, "time", _Clock(lambda: right() + request.param))
    return int(request.param)


class _Days:
    """Class `datetime`, with another now."""

    def __init__(self, off: real.timedelta) -> None:
        self._off = off

    def now(self, tz: real.tzinfo | None = None) -> real.datetime:
        return real.datetime.now(tz) + self._off

    def __call__(self, *parts: int, **rest: object) -> real.datetime:
        return real.datetime(*parts, **rest)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(real.datetime, name)


class _Clock:
    """Module `time`, with another time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.time = now

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)


def test_b05_a_clock_that_is_off_changes_no_window_and_no_row(
    make_bench: Make, skewed: int
) -> None:
    at = make_bench()
    at.sync(*STREAMS)
    for number, row in enumerate(at.box.workspace.ids("threads")[:3]):
        at.box.workspace.update("threads", row, title=f"{skewed} {number}")
        at.pass_time(40)
        asked_from = at.box.clock.now()
        at.sync(*STREAMS)
        closed = at.query("SELECT closed_to FROM meta.windows WHERE stream = 'threads'")
        late = asked_from - at.settings.lag - closed[0][0]
        assert real.timedelta(0) <= abs(late) < real.timedelta(seconds=30)
    at.pass_time()
    at.sync(*STREAMS)
    assert at.differences(*STREAMS) == []
