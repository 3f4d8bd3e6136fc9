"""Telling another program of a run. It is found by its name, so that nothing here knows it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from connector.errors import ConfigurationError

if TYPE_CHECKING:
    from connector.ledger import Run
    from connector.settings import Settings

REPORTERS = "productlane_elt.reporters"
"""The group of entry points; each gives a function that is ready to be told, or raises why not."""


def reporter(name: str) -> Callable[[Settings, Run], int]:
    """Who is to be told of a run, asked before it begins; returns in how many events it was."""
    found = [one for one in entry_points(group=REPORTERS) if one.name == name]
    if not found:
        raise ConfigurationError(
            f"this installation knows nothing of {name}",
            todo="Install it again: `pip install -e .` in the checkout",
        )
    ready: Callable[[Settings, Run], int] = found[0].load()()
    return ready
