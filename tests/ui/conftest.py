"""A sandbox with a month of feedback, `dagster dev` on it, and a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.sandbox import Sandbox
from tests.browser import chromium
from tests.ui.dev import PATIENCE, dagster_dev
from tests.ui.pages import Pages

SINCE = 40
"""Days that have partitions, before today."""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """Its clock is the real one: Dagster's partitions are those of real days."""
    with Sandbox(threads=200, start=datetime.now(UTC)) as running:
        yield running


@pytest.fixture(scope="module")
def pages(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Pictures stay in the folder `SCREENSHOTS`, if the environment names one."""
    folder = tmp_path_factory.mktemp("ui")
    pictures = Path(os.environ.get("SCREENSHOTS") or folder / "pictures")
    pictures.mkdir(parents=True, exist_ok=True)
    with dagster_dev(folder, box, SINCE) as url, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1400, "height": 800})
        tab.set_default_timeout(1000 * PATIENCE)
        yield Pages(tab, url, pictures)
