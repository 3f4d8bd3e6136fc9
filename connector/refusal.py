"""What a response other than 200 means (REFERENCE 1.5).

Errors go to logs, and the API's own words may quote what it was asked or what it holds: a
customer's address or text. So nothing of a body is repeated but words that are known beforehand;
by the `request_id`, which stands in a header too, the vendor finds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypedDict

import httpx
import orjson

from connector import errors

CODES = frozenset(
    ["validation_failed", "unauthenticated", "scope_required", "forbidden", "not_found", "conflict",
     "unsupported_key_version", "unprocessable", "rate_limited", "internal_error"]
)  # fmt: skip
"""The API's codes of errors (REFERENCE 1.5). Whatever else stands there isn't one."""

SCOPE = re.compile(r"admin|[a-z_]+:(read|write)")


class _Where(TypedDict):
    stream: str
    status: int
    code: str
    request_id: str


def refusal(
    response: httpx.Response, params: Mapping[str, Any], stream: str
) -> errors.ConnectorError:
    """The typed error for a response that is not 200; `params` are what was asked or written."""
    status = response.status_code
    error = _envelope(response)
    code = error.get("code")
    where: _Where = {
        "stream": stream,
        "status": status,
        "code": code if isinstance(code, str) and code in CODES else "",
        "request_id": response.headers.get("X-Request-Id", ""),
    }
    if status in (401, 410):
        return errors.KeyRefused(
            "the API refused the key",
            todo="Set PRODUCTLANE_API_KEY to a live key that begins with pl_v2_",
            **where,
        )
    if status == 403 and code == "scope_required":
        return errors.NotReadable(
            f"the key lacks the scope {_required(error) or 'that this list needs'}",
            todo="Grant it to the key, or leave the stream out",
            **where,
        )
    if status == 403:
        return errors.NotOffered(
            "the API forbids it", todo="See what the workspace's plan offers", **where
        )
    if status == 404:
        return errors.NotFound("not found", todo="It is gone, or never was", **where)
    if status == 422 and "cursor" in params:
        return errors.CursorRefused("the API refused a cursor", todo="Try again later", **where)
    if status >= 500:
        return errors.Unreachable("the API failed", todo="Try again later", **where)
    if 300 <= status < 400:
        return errors.BrokenAnswer(
            "the API answered with a redirect", todo="Check PRODUCTLANE_BASE_URL", **where
        )
    wrong = f" for its {names}" if (names := _complained_of(error, params)) else ""
    if response.request.method == "PATCH":
        refused = errors.WriteRefused(f"the API refused the write{wrong}", **where)
        refused.details = _details(error)
        return refused
    return errors.BadQuestion(
        f"the API refused the question{wrong}", todo="Report it with the request_id", **where
    )


def _envelope(response: httpx.Response) -> dict[str, object]:
    try:
        error = orjson.loads(response.content)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _required(error: Mapping[str, object]) -> str:
    """The scopes that a `scope_required` names."""
    details = error.get("details")
    named = details.get("required") if isinstance(details, dict) else None
    found = named if isinstance(named, list) else []
    return ", ".join(one for one in map(str, found) if SCOPE.fullmatch(one))


def _details(error: Mapping[str, object]) -> str:
    """What the API says of a write that it refuses, in its own words."""
    found = error.get("details")
    faults = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    said = [f"{one.get('path', '')}: {one.get('message', '')}" for one in faults]
    return ("; ".join(said) or str(error.get("message") or ""))[:1000]


def _complained_of(error: Mapping[str, object], params: Mapping[str, Any]) -> str:
    """Those of our own parameters that a `validation_failed` names."""
    details = error.get("details")
    found = details if isinstance(details, list) else []
    paths = [one.get("path") for one in found if isinstance(one, dict)]
    return ", ".join(name for name in params if name in paths)
