"""A sync in a process of its own that kills itself at one of the things it does to the disk.

Run as `python -m tests.engine.killed URL KEY FOLDER FATAL KIND PAGE_SIZE STREAM...`, where KIND is
plain, full, window, early (the newest rows land at once) or compact, and FATAL the n-th act, or, as
`append:1`, the n-th of a name.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from connector import frames, listing, meta
from connector.compaction import compact
from connector.lake import Lake
from connector.ledger import Ledger
from connector.settings import Settings
from connector.sync import Order, sync
from connector.warehouse import Warehouse, opened

done: Counter[str] = Counter()
fatal = ""


def counted(act: Callable[..., Any]) -> Callable[..., Any]:
    """The act, before which the process may die; really: no handler, no finally, no flush."""
    name = act.__name__

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        done[name] += 1
        if fatal in (f"{done.total()}", f"{name}:{done[name]}"):
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)

    return wrapper


def arm(deadly: str) -> None:
    """From now on this process kills itself at one of its acts on the disk."""
    global fatal
    fatal = deadly
    os.fsync = counted(os.fsync)
    shutil.copyfile = counted(shutil.copyfile)
    for owner, name in (
        (Path, "rename"),
        (Path, "replace"),
        (Path, "unlink"),
        (pq.ParquetWriter, "write"),
        (frames, "add_frame"),
        (Ledger, "append"),
        (Warehouse, "_advance"),
        (Warehouse, "_apply"),
        (meta, "record"),
        (Warehouse, "publish"),
    ):
        setattr(owner, name, counted(getattr(owner, name)))


if __name__ == "__main__":
    _, url, key, folder, deadly, *rest = sys.argv
    arm(deadly)
    settings = Settings(api_key=key, base_url=url, data_dir=Path(folder), page_size=int(rest[1]))
    if rest[0] == "compact":
        with opened(Lake(settings.data_dir)) as warehouse:
            compact(warehouse)
    else:
        listing.EARLY = 0.0 if rest[0] == "early" else listing.EARLY
        since = datetime(2026, 1, 1, tzinfo=UTC) if rest[0] == "window" else None
        order = Order(tuple(rest[2:]), since=since, full=rest[0] == "full")
        asyncio.run(sync(settings, order))
