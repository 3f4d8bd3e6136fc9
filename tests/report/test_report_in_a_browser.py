"""The report as a browser shows it: Debian's chromium, driven by playwright."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.report import CHARTS
from tests.browser import chromium
from tests.cli.conftest import Cli
from tests.few import few
from tests.report.conftest import page_of

pytestmark = pytest.mark.long

SIZES = """() => [...document.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect())
    .map(box => [box.width, box.height]).filter(([width, _]) => width > 0)"""


@pytest.fixture(scope="module")
def pages(lively: Cli, empty: Cli) -> dict[str, Path]:
    """Made before the browser runs: its driver and a sync can't share a thread."""
    return {"lively": page_of(lively), "empty": page_of(empty)}


@pytest.fixture(scope="module")
def browser(pages: dict[str, Path]) -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize(
    ("width", "scheme"), few([(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")])
)
@pytest.mark.parametrize(("which", "drawings"), [("lively", len(CHARTS)), ("empty", 0)])
def test_it_stands_alone_and_fits(
    pages: dict[str, Path], browser: Any, which: str, drawings: int, width: int, scheme: str
) -> None:
    address = pages[which].as_uri()
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert (said, asked) == ([], [address])
    sizes = page.evaluate(SIZES)
    assert len(sizes) == drawings
    assert all(box[0] > 250 and box[1] > 80 for box in sizes)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    assert dark == (scheme == "dark")
    page.close()
