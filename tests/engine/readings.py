"""The main job under one reading of what the API leaves open: sync, changes, sync, full walk."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from connector.sandbox import Readings
from tests.bench import Bench

# In the tests the readings are tried on a small workspace, and those that concern a few streams on
# these; `READINGS_THREADS=300` makes it as large as the demo's, with all streams: ten minutes.
READINGS_THREADS = int(os.environ.get("READINGS_THREADS", "12"))
SMALL = READINGS_THREADS < 50
SIZES = {"issues": 6, "docs_articles": 12, "changelogs": 8, "docs_drafts": 5, "projects": 4}


def change_a_lot(at: Bench, seed: int) -> None:
    at.box.workspace.change_randomly(random.Random(seed), 40)
    at.pass_time()


def alternatives(*, concern: Callable[[str], bool]) -> list[object]:
    """Parameters: the opposite of each default, of the readings that concern certain streams."""
    return [
        pytest.param(name, readings, id=f"{name}={value}")
        for name, value, readings in Readings.alternatives()
        if concern(name)
    ]


def differences(make_bench: Callable[..., Bench], readings: Readings, *streams: str) -> list[str]:
    """What differs from the server in the end."""
    at = make_bench(
        readings=readings,
        threads=READINGS_THREADS,
        page_size=9 if SMALL else 200,  # a second page at the least
        **(SIZES if SMALL else {}),
    )
    at.sync(*streams)
    change_a_lot(at, 1)
    at.sync(*streams)
    at.sync(*streams, full=True)
    return at.differences(*streams)
