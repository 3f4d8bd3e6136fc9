"""Variations of one claim: the gate tries some of them, `pytest -m exhaustive` the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def few(variations: Iterable[Any], tried: int = 2) -> list[Any]:
    """Parameters of which the gate tries the first ones; a tuple stands for several arguments."""
    return [
        pytest.param(
            *(one if isinstance(one, tuple) else (one,)),
            marks=[pytest.mark.exhaustive] if number >= tried else [],
        )
        for number, one in enumerate(variations)
    ]
