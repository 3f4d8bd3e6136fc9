"""The sandbox in a process of its own, which a benchmark can look into and change.

Every benchmark states what it wants done there as a function of the `Sandbox`, defined at the
top of its module so that it can be sent.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from connector.sandbox import Sandbox
from connector.sandbox.process import built

P = ParamSpec("P")
T = TypeVar("T")
UNLIMITED = 10**8
"""GET requests a minute that no client can make."""


class Server:
    """A sandbox's process for as long as the `with` block lasts; options are those of `Sandbox`.

    `url` and `key` are what a client needs.
    """

    def __init__(self, threads: int, *, limit: int = UNLIMITED, **options: Any) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        options |= {"threads": threads, "limit": limit}
        self._process = spawning.Process(target=_serve, args=(theirs, options), daemon=True)
        self._process.start()
        theirs.close()
        self.url, self.key = self._answer()

    def do(self, act: Callable[Concatenate[Sandbox, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Call `act(sandbox, ...)` over there; what it returns comes back."""
        self._pipe.send((act, args, more))
        answer: T = self._answer()
        return answer

    def _answer(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            raise RuntimeError("the sandbox's process has ended; see its error above") from None

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        self._process.kill()


def _serve(pipe: Connection, options: dict[str, Any]) -> None:
    """The process: it ends when the other end of the pipe does."""
    with built(**options) as box, suppress(EOFError):
        pipe.send((box.url, box.key))
        while True:
            act, args, more = pipe.recv()
            pipe.send(act(box, *args, **more))


@dataclass(frozen=True)
class Traffic:
    """What the sandbox was asked since it was last asked for this.

    `first` and `last` are the moments, by its clock, at which the requests reached the limit;
    `cpu` the seconds of processor time that it has used since its process began.
    """

    requests: int
    refused: int
    pages: int
    first: datetime
    last: datetime
    cpu: float

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return (self.last - self.first).total_seconds()


def traffic(box: Sandbox) -> Traffic:
    """Count what was asked, and forget it."""
    asked = list(box.requests)
    box.requests.clear()
    by_status = Counter(request.status for request in asked)
    moments = [request.at for request in asked] or [box.clock.now()]
    return Traffic(
        requests=len(asked),
        refused=by_status[429],
        pages=by_status[200],
        first=min(moments),
        last=max(moments),
        cpu=time.process_time(),
    )


def limit_to(box: Sandbox, gets_per_minute: int) -> None:
    """From now on a key may make so many requests a minute."""
    box.limit_to(gets_per_minute)
