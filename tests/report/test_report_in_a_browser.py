"""The report as a browser shows it: Debian's chromium, driven by playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from connector.report import CHARTS
from tests.cli.conftest import Cli
from tests.report.conftest import page_of

pytestmark = pytest.mark.long

SIZES = """() => [...document.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect())
    .map(box => [box.width, box.height]).filter(([width, _]) => width > 0)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "this test needs a browser: apt-get install chromium"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("this test needs playwright: pip install -e '.[browser]'")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(("which", "drawings"), [("lively", len(CHARTS)), ("empty", 0)])
def test_it_stands_alone_and_fits(
    request: pytest.FixtureRequest, browser: Any, which: str, drawings: int, width: int, scheme: str
) -> None:
    cli: Cli = request.getfixturevalue(which)
    address = page_of(cli).as_uri()
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
