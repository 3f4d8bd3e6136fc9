"""Schedules on lists. Apart from those on threads, so that the two run side by side."""

from __future__ import annotations

import pytest

from tests.soak import gate


@pytest.mark.long
@pytest.mark.parametrize("handful", range(1))
def test_no_schedule_on_lists_loses_doubles_or_invents_a_row(handful: int) -> None:
    assert gate.findings("lists", handful) == []
