"""A real `dagster dev` in the repository's root, as a user starts it, over a sandbox."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.sandbox import Sandbox

ROOT = Path(__file__).parents[2]

HOME = "nux: {enabled: false}\ntelemetry: {enabled: false}\n"
"""`dagster.yaml`: without the first line, a welcome covers every page."""

PATIENCE = 300.0
"""Seconds that anything may take: the gate's machine does other work as well."""


@contextmanager
def dagster_dev(folder: Path, box: Sandbox, days: int) -> Iterator[str]:
    """The address of the pages; the first partition lies `days` days back.

    All processes that come of it are in one group, which ends with it.
    """
    port = _free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "dagster.log"
    with log.open("w") as said:
        process = subprocess.Popen(  # noqa: S603  # our own command, in this environment
            [Path(sys.executable).parent / "dagster", "dev", "-h", "127.0.0.1", "-p", str(port)],
            cwd=ROOT, env=_environ(folder, box, days), stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, url, log)
        yield url
    finally:
        _end(process)


def _environ(folder: Path, box: Sandbox, days: int) -> dict[str, str]:
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(HOME)
    first = datetime.now(UTC) - timedelta(days=days)
    return {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "PRODUCTLANE_API_KEY": box.key,
        "PRODUCTLANE_BASE_URL": box.url,
        "PRODUCTLANE_DATA_DIR": str(folder / "data"),
        "PRODUCTLANE_START_DATE": f"{first:%Y-%m-%d}",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until the webserver answers, which it does when the code location is loaded."""
    for _ in range(int(PATIENCE)):
        with suppress(OSError), urllib.request.urlopen(f"{url}/server_info", timeout=30):  # noqa: S310  # loopback
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
            break
    raise AssertionError(f"dagster dev does not answer:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; and whatever is left of the group then, at once."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(60)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
