"""Faults on demand: what a network and a server in trouble do to a client (FAILURES B10, B13, B14).

A fault strikes at the n-th request that matches it, or at random with a rate; what it does to
the answer is in `connector.sandbox.trouble`.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

ON_THE_WIRE = ("reset", "cut", "stall", "stall_body", "slow")
INSTEAD = (
    "401", "403", "404", "429", "500", "502_html", "503", "504", "redirect",
    "refuse_cursor", "not_json", "half_json", "empty_body", "null_body", "answer",
)  # fmt: skip
IN_THE_PAGE = (
    "no_data", "no_page", "no_has_more", "repeat_cursor", "null_cursor", "empty_page", "short_page",
)  # fmt: skip
KINDS = (*ON_THE_WIRE, *INSTEAD, *IN_THE_PAGE)
"""Every kind of fault: on the wire, instead of the answer, or within a page of a list."""


@dataclass(frozen=True)
class Fault:
    """One kind of trouble, and when it strikes.

    `path` is a prefix of the path below the base URL, or the whole path if it ends with `$`.
    `at` counts matching requests from the moment the fault is added, beginning with 1; `rate`
    strikes at random instead. `times` bounds how often it strikes: once by default with `at`,
    without bound with `rate`. `seconds` is the length of a stall or the `Retry-After` of a 429.
    `status` and `body` are those of an `answer`, whatever the test wants it to be. `handled`:
    does the request take effect all the same? Unless a test says so, it does where the fault is on
    the wire, and doesn't where it comes instead of the answer.
    """

    kind: str
    at: int | None = None
    rate: float = 0.0
    path: str = ""
    method: str = "GET"
    times: int | None = None
    seconds: float | None = None
    status: int = 500
    body: bytes = b""
    handled: bool | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault of kind {self.kind!r}; there are {', '.join(KINDS)}")

    def matches(self, method: str, path: str, query: dict[str, str]) -> bool:
        """Does this fault count the request at all?"""
        if self.kind in ("refuse_cursor", "repeat_cursor") and "cursor" not in query:
            return False
        exact = self.path.endswith("$")
        fits = path == self.path[:-1] if exact else path.startswith(self.path)
        return fits and method == self.method


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0
    struck: int = 0

    def strikes(self, rng: random.Random) -> bool:
        self.seen += 1
        fault = self.fault
        times = fault.times if fault.times is not None else (None if fault.rate else 1)
        if times is not None and self.struck >= times:
            return False
        due = rng.random() < fault.rate if fault.rate else self.seen >= (fault.at or 1)
        self.struck += due
        return due


@dataclass
class Faults:
    """The faults that are armed now. `struck` counts the requests they struck since `clear`."""

    rng: random.Random
    struck: int = 0
    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Arm a fault; it counts requests from now."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()
            self.struck = 0

    def next(self, method: str, path: str, query: dict[str, str]) -> Fault | None:
        """The fault that strikes this request, if any; every armed fault counts the request."""
        with self._lock:
            counted = [a for a in self._armed if a.fault.matches(method, path, query)]
            struck = [armed.fault for armed in counted if armed.strikes(self.rng)]
            self.struck += bool(struck)
        return struck[0] if struck else None
