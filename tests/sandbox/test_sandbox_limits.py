"""Rate limits by a clock that is moved by hand (REFERENCE 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connector.sandbox import Clock, Readings, Sandbox

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["fixed", "sliding"])
def still(request) -> Iterator[Sandbox]:
    readings = Readings(window=request.param, burst="count")
    with Sandbox(50, limit=12, clock=Clock(NOON, running=False), readings=readings) as box:
        yield box


def statuses(asker, count: int, method: str = "GET") -> list[int]:
    return [asker.send(method, "/me").status_code for _ in range(count)]


def test_the_request_after_the_last_one_allowed_is_refused_until_the_window_has_passed(still, ask):
    asker = ask(still)
    assert statuses(asker, 13) == [200] * 12 + [429]
    response = asker.get("/me")
    assert response.json()["error"]["details"] == {"limit": 12, "window": "1m"}
    wait = int(response.headers["retry-after"])
    assert wait == 60
    still.clock.advance(wait - 1)
    assert asker.get("/me").status_code == 429
    still.clock.advance(1)
    assert statuses(asker, 1) == [200]


def test_the_headers_count_down_and_name_the_reset(still, ask):
    asker = ask(still)
    left = [asker.get("/me").headers for _ in range(3)]
    assert [h["x-ratelimit-remaining"] for h in left] == ["11", "10", "9"]
    assert {h["x-ratelimit-limit"] for h in left} == {"12"}
    assert {h["x-ratelimit-reset"] for h in left} == {str(int(NOON.timestamp()) + 60)}


def test_keys_and_method_classes_have_limits_of_their_own(still, ask):
    assert statuses(ask(still), 13)[-1] == 429
    assert statuses(ask(still, still.issue_key([])), 1) == [200]
    response = ask(still).send("POST", "/contacts", {})
    assert response.status_code == 400
    assert response.headers["x-ratelimit-limit"] == "60"


def test_a_refused_request_is_not_counted(still, ask):
    asker = ask(still)
    statuses(asker, 30)
    still.clock.advance(61)
    assert statuses(asker, 12) == [200] * 12


def test_the_burst_rule_holds_within_ten_seconds(ask):
    with Sandbox(50, limit=30, clock=Clock(NOON, running=False)) as box:
        asker = ask(box)
        assert statuses(asker, 11) == [200] * 10 + [429]
        response = asker.get("/me")
        assert response.json()["error"]["details"] == {"limit": 10, "window": "10s"}
        assert response.headers["retry-after"] == "10"
        box.clock.advance(10)
        assert statuses(asker, 11) == [200] * 10 + [429]
        box.clock.advance(10)
        assert statuses(asker, 11) == [200] * 10 + [429]
        box.clock.advance(10)
        assert statuses(asker, 1) == [429]


def test_writes_may_burst_to_twenty(ask):
    with Sandbox(50, clock=Clock(NOON, running=False)) as box:
        answers = [ask(box).send("PATCH", "/contacts/none", {}).status_code for _ in range(21)]
    assert answers == [404] * 20 + [429]
