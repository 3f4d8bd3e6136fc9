"""The shell blocks of `docs/` are run, and the days that a page names are days that have rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from connector.sandbox import Sandbox
from connector.sandbox.clock import DEFAULT_START
from tests.bench import bench, connect

ROOT = Path(__file__).parents[2]
SERVICES = ("dagster dev", "productlane-elt sandbox")
"""What goes on until it is stopped: here it is asked for its help."""


def blocks() -> Iterator[object]:
    """Those that need no Docker; what starts Dagster takes seconds."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        found = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
        for number, block in enumerate(found, start=1):
            if "docker" not in block:
                marks = [pytest.mark.long] if "dagster dev" in block else []
                yield pytest.param(block, id=f"{page.stem}-{number}", marks=marks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout as far as the blocks need one, with data."""
    made = bench(tmp_path_factory.mktemp("pages"), threads=5)
    with made.box:
        connect(made).sync("threads")
    root = made.settings.data_dir.parent
    (root / ".venv").symlink_to(sys.prefix)
    (root / "deploy").symlink_to(ROOT / "deploy")
    return root


@pytest.mark.parametrize("block", list(blocks()))
def test_every_block_runs_as_written(folder: Path, block: str) -> None:
    for service in SERVICES:
        block = block.replace(f"{service}\n", f"{service} --help > /dev/null\n")
    environ = {
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRODUCTLANE_DATA_DIR": "data",
    }
    ran = subprocess.run(  # noqa: S603  # the pages' own lines
        ["/bin/bash", "-euc", block], cwd=folder, env=environ, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_the_days_of_the_first_backfill_are_the_last_that_the_invented_workspace_has() -> None:
    text = (ROOT / "docs" / "dagster.md").read_text()
    ((first, last),) = re.findall(r"\[(\d{4}-\d\d-\d\d)\.\.\.(\d{4}-\d\d-\d\d)\]", text)
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    assert end - begin == timedelta(days=29)
    assert end == DEFAULT_START.date()
    (start,) = re.findall(r"PRODUCTLANE_START_DATE=(\S+)", text)
    assert date.fromisoformat(start) <= begin
    with Sandbox() as box:
        stamps = [row["updated_at"] for row in box.workspace.live("threads")]
    assert any(first <= stamp for stamp in stamps)
    assert max(stamps)[:10] <= last
