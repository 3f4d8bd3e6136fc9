"""Actions that a test places just before a request is answered (FAILURES B1)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from connector.sandbox.exchange import Request


class Hooks:
    """They run in the server's own thread, so nothing else is answered meanwhile.

    An action may change the workspace and the clock, but may not call the server. What an
    action raises is kept in `failures` and raised again when the sandbox is left.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before: list[tuple[int, Callable[[], object]]] = []
        self._each: list[Callable[[Request], object]] = []
        self._seen = 0
        self.failures: list[BaseException] = []

    def before(self, n: int, action: Callable[[], object]) -> None:
        """Run `action` before the n-th request from now; 1 is the next one."""
        with self._lock:
            self._before.append((self._seen + n, action))

    def before_each(self, action: Callable[[Request], object]) -> None:
        """Run `action` before every request."""
        with self._lock:
            self._each.append(action)

    def clear(self) -> None:
        """Forget all actions."""
        with self._lock:
            self._before.clear()
            self._each.clear()

    def run(self, request: Request) -> None:
        """Run what is due before this request."""
        with self._lock:
            self._seen += 1
            due = [action for n, action in self._before if n == self._seen]
            self._before = [entry for entry in self._before if entry[0] > self._seen]
            each = list(self._each)
        try:
            for action in due:
                action()
            for action_each in each:
                action_each(request)
        except BaseException as failure:
            self.failures.append(failure)
            raise
