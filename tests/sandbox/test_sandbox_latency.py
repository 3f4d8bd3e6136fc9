"""How long answers take, and when in between the sandbox decides."""

from __future__ import annotations

import pytest

from connector.sandbox import Sandbox
from connector.sandbox.latency import Latency
from tests.sandbox.walking import Asker


def drawn(latency: Latency, count: int = 20_000) -> list[float]:
    return sorted(latency.draw() for _ in range(count))


def test_a_latency_has_the_median_and_the_p99_that_were_asked_for():
    times = drawn(Latency(120, 1000))
    assert times[len(times) // 2] == pytest.approx(0.120, rel=0.05)
    assert times[len(times) * 99 // 100] == pytest.approx(1.0, rel=0.1)
    assert times[0] > 0


def test_without_a_p99_every_answer_takes_the_same():
    assert set(drawn(Latency(50), 100)) == {0.05}
    assert set(drawn(Latency(), 100)) == {0.0}


def test_the_same_seed_draws_the_same_latencies():
    assert drawn(Latency(120, 1000, seed=3), 50) == drawn(Latency(120, 1000, seed=3), 50)
    assert drawn(Latency(120, 1000, seed=3), 50) != drawn(Latency(120, 1000, seed=4), 50)


@pytest.mark.parametrize("wrong", [(120, 60), (0, 1000), (-1, None)])
def test_a_latency_that_can_not_be_is_refused(wrong):
    with pytest.raises(ValueError, match="latency"):
        Latency(*wrong)


def test_a_request_is_charged_and_its_page_read_half_way(ask):
    with Sandbox(50, latency_ms=60) as box:
        sent = box.clock.now()
        ask(box).get("/tags")
        arrived = box.clock.now()
    (charged,) = [request.at for request in box.requests]
    assert (charged - sent).total_seconds() >= 0.03
    assert (arrived - charged).total_seconds() >= 0.03


def test_the_tail_of_the_latency_reaches_the_wire(ask):
    with Sandbox(50, latency_ms=0.1, latency_p99_ms=400, seed=2) as box:
        asker: Asker = ask(box)
        times = [asker.get("/tags").elapsed.total_seconds() for _ in range(40)]
    drawn_alike = Latency(0.1, 400, seed=2)
    assert all(took >= drawn_alike.draw() for took in times)
    assert max(times) >= 0.01
