"""One sandbox per test file, and askers that are closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.sandbox import Sandbox
from tests.sandbox.walking import Asker

Ask = Callable[..., Asker]


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(threads=60) as box:
        yield box


@pytest.fixture
def ask() -> Iterator[Ask]:
    """ask(box) or ask(box, key): an asker that is closed after the test."""
    made: list[Asker] = []

    def make(box: Sandbox, key: str | None = None) -> Asker:
        made.append(Asker(box, key))
        return made[-1]

    yield make
    for asker in made:
        asker.close()
