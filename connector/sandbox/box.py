"""The sandbox as a Python object: a server in a thread, with its workspace within reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType

from connector.sandbox.app import BASE, Api
from connector.sandbox.clock import DEFAULT_START, Clock
from connector.sandbox.exchange import Request
from connector.sandbox.faults import Faults
from connector.sandbox.keys import Keys
from connector.sandbox.latency import Latency
from connector.sandbox.limits import Limits
from connector.sandbox.readings import Readings
from connector.sandbox.wire import Server, Wire
from connector.sandbox.workspace import Workspace


class Sandbox:
    """A Productlane on loopback for as long as the `with` block lasts.

    `threads` sets the scale; other sizes by stream name (`contacts=5`). `limit` is the number of
    GET requests that a key may make per minute, out of the way by default; the documented limit
    is 1000. Answers take `latency_ms` each or, with `latency_p99_ms`, log-normally distributed
    times of this median and 99th percentile.
    """

    def __init__(
        self,
        threads: int = 200,
        *,
        seed: int = 7,
        readings: Readings | None = None,
        limit: int = 1_000_000,
        start: datetime = DEFAULT_START,
        clock: Clock | None = None,
        key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        latency_ms: float = 0.0,
        latency_p99_ms: float | None = None,
        warm: bool = False,
        **sizes: int,
    ) -> None:
        self.clock = clock or Clock(start)
        self.workspace = Workspace(threads, seed, readings, self.clock, warm=warm, **sizes)
        self._keys = Keys(seed, key)
        self._api = Api(self.workspace, self._keys, limit)
        self._socket = listen(host, port)
        latency = Latency(latency_ms, latency_p99_ms, seed)
        self._server = Server(Wire(self._api, latency))
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        address, at = self._socket.getsockname()[:2]
        self.url = f"http://{f'[{address}]' if ':' in address else address}:{at}{BASE}"

    @property
    def key(self) -> str:
        """A key with every scope and no user."""
        return self._keys.first

    @property
    def requests(self) -> list[Request]:
        """Everything that was asked so far; may be cleared."""
        return self._api.requests

    @property
    def faults(self) -> Faults:
        """The faults that are armed."""
        return self._api.faults

    def issue_key(self, scopes: Iterable[str], user: str | None = None) -> str:
        """Another key, with these scopes and perhaps a user."""
        return self._keys.issue(scopes, user)

    def revoke(self, key: str) -> None:
        """From now on this key is refused with 401."""
        self._keys.revoke(key)

    def limit_to(self, gets_per_minute: int) -> None:
        """From now on a key may make so many GET requests per minute; the counts begin anew."""
        self._api.limits = Limits(self.clock, self.workspace.readings, gets_per_minute)

    def before(self, n: int, action: Callable[[], object]) -> None:
        """Call `action()` just before the n-th request from now is answered; 1 is the next."""
        self._api.hooks.before(n, action)

    def before_each(self, action: Callable[[Request], object]) -> None:
        """Call `action(request)` just before each request is answered."""
        self._api.hooks.before_each(action)

    def clear_hooks(self) -> None:
        """Forget all actions."""
        self._api.hooks.clear()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def start(self) -> Sandbox:
        """Begin to answer."""
        self._thread.start()
        if not self._server.up.wait(30):
            raise RuntimeError("the sandbox did not start")
        return self

    def stop(self) -> None:
        """Stop at once, whatever is under way."""
        self._server.stop()
        self._thread.join(10)
        self._socket.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and self._api.hooks.failures:
            raise self._api.hooks.failures[0]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on loopback: the sandbox has no business elsewhere."""
    address = "127.0.0.1" if host == "localhost" else host
    if not ipaddress.ip_address(address).is_loopback:
        raise ValueError(f"the sandbox listens on loopback only, not on {host}")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, port), family=family, backlog=2048)
