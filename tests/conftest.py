from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.bench import Bench, bench, connect

MEMORY = Path("/dev/shm")  # noqa: S108  # pytest makes a folder of its own in it
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4e9:
    # Hundreds of data directories are made here, and each write waits for its disk: a third of
    # the time of all tests. Files in memory behave alike.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Some have it set, as many CI systems do: what is printed would have colours, and be read as text.
os.environ.pop("FORCE_COLOR", None)


@pytest.fixture(autouse=True, scope="session")
def budgets_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Budgets live in the folder for temporary files: keep the tests' apart from the user's."""
    before = tempfile.tempdir
    tempfile.tempdir = str(tmp_path_factory.mktemp("tmp"))
    yield
    tempfile.tempdir = before


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    with ExitStack() as stack:
        number = 0

        def make(**options: Any) -> Bench:
            nonlocal number
            number += 1
            made = bench(tmp_path / str(number), **options)
            stack.enter_context(made.box)
            return connect(made)

        yield make


@pytest.fixture
def at_bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Dagster's pages first: they take longest, and are waited for in the end otherwise."""
    items.sort(key=lambda item: "ui" not in item.path.parts)
