"""The notebook is run: each of its ten questions has an answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import STREAMS
from tests.bench import Bench, bench, connect

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "ten_questions.py"

pytestmark = pytest.mark.long

ANSWERS = ("weeks", "waits", "ages", "longest", "companies", "projects", "tags", "team", "gone",
           "fresh")  # fmt: skip


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = bench(tmp_path_factory.mktemp("notebook"), threads=40)
    with made.box:
        default = [name for name, one in STREAMS.items() if not one.by_name]
        connect(made).sync(*default, "contact_issues", "contact_projects")
        made.box.workspace.delete("threads", made.box.workspace.ids("threads")[5])
        made.pass_time()
        made.sync("threads", full=True)
        yield made


def ran(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRODUCTLANE")}
    environ = {**kept, "PRODUCTLANE_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - our own notebook, in this interpreter
        [sys.executable, *arguments], env=environ, capture_output=True, text=True, timeout=180,
        check=False,
    )  # fmt: skip


def installed() -> None:
    done = ran("-c", "import marimo", data_dir=ROOT)
    assert done.returncode == 0, "this test needs marimo: pip install -e '.[notebook]'"


def test_all_ten_questions_have_an_answer(synced: Bench) -> None:
    installed()
    script = (
        "import runpy\n"
        f"_, found = runpy.run_path({str(NOTEBOOK)!r})['app'].run()\n"
        f"print({{name: bool(found[name]) for name in {ANSWERS!r}}})\n"
    )
    done = ran("-c", script, data_dir=synced.settings.data_dir)
    assert done.returncode == 0, done.stderr
    assert eval(done.stdout) == dict.fromkeys(ANSWERS, True)  # noqa: S307 - our own words


@pytest.mark.exhaustive  # marimo does it; the notebook runs in the test before
def test_it_can_be_exported_to_be_read_by_others(synced: Bench, tmp_path: Path) -> None:
    installed()
    to = tmp_path / "page.html"
    done = ran("-m", "marimo", "export", "html", str(NOTEBOOK), "-o", str(to),
               data_dir=synced.settings.data_dir)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10. How fresh is all this?" in to.read_text("utf-8")


def test_it_says_what_to_do_without_a_warehouse(tmp_path: Path) -> None:
    installed()
    done = ran(str(NOTEBOOK), data_dir=tmp_path)
    assert done.returncode != 0
    assert "productlane-elt sync" in done.stderr
