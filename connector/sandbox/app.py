"""The server's side of one request: key, limit, scope, fault, answer (REFERENCE 1)."""

from __future__ import annotations

import gzip
import random
from email.utils import format_datetime
from urllib.parse import parse_qsl

import orjson

from connector.sandbox import lists, trouble
from connector.sandbox.answers import Ask, Route, Routes, reading_routes
from connector.sandbox.exchange import Answer, Request
from connector.sandbox.faults import IN_THE_PAGE, Fault, Faults
from connector.sandbox.hooks import Hooks
from connector.sandbox.keys import Key, Keys
from connector.sandbox.limits import Allowance, Limits
from connector.sandbox.refusal import Refusal, not_found
from connector.sandbox.workspace import Workspace
from connector.sandbox.writes import writing_routes

BASE = "/api/v2"


class Api:
    """Answers requests on a workspace; knows nothing of sockets."""

    def __init__(self, space: Workspace, keys: Keys, limit: int) -> None:
        self.space, self.keys = space, keys
        self.limits = Limits(space.clock, space.readings, limit)
        self.faults = Faults(random.Random(space.seed))
        self.hooks = Hooks()
        self.requests: list[Request] = []
        self._routes = Routes([*reading_routes(), *writing_routes()])
        self._answered = 0

    def begin(self, method: str, path: str, query_string: str) -> tuple[Request, Fault | None]:
        """Log the request, run the actions placed before it, see whether a fault strikes."""
        self._answered += 1
        query = dict(parse_qsl(query_string, keep_blank_values=True))
        below = path.removeprefix(BASE)
        request_id = f"req_{self._answered:08d}"
        request = Request(method, below, query, None, 0, self.space.clock.now(), request_id)
        self.requests.append(request)
        self.hooks.run(request)
        fault = self.faults.next(method, below, query)
        return request, fault

    def answer(
        self,
        request: Request,
        path: str,
        headers: dict[bytes, bytes],
        body: bytes,
        fault: Fault | None,
    ) -> Answer:
        """The answer with the headers that every response has."""
        allowance = self.limits.untouched(request.method)
        try:
            key = self.keys.known(headers.get(b"authorization", b"").decode("latin-1"))
            request.key_id = key.id
            allowance, refusal = self.limits.charge(key.id, request.method)
            if refusal is not None:
                raise refusal
            answer = self._handled(request, key, path, body, fault)
        except Refusal as refusal:
            answer = _refused(refusal, request.request_id)
        request.status = answer.status
        answer.headers += self._common(request, allowance)
        return self._compressed(answer, headers)

    def failed(self, request: Request) -> Answer:
        """500 `internal_error`: an error of the sandbox itself, or of an action in a test."""
        refusal = Refusal(500, "internal_error", "The sandbox itself failed.")
        answer = _refused(refusal, request.request_id)
        request.status = 500
        answer.headers += self._common(request, self.limits.untouched(request.method))
        return answer

    def _handled(
        self, request: Request, key: Key, path: str, body: bytes, fault: Fault | None
    ) -> Answer:
        if fault is not None and fault.kind in trouble.INSTEAD and not fault.handled:
            return trouble.INSTEAD[fault.kind](fault)
        if fault is not None and fault.handled is False:
            return Answer(500, b"")  # which nobody will see: the fault is on the wire
        if not path.startswith(f"{BASE}/"):
            raise not_found("Route")
        route, params = self._routes.find(request.method, request.path)
        key.require(route.scopes)
        query = request.query
        if fault is not None and fault.kind == "short_page":
            query = {**query, "limit": str(max(1, int(query.get("limit", "50")) // 2))}
        ask = Ask(self.space, key, query, body, params)
        created = request.method == "POST" and request.path.startswith("/contacts")
        answer = Answer(201 if created else 200, route.handler(ask))
        if fault is not None and fault.kind in trouble.INSTEAD:
            return trouble.INSTEAD[fault.kind](fault)
        return self._damaged(answer, fault, route, ask)

    def _damaged(self, answer: Answer, fault: Fault | None, route: Route, ask: Ask) -> Answer:
        if fault is None or fault.kind == "short_page":
            return answer
        if fault.kind == "half_json":
            return trouble.half(answer)
        endpoint = route.endpoint
        if fault.kind not in IN_THE_PAGE or endpoint is None or not endpoint.paged:
            return answer
        parent = ask.params.get(endpoint.parent.column) if endpoint.parent else None
        here = lists.cursor_before(self.space, endpoint, parent, ask.query)
        return trouble.damaged(fault.kind, answer, ask.query, here)

    def _common(self, request: Request, allowance: Allowance) -> list[tuple[str, str]]:
        now = self.space.clock.now()
        return [
            ("date", format_datetime(now, usegmt=True)),
            ("x-request-id", request.request_id),
            ("x-ratelimit-limit", str(allowance.limit)),
            ("x-ratelimit-remaining", str(allowance.remaining)),
            ("x-ratelimit-reset", str(allowance.reset)),
        ]

    def _compressed(self, answer: Answer, headers: dict[bytes, bytes]) -> Answer:
        offered = b"gzip" in headers.get(b"accept-encoding", b"")
        if offered and self.space.readings.compression == "gzip" and len(answer.body) > 500:
            answer.body = gzip.compress(answer.body, compresslevel=1)
            answer.headers.append(("content-encoding", "gzip"))
        return answer


def _refused(refusal: Refusal, request_id: str) -> Answer:
    answer = Answer(refusal.status, orjson.dumps(refusal.envelope(request_id)))
    if refusal.retry_after is not None:
        answer.headers.append(("retry-after", str(refusal.retry_after)))
    return answer
