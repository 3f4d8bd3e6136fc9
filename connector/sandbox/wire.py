"""The sandbox on the wire: an ASGI application of our own under uvicorn's HTTP protocol.

A subclass of the protocol hands us the transport, because resets and cut bodies must be real:
a client library treats them differently from a well-formed bad answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import traceback
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from connector.sandbox.app import Api
from connector.sandbox.exchange import Answer, Request
from connector.sandbox.faults import Fault
from connector.sandbox.latency import Latency

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the transport put in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A new connection.

        Heads and bodies are written apart; with Nagle's algorithm every answer would wait 40 ms
        for the client's delayed acknowledgement. asyncio itself switches it off only for sockets
        that were made with the protocol number of TCP.
        """
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)

    def on_message_begin(self) -> None:
        """A new request: its scope is built here."""
        super().on_message_begin()
        self.scope["transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class Wire:
    """The ASGI application.

    Half of the latency passes on the way there, half on the way back: requests reach the limit
    in another order and at another pace than they were sent, and a page is no longer fresh when
    it arrives. Where in between the API decides is not documented; this is unkind to both.
    """

    def __init__(self, api: Api, latency: Latency | None = None) -> None:
        self._api, self._latency = api, latency or Latency()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what a fault demands."""
        body = await _body(receive) if scope["method"] != "GET" else b""
        half = self._latency.draw() / 2
        await _pass(half)
        request, fault = None, None
        try:
            request, fault = self._begin(scope)
            await self._delay(fault)
            answer = self._api.answer(request, scope["path"], dict(scope["headers"]), body, fault)
        except Exception as failure:
            request = request or self._api.requests[-1]
            if failure not in self._api.hooks.failures:
                traceback.print_exc()
            answer = self._api.failed(request)
        await _pass(half)
        await self._send(scope["transport"], send, request, answer, fault)

    def _begin(self, scope: Scope) -> tuple[Request, Fault | None]:
        query = scope["query_string"].decode("ascii")
        return self._api.begin(scope["method"], scope["path"], query)

    async def _delay(self, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds if fault.seconds is not None else 1.0)

    async def _send(
        self,
        transport: asyncio.Transport,
        send: Send,
        request: Request,
        answer: Answer,
        fault: Fault | None,
    ) -> None:
        kind = fault.kind if fault is not None else None
        if kind in ("reset", "stall"):
            request.status = 0
            if fault is not None and kind == "stall":
                await _stall(fault)
            return _reset(transport)
        head = [(name.encode(), value.encode()) for name, value in answer.headers]
        head.append((b"content-type", answer.media.encode()))
        head.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        if fault is not None and kind in ("cut", "stall_body"):
            first = answer.body[: len(answer.body) // 2]
            await send({"type": "http.response.body", "body": first, "more_body": True})
            if kind == "stall_body":
                await _stall(fault)
            return transport.close()
        return await send({"type": "http.response.body", "body": answer.body})


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _pass(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


async def _stall(fault: Fault) -> None:
    """Say nothing for so long, or until the server goes down."""
    await asyncio.sleep(fault.seconds if fault.seconds is not None else 3600)


def _reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: no linger, nothing more to send."""
    with contextlib.suppress(OSError):
        plug = transport.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    transport.abort()


class Server(uvicorn.Server):
    """uvicorn's server, started and stopped at once instead of by polling."""

    def __init__(self, app: Wire) -> None:
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            backlog=2048,
        )
        super().__init__(config)
        self.up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._down = asyncio.Event()

    async def main_loop(self) -> None:
        """Serve until somebody says stop."""
        self._loop = asyncio.get_running_loop()
        self.up.set()
        await self._down.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drop everything: nobody who closes a sandbox waits for its last answers."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Ask the server to stop, from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed already
                self._loop.call_soon_threadsafe(self._down.set)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C and SIGTERM, in a process of its own."""
        super().handle_exit(sig, frame)
        self.stop()
