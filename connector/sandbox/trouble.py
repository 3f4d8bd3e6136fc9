"""What a fault does to an answer (see `connector.sandbox.faults` for when it strikes)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import orjson

from connector.sandbox.cursors import refused
from connector.sandbox.exchange import Answer
from connector.sandbox.faults import Fault
from connector.sandbox.refusal import Refusal

HTML = b"<html><head><title>%s</title></head><body><h1>%s</h1></body></html>"


def _gateway(status: int, text: bytes) -> Callable[[Fault], Answer]:
    return lambda _fault: Answer(status, HTML % (text, text), "text/html")


def _refuse(status: int, code: str, message: str) -> Callable[[Fault], Answer]:
    def strike(_fault: Fault) -> Answer:
        raise Refusal(status, code, message)

    return strike


def _too_many(fault: Fault) -> Answer:
    refusal = Refusal(429, "rate_limited", "Too many requests.", {"limit": 1000, "window": "1m"})
    refusal.retry_after = math.ceil(1 if fault.seconds is None else fault.seconds)
    raise refusal


def _refuse_cursor(_fault: Fault) -> Answer:
    raise refused()


INSTEAD: dict[str, Callable[[Fault], Answer]] = {
    "401": _refuse(401, "unauthenticated", "The API key is missing or invalid."),
    "403": _refuse(403, "forbidden", "Not allowed."),
    "404": _refuse(404, "not_found", "Not found."),
    "429": _too_many,
    "500": _refuse(500, "internal_error", "Something went wrong."),
    "502_html": _gateway(502, b"502 Bad Gateway"),
    "503": _gateway(503, b"503 Service Unavailable"),
    "504": _gateway(504, b"504 Gateway Timeout"),
    "redirect": lambda _: Answer(302, b"", "text/html", [("location", "/login")]),
    "refuse_cursor": _refuse_cursor,
    "not_json": lambda _: Answer(200, HTML % (b"Hello", b"Hello"), "text/html"),
    "empty_body": lambda _: Answer(200, b""),
    "null_body": lambda _: Answer(200, b"null"),
    "answer": lambda fault: Answer(fault.status, fault.body),
}
"""Faults that come in the place of the answer."""


def half(answer: Answer) -> Answer:
    """A body that ends early, with a Content-Length that agrees with it."""
    return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.media)


def damaged(kind: str, answer: Answer, query: dict[str, str], here: str) -> Answer:
    """A page with one thing wrong; `here` is a cursor that leads to the same page again."""
    try:
        page = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer
    if not isinstance(page, dict) or not isinstance(page.get("page"), dict):
        return answer
    _DAMAGE[kind](page, query, here)
    return Answer(answer.status, orjson.dumps(page), answer.media, answer.headers)


def _no_has_more(page: Any, _query: dict[str, str], _here: str) -> None:
    del page["page"]["has_more"]


def _repeat(page: Any, query: dict[str, str], here: str) -> None:
    page["page"].update(cursor=query.get("cursor", here), has_more=True)


def _empty(page: Any, _query: dict[str, str], here: str) -> None:
    page["data"] = []
    page["page"].update(cursor=here, has_more=True)


def _null_cursor(page: Any, _query: dict[str, str], _here: str) -> None:
    page["page"].update(cursor=None, has_more=True)


_DAMAGE: dict[str, Callable[[Any, dict[str, str], str], None]] = {
    "no_data": lambda page, _query, _here: page.pop("data"),
    "no_page": lambda page, _query, _here: page.pop("page"),
    "no_has_more": _no_has_more,
    "repeat_cursor": _repeat,
    "null_cursor": _null_cursor,
    "empty_page": _empty,
}
