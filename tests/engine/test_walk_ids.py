"""The ids of walks name files of the lake: none comes twice, whatever becomes of their counter."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from connector import durable
from connector.lake import Lake
from connector.ledger import Landing, Position
from connector.warehouse import rebuild
from tests.bench import Bench
from tests.few import few

STREAMS = ("threads", "thread_comments")


def removed(locks: Path) -> None:
    """As by somebody who takes them for stale, or by a backup that leaves them out."""
    shutil.rmtree(locks)


def older(locks: Path) -> None:
    """As by a loss of power: it isn't waited for to be on the disk."""
    (locks / "sequence").write_bytes(b"2")


def torn(locks: Path) -> None:
    """As by a file system that had its length on the disk, and not yet its content."""
    (locks / "sequence").write_bytes(bytes(3))


@pytest.mark.parametrize("lose", few([older, removed, torn], 1), ids=lambda lose: lose.__name__)
def test_a_counter_that_is_lost_lets_no_file_be_replaced(
    at_bench: Bench, lose: Callable[[Path], None]
) -> None:
    at = at_bench
    at.sync(*STREAMS)
    lose(at.settings.data_dir / "lake" / "_locks")
    at.pass_time()
    for thread in at.box.workspace.ids("threads"):
        at.box.workspace.add_comment(thread)
    at.sync(*STREAMS, full=True)
    landed = [one for one, _ in Lake(at.settings.data_dir).ledger.since(Position())
              if isinstance(one, Landing)]  # fmt: skip
    assert len({one.walk for one in landed}) == len(landed)
    rebuild(Lake(at.settings.data_dir))
    at.sync("tags")  # publishes
    assert at.differences(*STREAMS) == []


def test_ids_go_on_after_a_dead_walk_whose_pages_are_staged(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    (lake.root / "_staging" / "threads-0000000041").mkdir()
    lake.follow("0000000007")
    assert lake.next_walk() == "0000000042"


def test_what_was_shown_once_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "0000000001.parquet"
    path.write_bytes(b"old")
    durable.hidden_name(path).write_bytes(b"new")
    with pytest.raises(FileExistsError, match="is there already"):
        durable.reveal([path])
    assert path.read_bytes() == b"old"
