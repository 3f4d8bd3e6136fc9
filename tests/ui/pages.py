"""Dagster's pages, by the words that a user reads on them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ui.dev import PATIENCE

GLANCE = 20.0
"""Seconds until a page is loaded again."""


@dataclass
class Pages:
    """A tab of a browser on Dagster, and a folder for what it looked like."""

    tab: Any
    url: str
    pictures: Path

    def go(self, path: str) -> None:
        self.tab.goto(f"{self.url}/{path}")

    def shows(self, text: str | re.Pattern[str], seconds: float = PATIENCE) -> Any:
        """The first place where exactly this stands, once it does."""
        found = self.tab.get_by_text(text, exact=True).locator("visible=true").first
        found.wait_for(timeout=1000 * seconds)
        return found

    def says(self, text: str | re.Pattern[str]) -> bool:
        """Does this stand there, sooner or later?"""
        from playwright import sync_api  # an extra, which most tests do without

        with suppress(sync_api.TimeoutError):
            self.shows(text)
            return True
        return False

    def text(self) -> str:
        return str(self.tab.inner_text("body"))

    def picture(self, name: str) -> None:
        """Once nothing is being loaded."""
        self.tab.get_by_text(re.compile("^Loading|fetching")).first.wait_for(state="hidden")
        self.tab.screenshot(path=self.pictures / f"{name}.png", animations="disabled")

    def materialize(self) -> None:
        """Press the button of the asset that is shown."""
        self.tab.get_by_role("button", name="Materialize").first.click()

    def choose(self, partitions: str, many: int) -> None:
        """In the dialog: a partition, or a range as `[first...last]`."""
        field = self.tab.get_by_role("dialog").get_by_role("textbox").first
        field.fill(partitions)
        field.press("Enter")
        self.shows(f"{many} partition{'s' * (many > 1)}")

    def launch(self) -> None:
        """Press the dialog's last button; it goes away when Dagster has taken the request."""
        dialog = self.tab.get_by_role("dialog")
        dialog.get_by_role("button", name="Launch").click()
        dialog.wait_for(state="hidden")

    def until(self, path: str, text: str) -> Any:
        """The place where this stands on a page, loaded again till it does: runs take minutes."""
        from playwright import sync_api  # an extra, which most tests do without

        for _ in range(int(PATIENCE / GLANCE)):
            self.go(path)
            with suppress(sync_api.TimeoutError):
                return self.shows(text, GLANCE)
        raise AssertionError(f"{path} does not come to say {text!r}:\n{self.text()}")
