"""`productlane-elt explain`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import faults, output
from connector.cli.fitting import Column, show
from connector.cli.options import AsJson

if TYPE_CHECKING:
    from connector.explain import Story


def explain(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="The row's table.")],
    row: Annotated[str, typer.Argument(metavar="ID", help="The row's id.")],
    as_json: AsJson = False,
) -> None:
    """Tell a row's story: every observation of it, and why it is live, deleted or set aside.

    Each line names the walk and the API's id of the request that saw the row, and the fields that
    had changed; their values are in `history`. It asks the API for nothing.
    """
    with faults.answering(as_json=as_json):
        from dataclasses import asdict

        from connector import explain as source
        from connector.errors import ConfigurationError
        from connector.named import named
        from connector.settings import Settings

        found = source.explain(Settings.load().data_dir, named(stream).stream, row)
        if not found:
            raise ConfigurationError(
                f"no walk ever saw {row!r} in {stream}",
                todo="`productlane-elt status` says how fresh the stream is",
            )
        if as_json:
            output.document([asdict(story) for story in found])
        else:
            for story in found:
                _show(story)


def _show(story: Story) -> None:
    console = output.out()
    named = ", ".join(f"{name} {value or '(none)'}" for name, value in story.key.items())
    console.print(f"{story.stream}, {named}", style="bold", markup=False, soft_wrap=True)
    console.print(f"{story.state}: {story.why}", markup=False, soft_wrap=True)
    show(console, COLUMNS, list(_rows(story)))
    for line in _freshness(story):
        console.print(line, markup=False, soft_wrap=True)


COLUMNS = (
    Column("observed"),
    Column("saw"),
    Column("fields", least=16),
    Column("walk", rank=2),
    Column("kind", rank=3),
    Column("request", rank=1),
)


def _rows(story: Story) -> Iterator[list[str]]:
    for one in story.observations:
        at, fields = output.moment(one.observed_at), ", ".join(one.changed)
        yield [at, one.saw, fields, one.walk, one.kind, one.request_id]
    for aside in story.set_aside:
        yield [output.moment(aside.observed_at), "set aside", aside.reason, aside.walk, "", ""]


def _freshness(story: Story) -> Iterator[str]:
    if story.proven_from is None:
        yield (
            f"Of all rows of {story.stream} together nothing is proven yet: some were never asked "
            "for, or by windows only; `productlane-elt status` says more"
        )
    else:
        yield (
            f"Every row of {story.stream} that is not set aside is as the source had it at some "
            f"moment from {output.moment(story.proven_from)} to {output.moment(story.read_to)}"
        )
    if story.observations:
        key = " AND ".join(
            f"{name} IS NULL" if value is None else f"{name} = '{value}'"
            for name, value in story.key.items()
        )
        asked = f"FROM history.{story.stream} WHERE {key} ORDER BY _valid_from"
        yield f'Its values: productlane-elt sql "{asked}"'
