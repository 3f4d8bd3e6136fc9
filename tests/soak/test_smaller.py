"""Schedules that Hypothesis draws, and makes smaller when one fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.soak.draws import from_data, schedule
from tests.soak.play import play
from tests.soak.schedule import Schedule


@st.composite
def schedules(draw: Any) -> Schedule:
    # No processes: what they do isn't the same each time, and a failing schedule is played often.
    return schedule(from_data(draw), "drawn", apart=0)


@pytest.mark.long
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(schedules())
def test_no_drawn_schedule_loses_doubles_or_invents_a_row(drawn: Schedule) -> None:
    assert play(drawn).findings == []


def test_a_schedule_is_the_same_each_time_and_can_be_read() -> None:
    from tests.soak.draws import of_seed

    assert of_seed(7) == of_seed(7)
    assert "Work(op=" in str(of_seed(7))
