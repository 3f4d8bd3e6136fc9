"""Readings of the reference that show in every stream: the tables equal the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.sandbox import Readings
from tests.bench import Bench
from tests.engine.readings import alternatives, differences
from tests.engine.test_readings_of_few_streams import CONCERNED


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "readings"), alternatives(concern=lambda name: name not in CONCERNED)
)
def test_every_reading_of_all_streams_gives_the_same_tables(
    make_bench: Callable[..., Bench], name: str, readings: Readings
) -> None:
    assert differences(make_bench, readings) == [], name
