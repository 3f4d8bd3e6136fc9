"""`productlane-elt report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output

if TYPE_CHECKING:
    from connector.settings import Settings


def report(
    to: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The page; replaced if there.")
    ] = Path("report.html"),
) -> None:
    """Draw the feedback as one page of HTML: to be looked at, sent on, or put on a wall.

    Inbox, response times, open threads, what is asked for by how much revenue, roadmap, workload,
    and how fresh all of it is. The page stands alone: no script, nothing fetched when it is opened.
    It reads the warehouse and asks the API for nothing. It holds words of your customers: send it
    to whom you would send those.
    """
    with faults.answering():
        from connector.cli import sink
        from connector.settings import Settings

        settings = Settings.load()
        sink.refuse_ours(to, settings.data_dir)
        made = _page(settings)
        with sink.opened(to, binary=False) as stream:
            stream.write(made)
        size = f"{len(made.encode()) / 1000:,.0f} kB"
        output.out().print(f"Written: {to}, {size}. Open it in a browser.", markup=False)


def _page(settings: Settings) -> str:
    from datetime import UTC, datetime

    from connector.published import reading
    from connector.report import page, workspace_of

    with reading(settings.data_dir) as con:
        return page(con, workspace_of(settings.data_dir), datetime.now(UTC))
