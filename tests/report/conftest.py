"""Reports of a workspace that has something to show, and of one that hasn't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import STREAMS
from tests.bench import bench, connect
from tests.cli.conftest import Cli

EVIL = "<script>alert('title')</script>"
BY_NAME = ("contact_issues", "contact_projects")


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A workspace in which names and titles are markup."""
    folder = tmp_path_factory.mktemp("lively")
    made = bench(folder, threads=20)
    with made.box as box:
        space = box.workspace
        for stream, column in (("issues", "title"), ("projects", "name"), ("companies", "name")):
            for key in space.ids(stream):
                space.update(stream, key, **{column: EVIL})
        default = [name for name, one in STREAMS.items() if not one.by_name]
        connect(made).sync(*default, *BY_NAME)
        yield Cli(folder)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A workspace in which nobody has written yet."""
    folder = tmp_path_factory.mktemp("empty")
    made = bench(folder, threads=0)
    with made.box as box:
        for stream in ("threads", "issues", "projects"):
            for key in box.workspace.ids(stream):
                box.workspace.delete(stream, key)
        connect(made).sync()
        yield Cli(folder)


def page_of(cli: Cli) -> Path:
    """A report, freshly written."""
    said = cli.run("report")
    assert said.code == 0, said.err
    return cli.folder / "report.html"
