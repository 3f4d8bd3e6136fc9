"""B11 and B18: killed at any moment, and then run again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connector import durable
from connector.lake import Lake
from connector.ledger import Landing, Position
from connector.sandbox import Request
from connector.warehouse import rebuild
from tests.bench import Bench
from tests.engine.export import export
from tests.few import few

Make = Callable[..., Bench]
STREAMS = ("threads", "thread_comments", "tags")


def killed_sync(
    at: Bench, fatal: int | str, kind: str = "plain", streams: tuple[str, ...] = STREAMS
) -> bool:
    """Was the sync killed, or was it through before that?"""
    done = subprocess.run(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "tests.engine.killed", at.box.url, at.box.key,
         str(at.settings.data_dir), str(fatal), kind,
         str(at.settings.page_size), *streams],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


@pytest.mark.parametrize(
    "fatal", few(["append:1", 60, "_apply:1", "publish:1", 1, 13, 150, "_apply:3"])
)
def test_b11_a_first_sync_killed_at_any_write_goes_on_with_the_next(
    make_bench: Make, fatal: int | str
) -> None:
    at = make_bench(threads=50, page_size=20)
    assert killed_sync(at, fatal)
    at.sync(*STREAMS)
    assert at.differences(*STREAMS) == []
    assert not list((at.settings.data_dir / "lake" / "_staging").glob("*-*"))
    assert not list(at.settings.data_dir.rglob(".*.parquet"))


@pytest.mark.parametrize("fatal", few(["append:1", 17, "_apply:2", 5], 1))
def test_b11_a_full_walk_killed_at_any_write_loses_and_invents_nothing(
    make_bench: Make, fatal: int | str
) -> None:
    at = make_bench(threads=50, page_size=20)
    at.sync(*STREAMS)
    for thread in at.box.workspace.ids("threads")[:8]:
        at.box.workspace.update("threads", thread, stamp=False, title="silent")
    for thread in at.box.workspace.ids("threads")[10:13]:
        at.box.workspace.delete("threads", thread)
    at.pass_time()
    assert killed_sync(at, fatal, "full")
    at.pass_time()
    at.sync(*STREAMS)
    at.sync(*STREAMS, full=True)
    assert at.differences(*STREAMS) == []


@pytest.mark.parametrize(
    ("threads", "page_size", "fatal"),
    few([(300, 20, 9), (300, 20, 3), (1000, 1, 600)], 1),
)
def test_b18_a_killed_first_load_asks_no_page_twice_but_one_of_each_chain(
    make_bench: Make, threads: int, page_size: int, fatal: int
) -> None:
    at = make_bench(threads=threads, page_size=page_size)
    pages = threads // page_size
    assert killed_sync(at, f"add_frame:{fatal}", streams=("threads",))
    asked = [_question(r) for r in at.box.requests if r.path == "/threads"]
    assert 1 <= len(asked) < pages
    at.box.requests.clear()
    at.sync("threads")
    again = [_question(r) for r in at.box.requests if r.path == "/threads"]
    # Slices are cut by how busy the machine is: one chain here, some in the long case.
    chains = {border for border, _ in [*asked, *again]}
    assert len(set(asked) & set(again)) <= len(chains)
    assert len(asked) + len(again) <= pages + 3 * len(chains)
    assert at.differences("threads") == []


def _question(request: Request) -> tuple[str | None, str | None]:
    return request.query.get("created_before"), request.query.get("cursor")


def test_b18_a_walk_that_was_overtaken_begins_again(make_bench: Make, tmp_path: Path) -> None:
    """What it has staged is older than what has landed since: rows may have changed between."""
    at = make_bench(threads=100, page_size=20)
    staging = at.settings.data_dir / "lake" / "_staging"
    assert killed_sync(at, 12, streams=("threads",))
    (folder,) = staging.glob("threads-*")
    shutil.copytree(folder, tmp_path / folder.name)
    at.sync("threads")
    for row in at.box.workspace.ids("threads"):
        at.box.workspace.update("threads", row, title="since")
    shutil.copytree(tmp_path / folder.name, folder)
    at.sync("threads", full=True)
    assert at.differences("threads") == []


@pytest.mark.parametrize(("fatal", "some"), [("write:5", False), ("rename:6", True)])
def test_b11_a_killed_landing_shows_no_half_file(make_bench: Make, fatal: str, some: bool) -> None:
    at = make_bench(threads=50, page_size=20)
    assert killed_sync(at, fatal, streams=("threads",))
    shown = [p for p in (at.settings.data_dir / "lake").rglob("*.parquet") if p.name[0] != "."]
    assert bool(shown) is some
    assert all(pq.read_table(path, partitioning=None).num_rows for path in shown)


@pytest.mark.parametrize("fatal", few(["record:2", "record:1"], 1))
def test_b11_rows_and_the_place_in_the_ledger_are_written_together_or_not_at_all(
    make_bench: Make, fatal: str
) -> None:
    at = make_bench(threads=12)
    assert killed_sync(at, fatal)
    at.sync(*STREAMS)
    tables = export(at)
    rebuild(Lake(at.settings.data_dir))
    assert export(at) == tables


def test_b11_no_file_is_left_that_no_line_of_the_ledger_names(make_bench: Make) -> None:
    """Another question than the killed one's makes files of its own."""
    at = make_bench(threads=50, page_size=20)
    assert killed_sync(at, "append:1", streams=("threads",))
    at.settings = replace(at.settings, page_size=50)
    at.sync("threads")
    lake = Lake(at.settings.data_dir)
    entries = [entry for entry, _ in lake.ledger.since(Position())]
    named = {file.path for one in entries if isinstance(one, Landing) for file in one.files}
    assert {str(path.relative_to(lake.root)) for path in lake.root.rglob("*.parquet")} == named


@pytest.mark.parametrize("has_syncfs", [True, False])
def test_b11_what_is_renamed_into_place_is_on_the_disk(
    at_bench: Bench, monkeypatch: pytest.MonkeyPatch, has_syncfs: bool
) -> None:
    """The disk may write a name before the content: after a loss of power the file is empty."""
    synced: set[int] = set()
    renamed: list[Path] = []
    fsync, rename = os.fsync, Path.rename

    def noted(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    def all_noted(handle: int) -> int:
        found = at_bench.settings.data_dir.rglob("*")
        synced.update(path.stat().st_ino for path in found)
        os.sync()
        return 0

    def checked(path: Path, target: Path) -> Path:
        renamed.append(path)
        assert path.stat().st_ino in synced, path
        return rename(path, target)

    monkeypatch.setattr(durable, "_syncfs", all_noted if has_syncfs else None)
    monkeypatch.setattr(durable, "FEW", 16)
    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "rename", checked)
    at_bench.sync("threads", "tags")
    assert {path.suffix for path in renamed} >= {".parquet", ".json"}
    assert len([path for path in renamed if path.suffix == ".parquet"]) > durable.FEW


@pytest.mark.parametrize("damage", few(["torn", "zeros", "nonsense"], 1))
def test_b18_pages_that_a_loss_of_power_has_torn_are_asked_for_again(
    make_bench: Make, damage: str
) -> None:
    at = make_bench(threads=300, page_size=20)
    assert killed_sync(at, "add_frame:9", streams=("threads",))
    (file,) = (at.settings.data_dir / "lake" / "_staging").glob("threads-*/pages.arrow")
    content = file.read_bytes()
    tail = {"torn": b"", "zeros": bytes(5000), "nonsense": b"\xff" * 5000}[damage]
    file.write_bytes(content[:-5000] + tail)
    at.box.requests.clear()
    at.sync("threads")
    assert at.differences("threads") == []
    assert len([r for r in at.box.requests if r.path == "/threads"]) < 300 / 20


def test_b11_a_copy_that_was_killed_half_way_is_cleared_away_by_the_next(
    make_bench: Make,
) -> None:
    at = make_bench(threads=4)
    at.sync("tags")
    half = at.settings.data_dir / ".productlane.duckdb.4711"
    half.write_bytes(b"half")
    at.sync("tags")
    assert not half.exists()
