"""What the fork server imports and makes once. Not for others: it insists on being alone."""

from __future__ import annotations

from pathlib import Path

from connector import blank, client, workfile
from tests.soak import works  # noqa: F401  # imported so that no fork has to

workfile._blank(blank.fingerprint())
client._trust()

# jemalloc's own thread sees to forks itself; any other one would be missing in the child.
names = {path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")}
if len(list(Path("/proc/self/task").iterdir())) > 1 + ("jemalloc_bg_thd" in names):
    raise RuntimeError(f"the fork server runs threads: {names}")
