"""The sandbox in a process of its own: for the command line and for benchmarks."""

from __future__ import annotations

import dataclasses
import gc
import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from connector.sandbox.box import Sandbox
from connector.sandbox.readings import Readings


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    threads: int = 200,
    seed: int = 7,
    readings: Readings | None = None,
    limit: int = 1000,
    key: str | None = None,
    churn_per_minute: float = 0.0,
    latency_ms: float = 0.0,
    latency_p99_ms: float | None = None,
    on_ready: Callable[[str, str], object] | None = None,
    until: threading.Event | None = None,
    sizes: Mapping[str, int] | None = None,
) -> None:
    """Serve until Ctrl-C (or until the event `until`); `on_ready(url, key)` is called once up."""
    box = built(
        threads, seed=seed, readings=readings, limit=limit, key=key,
        host=host, port=port, latency_ms=latency_ms, latency_p99_ms=latency_p99_ms,
        **(sizes or {}),
    )  # fmt: skip
    until = until or threading.Event()
    with suppress(KeyboardInterrupt), box:
        if churn_per_minute > 0:
            _start_churn(box, churn_per_minute, until)
        if on_ready is not None:
            on_ready(box.url, box.key)
        until.wait()
    until.set()


def built(threads: int, **options: Any) -> Sandbox:
    """A warm sandbox that is this process's main concern, not yet started."""
    gc.disable()  # a large workspace is built of millions of small objects, none of them garbage
    box = Sandbox(threads, warm=True, **options)
    gc.freeze()
    gc.enable()
    return box


def _start_churn(box: Sandbox, per_minute: float, until: threading.Event) -> None:
    """The background changer."""
    rng = random.Random(box.workspace.seed)

    def run() -> None:
        while not until.wait(60 / per_minute):
            box.workspace.change_randomly(rng)

    threading.Thread(target=run, name="churn", daemon=True).start()


@contextmanager
def start_process(*, readings: Readings | None = None, **options: Any) -> Iterator[tuple[str, str]]:
    """Run `serve` with these options in a subprocess; yields its url and key.

    The options travel by standard input, which stays open: when it closes, for whatever
    reason, the subprocess ends, so none is left behind.
    """
    options["readings"] = dataclasses.asdict(readings or Readings())
    command = [sys.executable, "-m", "connector.sandbox"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as child:  # noqa: S603 (our own module)
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(options).encode() + b"\n")
            child.stdin.flush()
            yield _address(child.stdout)
        finally:
            child.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                child.wait(5)
            child.kill()


def _address(output: IO[bytes]) -> tuple[str, str]:
    line = output.readline()
    if not line:
        raise RuntimeError("the sandbox process ended before it was ready")
    ready = json.loads(line)
    return ready["url"], ready["key"]


def child() -> None:
    """The subprocess's side: options in by one line, the address out by one line."""
    options = json.loads(sys.stdin.readline())
    options["readings"] = Readings(**options["readings"])
    until = threading.Event()

    def watch() -> None:
        while sys.stdin.readline():
            pass
        until.set()

    def ready(url: str, key: str) -> None:
        sys.stdout.write(json.dumps({"url": url, "key": key}) + "\n")
        sys.stdout.flush()

    threading.Thread(target=watch, name="parent", daemon=True).start()
    serve(**options, on_ready=ready, until=until)
