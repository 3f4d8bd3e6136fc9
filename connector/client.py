"""One question to the API, one answer: the header with the key, time-outs, retries, pauses.

Whatever may pass (transport faults, 5xx, an answer that isn't what a list answers) is
asked again with backoff; a 429 stops every process on the key for as long as it says; anything
else is a typed error at once. That holds for questions, which are GETs: a write is sent once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from math import inf
from typing import Any, TypeVar

import httpcore
import httpx

from connector import errors
from connector.answer import Answer, answer_of, limits_of, retry_after, said_at
from connector.budget import Budget
from connector.settings import Settings

T = TypeVar("T")

ATTEMPTS = 7
"""Tries of one request: with the backoff below, about a minute of trouble is sat out."""

WORTH_A_WORD = 2
"""Failures of one request from which on whoever watches is told, before it is given up."""

SELDOM = 10.0
"""Seconds between two such words: when the API is away, all streams find that out at once."""

AHEAD = timedelta(minutes=10)
"""So far may the clocks of those that answer be apart."""

PATIENCE = 30
"""429s in a row before one request gives up; each has waited as long as it was told to."""

# httpx logs every address, and addresses of the portal hold e-mail addresses.
logging.getLogger("httpx").setLevel(logging.WARNING)


# A page of 200 threads has 350 kB: read in pieces of 64 kB, as is the default, it takes 0.5 ms of
# the 1.8 ms that httpx takes for it (measured).
httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = 1 << 20


@dataclass(slots=True)
class Traffic:
    """What a run has cost so far."""

    requests: int = 0
    refused: int = 0
    retried: int = 0
    bytes: int = 0
    by_stream: Counter[str] = field(default_factory=Counter)


@cache
def _trust() -> ssl.SSLContext:
    """The certificates to trust, read once a process: it takes 40 ms."""
    return httpx.create_ssl_context()


class Client:
    """Asks the API; shared by all walks of a run. `sleep` is given by tests.

    `tell` is told, now and then, what keeps it while it tries again.

    `heard_at` is the server's clock at its latest answer, of whatever status.

    What is dated far ahead of the answers before, by a replica with a clock of its own, would hide
    what others say until that date. It is not believed, but asked for again.
    """

    def __init__(
        self,
        settings: Settings,
        budget: Budget,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: float = 60.0,
        concurrency: int = 32,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.traffic = Traffic()
        self.budget = budget
        self.heard_at: datetime | None = None
        self._latest: tuple[datetime, float, float] | None = None
        self._sleep = sleep
        self._tell = tell
        self._told = -inf
        self._slots = asyncio.Semaphore(concurrency)
        self._line = partial(
            httpx.AsyncClient,
            base_url=settings.base_url,
            headers={
                "Authorization": f"Bearer {settings.with_key().api_key}",
                "Accept": "application/json",
                "User-Agent": "productlane-elt",
            },
            timeout=httpx.Timeout(timeout, connect=10.0),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=30),
            follow_redirects=False,
            verify=_trust(),
        )
        self._http = self._line()
        self._free = [self._http]

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for line in self._free:
            await line.aclose()

    async def ask(
        self,
        path: str,
        params: Mapping[str, str],
        read: Callable[[Answer], T],
        *,
        stream: str = "",
    ) -> T:
        """GET `path` and return what `read` makes of the answer.

        Raises the errors of `connector.errors`; a `BrokenAnswer` that `read` raises is asked
        again, since a proxy may have answered in the API's place.
        """
        async with self._slots:
            for attempt in range(ATTEMPTS):
                try:
                    return _read(await self._once(path, params, stream), read)
                except errors.Unreachable as fault:
                    fault.stream = fault.stream or stream
                    if attempt + 1 == ATTEMPTS:
                        raise
                    self.traffic.retried += 1
                    if attempt + 1 >= WORTH_A_WORD:
                        left = ATTEMPTS - attempt - 1
                        self._say(f"{fault.what}; trying again, {left} times more at most")
                    await self._sleep(random.uniform(0.5, 1) * min(2**attempt, 30) * 0.5)
        raise AssertionError("the loop returns or raises")

    async def change(
        self,
        path: str,
        fields: Mapping[str, Any],
        read: Callable[[Answer], T],
        *,
        stream: str = "",
    ) -> T:
        """PATCH these fields, once, and return what `read` makes of the answer.

        To be asked for by whoever has a place in the budget: it isn't waited for. Raises
        `WriteRefused` and the other errors of `connector.errors`. `Unreachable` says that no
        answer came that can be trusted, and that the write may have taken effect; only of one
        with status 429 it is known that it has not.
        """
        self.traffic.requests += 1
        request = self._http.build_request("PATCH", path, json=dict(fields))
        response, asked_for = await self._send(request)
        self._learn(response)
        if response.status_code == 429:
            self._pause(response)
            raise _too_many("the API refused a write for its rate limit", response)
        return _read(answer_of(response, asked_for, fields, stream), read)

    def _say(self, what: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told >= SELDOM:
            self._told = now
            self._tell(what)

    async def _once(self, path: str, params: Mapping[str, str], stream: str) -> Answer:
        for _ in range(PATIENCE):
            await self.budget.take()
            self.traffic.requests += 1
            self.traffic.by_stream[stream] += 1
            response, asked_for = await self._send(
                self._http.build_request("GET", path, params=dict(params))
            )
            self._learn(response)
            if response.status_code != 429:
                answer = answer_of(response, asked_for, params, stream)
                if self._is_ahead(answer.answered_at):
                    raise _ahead(answer)
                return answer
            self._pause(response)
        raise _too_many(f"the API refused {PATIENCE} times in a row for its rate limit", response)

    async def _send(self, request: httpx.Request) -> tuple[httpx.Response, timedelta]:
        # A line for each connection: a pool of 24 asks all of them about all of them for every
        # request, which is a third of what httpx takes for it (measured).
        line = self._free.pop() if self._free else self._line()
        try:
            response = await line.send(request)
        except (httpx.TransportError, httpx.DecodingError) as fault:
            # The text of a transport error may hold an address with a person's mail in it.
            raise errors.Unreachable(
                f"the API could not be reached ({type(fault).__name__})",
                todo="Check the network and PRODUCTLANE_BASE_URL, and try again",
            ) from None
        finally:
            self._free.append(line)
        # httpx ties a response and its stream in a knot: read pages would wait for the garbage
        # collector, a third of a megabyte each.
        response.stream = httpx.ByteStream(b"")
        self.traffic.bytes += response.num_bytes_downloaded
        return response, response.elapsed

    def _is_ahead(self, said: datetime) -> bool:
        # The first of them stands still while a machine sleeps, the second may be set.
        now = (asyncio.get_running_loop().time(), time.time())
        before, *then = self._latest or (said, *now)
        passed = max(end - begin for begin, end in zip(then, now, strict=True))
        if said - before > timedelta(seconds=passed) + AHEAD:
            return True
        self._latest = (max(said, before), *now)
        return False

    def _pause(self, response: httpx.Response) -> None:
        self.traffic.refused += 1
        self.budget.pause(retry_after(response))

    def _learn(self, response: httpx.Response) -> None:
        said = said_at(response)
        if said and not self._is_ahead(said):
            self.heard_at = max(self.heard_at or said, said)
        told = limits_of(response)
        if told.limit:
            self.budget.learn(told.limit, told.remaining, told.seconds_left(said))


def _ahead(answer: Answer) -> errors.BrokenAnswer:
    return errors.BrokenAnswer(
        f"the answer is dated {answer.answered_at:%Y-%m-%d %H:%M}, far ahead of those before",
        todo="Try again later; if it stays so, ask Productlane about their clocks",
        request_id=answer.request_id,
    )


def _too_many(what: str, response: httpx.Response) -> errors.Unreachable:
    return errors.Unreachable(
        what,
        todo="Look for another program that uses the same key",
        status=429,
        request_id=response.headers.get("X-Request-Id", ""),
    )


def _read(answer: Answer, read: Callable[[Answer], T]) -> T:
    try:
        return read(answer)
    except errors.BrokenAnswer as fault:
        fault.request_id = fault.request_id or answer.request_id
        raise
