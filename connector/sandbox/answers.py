"""Which path is answered how, and with which scopes (REFERENCE 2 to 14).

The routes of the lists and of single rows follow from the catalogue; what is not a stream
(`/me`, look-ups, writes) is declared here and in `writes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from connector.sandbox import documents, lists
from connector.sandbox.keys import Key
from connector.sandbox.refusal import Refusal, invalid, not_found
from connector.sandbox.workspace import Workspace
from schemas import STREAMS, Endpoint


@dataclass(frozen=True)
class Ask:
    """One request as a handler sees it."""

    space: Workspace
    key: Key
    query: dict[str, str]
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Ask], bytes]


@dataclass(frozen=True)
class Route:
    """A path pattern with what it needs and who answers; `endpoint` is set for lists."""

    method: str
    path: str
    scopes: tuple[str, ...]
    handler: Handler
    endpoint: Endpoint | None = None

    def compiled(self) -> re.Pattern[str]:
        """The pattern as a regular expression."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path))


class Routes:
    """All routes; a fixed path wins over one with a placeholder."""

    def __init__(self, routes: list[Route]) -> None:
        self._fixed = {(r.method, r.path): r for r in routes if "{" not in r.path}
        self._open = [(r.compiled(), r) for r in routes if "{" in r.path]
        self._open.sort(key=lambda entry: entry[1].path.count("{"))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request and what its placeholders stand for, or 404."""
        if (method, path) in self._fixed:
            return self._fixed[method, path], {}
        for pattern, route in self._open:
            if route.method == method and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        raise not_found("Route")


def reading_routes() -> list[Route]:
    """Every GET of the API."""
    routes = [
        Route("GET", "/me", (), lambda ask: orjson.dumps(documents.me(ask.space, ask.key))),
        Route("GET", "/contacts/by-email", ("contacts:read",), contact_by_email),
    ]
    for endpoint in STREAMS.values():
        routes.append(Route("GET", endpoint.path, endpoint.scopes, listing(endpoint), endpoint))
        if endpoint.detail:
            routes.append(Route("GET", endpoint.detail, endpoint.scopes, single(endpoint)))
    return routes


def listing(endpoint: Endpoint) -> Handler:
    """The handler of a list or document."""

    def handle(ask: Ask) -> bytes:
        if (status := ask.space.refusal_status(endpoint.stream)) is not None:
            return _not_offered(status, endpoint)
        if endpoint.shape == "document":
            return orjson.dumps(_document(ask, endpoint))
        parent = _parent(ask, endpoint)
        if endpoint.each_team and "team_id" not in ask.query:
            raise invalid("team_id", "Required")
        if endpoint.stream == "members" and ask.space.readings.members_envelope != "page":
            return _members(ask.space)
        # Members may well have pages: the connector asks without, and follows those that come.
        if not endpoint.paged and endpoint.stream != "members":
            return lists.plain(ask.space, endpoint, parent, ask.query)
        query = _of_user(ask) if endpoint.stream == "threads" else ask.query
        return lists.page(ask.space, endpoint, parent, query)

    return handle


def _not_offered(status: str, endpoint: Endpoint) -> bytes:
    if status == "null":
        return b"null"
    if status == "404":
        raise not_found(endpoint.stream)
    raise Refusal(403, "forbidden", f"Not available: needs {endpoint.offered_with}.")


def _of_user(ask: Ask) -> dict[str, str]:
    """The tabs `my` and `needs-response` need a key with a user (REFERENCE 2)."""
    tab, user = ask.query.get("tab"), ask.key.user
    if tab not in ("my", "needs-response"):
        return ask.query
    if user is None:
        raise invalid("tab", "This tab needs an API key with an associated user")
    if tab == "needs-response":
        return ask.query
    return {**{k: v for k, v in ask.query.items() if k != "tab"}, "assignee_id": user}


def _members(space: Workspace) -> bytes:
    with space.lock:
        rows = [space.json("members", row) for row in space.listed("members")]
    return lists.wrapped(rows, space.readings.members_envelope)


def _document(ask: Ask, endpoint: Endpoint) -> Any:
    with ask.space.lock:
        if endpoint.parent is None:
            return ask.space.document(endpoint.stream)
        if "email" not in ask.query:
            raise invalid("email", "Required")
        return documents.customer_portal(ask.space, contact_key(ask.space, ask.query["email"]))


def _parent(ask: Ask, endpoint: Endpoint) -> str | None:
    if endpoint.parent is None:
        return None
    key = ask.params[endpoint.parent.column]
    require_row(ask.space, endpoint.parent.stream, key)
    return key


def require_row(space: Workspace, stream: str, key: str) -> None:
    """Refuse unless the row is there: 404, or 403 for a deleted one (REFERENCE 1.8)."""
    row = space.tables[stream].rows.get(key)
    name = STREAMS[stream].stream
    if row is not None and row.deleted and space.readings.deleted_status == "403":
        raise Refusal(403, "forbidden", "The resource has been deleted.")
    if row is None or row.deleted:
        raise not_found(name)


def single(endpoint: Endpoint) -> Handler:
    """The handler of one row by its id."""

    def handle(ask: Ask) -> bytes:
        space, stream, key = ask.space, endpoint.stream, ask.params["id"]
        if (status := space.refusal_status(stream)) is not None:
            return _not_offered(status, endpoint)
        with space.lock:
            require_row(space, stream, key)
            if stream == "threads":
                return orjson.dumps(_expanded(ask, key))
            row = space.tables[stream].rows[_in_language(ask, stream, key)]
            return orjson.dumps(space.single(stream, row))

    return handle


def _expanded(ask: Ask, key: str) -> dict[str, Any]:
    space = ask.space
    thread = space.single("threads", space.tables["threads"].rows[key])
    wanted = ask.query.get("expand", "").split(",")
    if "messages" in wanted:
        thread["messages"] = space.live("thread_messages", key)[::-1]
    if "comments" in wanted:
        thread["comments"] = space.live("thread_comments", key)
    return thread


def _in_language(ask: Ask, stream: str, key: str) -> str:
    """The translation serves in place of the base row (REFERENCE 8)."""
    language = ask.query.get("language")
    if language is None or stream not in ("changelogs", "docs_articles"):
        return key
    for row in ask.space.tables[stream].living():
        record = ask.space.record(stream, row)
        if record.get("base_id") == key and record["language"] == language:
            return row.key
    return key


def contact_by_email(ask: Ask) -> bytes:
    """A contact by its address, in any case (REFERENCE 3)."""
    if "email" not in ask.query:
        raise invalid("email", "Required")
    with ask.space.lock:
        key = contact_key(ask.space, ask.query["email"])
        row = ask.space.tables["contacts"].rows[key]
        return orjson.dumps(ask.space.single("contacts", row))


def contact_key(space: Workspace, email: str) -> str:
    """The key of the living contact with this address, or 404."""
    key = space.contact_of(email)
    if key is None:
        raise not_found("Contact")
    return key
