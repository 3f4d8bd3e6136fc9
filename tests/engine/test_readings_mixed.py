"""Many readings of the reference at once: the tables equal the server.

Every answer to every open question is in one of the mixes. Alone, each is tried by
`pytest -m exhaustive`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.sandbox import Readings
from tests.bench import Bench
from tests.engine.readings import differences

CHOICES = Readings.choices()


def mix(number: int) -> Readings:
    """The answers at one place of each list, the lists shifted against each other."""
    return Readings(
        **{
            name: values[(number + shift) % len(values)]
            for shift, (name, values) in enumerate(CHOICES.items())
        }
    )


MIXES = [mix(number) for number in range(max(map(len, CHOICES.values())))]


def test_every_answer_is_in_a_mix() -> None:
    for name, values in CHOICES.items():
        assert {getattr(one, name) for one in MIXES} == set(values), name


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(MIXES)))
def test_every_mix_of_readings_gives_the_same_tables(
    make_bench: Callable[..., Bench], number: int
) -> None:
    assert differences(make_bench, MIXES[number]) == []
