"""The sandbox as a process, at scale, started and stopped fast."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from connector.sandbox import Sandbox, serve, start_process
from tests.sandbox.walking import Asker


def test_a_small_sandbox_starts_and_stops_at_once(ask):
    began = time.monotonic()
    for _ in range(5):
        with Sandbox(200) as box:
            ask(box).get("/me")
    assert time.monotonic() - began < 5


def test_ten_thousand_threads_are_walked_whole(ask):
    with Sandbox(10_000) as box:
        asker: Asker = ask(box)
        ids = [row["id"] for row in asker.walk("/threads", limit=200)]
        assert len(set(ids)) == len(ids) == 10_000
        recent = asker.walk("/threads", limit=200, updated_after="2026-10-25T00:00:00Z")
        live = box.workspace.live("threads")
        assert recent == [row for row in live if row["updated_at"] > "2026-10-25T00:00:00.000Z"]


def test_it_serves_from_a_process_of_its_own_and_leaves_nothing_behind():
    slow = {"latency_ms": 20, "latency_p99_ms": 20}
    with start_process(threads=50, seed=3, key="pl_v2_mine", **slow) as (url, key):
        assert key == "pl_v2_mine"
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(headers=headers) as client:
            answer = client.get(f"{url}/threads", params={"limit": 200})
        assert len(answer.json()["data"]) == 50
        assert answer.elapsed.total_seconds() >= 0.02
    with pytest.raises(httpx.ConnectError), httpx.Client() as client:
        client.get(f"{url}/me")


@pytest.fixture
def thawed() -> Iterator[None]:
    """`serve` freezes what is there, as its process does nothing else; the tests' own goes on."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_serve_says_when_it_is_ready_changes_by_itself_and_stops_when_told():
    until, found = threading.Event(), []

    def ready(url: str, key: str) -> None:
        with httpx.Client(headers={"Authorization": f"Bearer {key}"}) as client:
            for _ in range(200):
                ids = {r["id"] for r in client.get(f"{url}/threads?limit=200").json()["data"]}
                found.append(ids)
                if ids != found[0]:
                    break
                time.sleep(0.02)
        until.set()

    serve(threads=50, churn_per_minute=60_000, limit=100_000, on_ready=ready, until=until)
    assert found[0] != found[-1]


def test_it_listens_on_loopback_only():
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(50, host="0.0.0.0")  # noqa: S104 (that it is refused is the claim)


def test_it_answers_many_clients_at_once(ask):
    with Sandbox(100, latency_ms=5) as box:
        found: list[int] = []

        def run() -> None:
            found.append(len(ask(box).walk("/threads", limit=10)))

        workers = [threading.Thread(target=run) for _ in range(12)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert found == [100] * 12
