"""A sync in a process of its own that kills itself at the n-th thing it does to the disk.

Run as `python -m tests.engine.killed URL KEY FOLDER N plain|full|window|compact STREAM...`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.compaction import compact
from connector.lake import Lake
from connector.settings import Settings
from connector.sync import Order, sync
from connector.warehouse import Warehouse, opened

done = 0
fatal = 0


def counted(act: Callable[..., Any]) -> Callable[..., Any]:
    """The act, before which the process may die; really: no handler, no finally, no flush."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        global done
        done += 1
        if done == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)

    return wrapper


def arm(number: int) -> None:
    """From now on this process kills itself at the `number`-th act on the disk."""
    global fatal
    fatal = number
    os.fsync = counted(os.fsync)
    shutil.copyfile = counted(shutil.copyfile)
    for owner, name in (
        (Path, "rename"),
        (Path, "replace"),
        (Path, "unlink"),
        (Warehouse, "_advance"),
        (Warehouse, "_apply"),
        (Warehouse, "publish"),
    ):
        setattr(owner, name, counted(getattr(owner, name)))


if __name__ == "__main__":
    _, url, key, folder, number, *rest = sys.argv
    arm(int(number))
    settings = Settings(api_key=key, base_url=url, data_dir=Path(folder), page_size=20)
    if rest[0] == "compact":
        with opened(Lake(settings.data_dir)) as warehouse:
            compact(warehouse)
    else:
        since = datetime(2026, 1, 1, tzinfo=UTC) if rest[0] == "window" else None
        order = Order(tuple(rest[1:]), since=since, full=rest[0] == "full")
        asyncio.run(sync(settings, order))
