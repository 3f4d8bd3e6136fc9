"""The client: what it asks again, what it gives up on, how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector import errors
from connector.answer import Answer
from connector.budget import Budget
from connector.client import Client
from connector.sandbox import Fault
from connector.settings import Settings
from tests.bench import Bench

Make = Callable[..., Bench]


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def ask(
    at: Bench,
    path: str = "/tags",
    key: str | None = None,
    *,
    timeout: float = 60,
    clock: Time | None = None,
    params: dict[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> bytes:
    clock = clock or Time()
    settings = replace(at.settings, api_key=key or at.settings.api_key)

    async def go() -> bytes:
        budget = Budget(at.settings.data_dir / "budget", now=clock, sleep=clock.sleep)
        made = Client(settings, budget, sleep=clock.sleep, timeout=timeout, tell=tell)
        async with made as client:
            return await client.ask(path, params or {}, body, stream="tags")

    return asyncio.run(go())


def body(answer: Answer) -> bytes:
    return answer.body


@pytest.mark.parametrize("kind", ["reset", "cut", "500", "502_html", "503", "504"])
def test_what_may_pass_is_asked_again(at_bench: Bench, kind: str) -> None:
    at_bench.box.faults.add(Fault(kind, at=1, times=2))
    assert ask(at_bench).startswith(b"{")
    assert len(at_bench.box.requests) <= 3


def test_what_does_not_pass_is_an_error_that_names_stream_status_and_request(
    at_bench: Bench,
) -> None:
    at_bench.box.faults.add(Fault("500", rate=1.0))
    with pytest.raises(errors.Unreachable) as caught:
        ask(at_bench)
    assert str(caught.value).startswith(
        "tags: the API failed (HTTP 500, internal_error, request_id"
    )
    assert caught.value.request_id == at_bench.box.requests[-1].request_id


def test_whoever_watches_is_told_once_in_a_while_what_keeps_it(at_bench: Bench) -> None:
    told: list[str] = []
    at_bench.box.faults.add(Fault("500", at=1))
    ask(at_bench, tell=told.append)
    assert told == []  # that passes
    at_bench.box.faults.add(Fault("500", rate=1.0))
    with pytest.raises(errors.Unreachable):
        ask(at_bench, tell=told.append)
    assert told == ["the API failed; trying again, 5 times more at most"]


def test_a_stall_ends_with_a_time_out_and_is_asked_again(at_bench: Bench) -> None:
    at_bench.box.faults.add(Fault("stall", at=1, seconds=30))
    assert ask(at_bench, timeout=0.2).startswith(b"{")


@pytest.mark.parametrize(
    ("key", "path", "error", "told"),
    [
        ("pl_v2_nobody", "/tags", errors.KeyRefused, "HTTP 401, unauthenticated"),
        ("pl_v1_old", "/tags", errors.KeyRefused, "HTTP 410, unsupported_key_version"),
        (None, "/tags/none", errors.NotFound, "HTTP 404, not_found"),
    ],
)
def test_a_refusal_is_not_asked_again(
    at_bench: Bench, key: str | None, path: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error) as caught:
        ask(at_bench, path, key)
    assert told in str(caught.value)
    assert len(at_bench.box.requests) == 1
    assert "pl_v" not in str(caught.value).replace("begins with pl_v2_", "")


def test_a_missing_scope_is_named(at_bench: Bench) -> None:
    with pytest.raises(errors.NotReadable, match="lacks the scope tags:read"):
        ask(at_bench, key=at_bench.box.issue_key(["threads:read"]))


def test_a_bad_question_names_what_the_api_complains_of(at_bench: Bench) -> None:
    with pytest.raises(errors.BadQuestion, match=r"for its limit \(HTTP 400, validation_failed"):
        ask(at_bench, params={"limit": "0"})


ECHO = b"""{"error": {"code": "jane@acme.example", "message": "no such address: jane@acme.example",
    "details": {"required": ["jane@acme.example", "portal:read"]}, "request_id": "jane@acme"}}"""


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 422, 429, 500, 503])
@pytest.mark.parametrize("body", [ECHO, ECHO.replace(b"jane@acme.example", b"scope_required", 1)])
def test_b24_an_error_repeats_no_word_of_the_api(at_bench: Bench, status: int, body: bytes) -> None:
    """Unless the reference knows it: codes, scopes, and the names of our own parameters."""
    at_bench.box.faults.add(Fault("answer", rate=1.0, status=status, body=body))
    with pytest.raises(errors.ConnectorError) as caught:
        ask(at_bench, params={"email": "jane@acme.example"})
    assert "jane" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    assert caught.value.request_id == at_bench.box.requests[-1].request_id
    if isinstance(caught.value, errors.NotReadable) and b"scope_required" in body:
        assert "lacks the scope portal:read" in str(caught.value)


def test_a_redirect_is_not_followed_with_the_key(at_bench: Bench) -> None:
    at_bench.box.faults.add(Fault("redirect", rate=1.0))
    with pytest.raises(errors.BrokenAnswer, match="redirect"):
        ask(at_bench)


def test_a_server_that_is_down_is_unreachable(make_bench: Make) -> None:
    at = make_bench()
    at.settings = replace(at.settings, base_url="http://127.0.0.1:9/api/v2")
    with pytest.raises(errors.Unreachable, match="could not be reached"):
        ask(at)


@pytest.mark.parametrize("seconds", [0, 7, 3600])
def test_b14_retry_after_is_waited_for_literally(at_bench: Bench, seconds: int) -> None:
    clock = Time()
    at_bench.box.faults.add(Fault("429", at=1, seconds=seconds))
    ask(at_bench, clock=clock)
    assert sum(clock.slept) == pytest.approx(max(seconds, 1), abs=0.01)


def test_the_key_is_in_no_message_and_no_log(
    at_bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="connector")
    caplog.set_level("INFO", logger="httpx")
    at_bench.box.faults.add(Fault("500", rate=1.0))
    with pytest.raises(errors.Unreachable) as caught:
        ask(at_bench)
    key = at_bench.settings.api_key
    said: list[Any] = [str(caught.value), repr(caught.value), caplog.text, repr(at_bench.settings)]
    assert not any(key in one for one in said)


@pytest.mark.parametrize("key", ["pl_v2_ünlike", "pl_v2_two\nlines", "pl_v2_two words"])
def test_b24_a_key_that_no_header_can_hold_is_not_shown(key: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="has a character") as caught:
        Settings(api_key=key).with_key()
    assert key not in f"{caught.value!r} {vars(caught.value)}"


def test_b24_a_key_in_the_place_of_the_address_is_not_shown() -> None:
    with pytest.raises(errors.ConfigurationError, match="not a web address") as caught:
        Settings(base_url="pl_v2_mistaken")
    assert "mistaken" not in f"{caught.value!r} {vars(caught.value)}"


def test_a_setting_whose_name_is_nearly_right_is_told_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    near = {"PRODUCTLANE_APIKEY": "pl_v2_mistaken", "PRODUCTLANE_DATA_DIRECTORY": "lake"}
    others = {"PRODUCTLANE_WEBHOOK_SECRET": "x", "PRODUCTLANE_API_KEY_OF_STAGING": "y"}
    Settings.load(near | others | {"PRODUCTLANE_PAGE_SIZE": "100"})
    assert caplog.messages == [
        "PRODUCTLANE_APIKEY is no setting, and is left out; is PRODUCTLANE_API_KEY meant?",
        "PRODUCTLANE_DATA_DIRECTORY is no setting, and is left out; is PRODUCTLANE_DATA_DIR meant?",
    ]


def test_settings_say_what_is_wrong_with_them() -> None:
    for environ, told in (
        ({"PRODUCTLANE_START_DATE": "yesterday"}, "not a date"),
        ({"PRODUCTLANE_BASE_URL": "productlane.com"}, "not a web address"),
        ({"PRODUCTLANE_PAGE_SIZE": "500"}, "from 1 to 200"),
        ({"PRODUCTLANE_LAG_SECONDS": "-1"}, "from 0 to 10,000,000"),
    ):
        with pytest.raises(errors.ConfigurationError, match=told):
            Settings.load(environ)
    with pytest.raises(errors.ConfigurationError, match="PRODUCTLANE_API_KEY is not set"):
        Settings.load({}).with_key()
