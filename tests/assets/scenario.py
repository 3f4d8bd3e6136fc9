"""What scenarios through GraphQL are made of."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from assets.names import MODE_TAG
from connector.sandbox import Sandbox
from tests import oracle
from tests.assets.conftest import TODAY, days
from tests.assets.pages import Pages

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
BEGIN = TODAY - 6 * DAY
THREADS = ("lake/threads", "warehouse/threads")
TAGS = ("lake/tags", "warehouse/tags")
SYNC = {MODE_TAG: "sync"}


def asked(pages: Pages) -> list[str]:
    """What the API was asked for since the last time; forgotten then."""
    requests = pages.workshop.box.requests
    found = [one.path for one in requests]
    requests.clear()
    return found


def change(pages: Pages, number: int) -> None:
    space = pages.workshop.box.workspace
    space.update("threads", space.ids("threads")[number], title=f"change {number}")


def a_change_a_day(pages: Pages) -> None:
    """Everything is read on the first day; on each of the five after it one thread changes."""
    pages.launch(*THREADS, **SYNC, **days(BEGIN, BEGIN))
    for number in range(1, 6):
        pages.workshop.box.clock.set(BEGIN + number * DAY + DAY / 2)
        change(pages, number)
    pages.workshop.box.clock.set(TODAY)


def table(pages: Pages) -> list[tuple[object, ...]]:
    """Every version that readers see, as it means something to them."""
    with oracle.published(pages.workshop.data_dir) as con:
        found = con.execute("SELECT id, title, _valid_from FROM history.threads ORDER BY ALL")
        return found.fetchall()


@contextmanager
def held_up(box: Sandbox, at: int) -> Iterator[threading.Event]:
    """The API keeps the n-th request waiting until the block ends; the event says that it came."""
    came, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        assert goes_on.wait(60)

    box.before(at, wait)
    try:
        yield came
    finally:
        goes_on.set()
