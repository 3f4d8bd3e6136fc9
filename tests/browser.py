"""Debian's chromium, driven by playwright: for what only a browser can show."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox",  # the gate runs as root
    "--disable-gpu",
    "--disable-dev-shm-usage",  # tests fill /dev/shm
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser with a profile of its own.

    What it shows has to be made in another thread or process: its driver keeps an event loop in
    this one.
    """
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "this test needs a browser: apt-get install chromium"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("this test needs playwright: pip install -e '.[browser]'")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=found, args=ARGUMENTS, timeout=180_000)
        yield running
        running.close()
