"""Schedules on threads and what hangs under them."""

from __future__ import annotations

import pytest

from tests.soak import gate


@pytest.mark.long
def test_no_schedule_on_threads_loses_doubles_or_invents_a_row() -> None:
    assert gate.findings("threads", handful=0) == []
