"""Each benchmark in tiny: do requests and ratios of them come out? How fast it was is no matter."""

from __future__ import annotations

import pytest

from benchmarks import budget, children, incremental, serving
from benchmarks.figures import Figure

pytestmark = pytest.mark.long


def by_name(figures: list[Figure]) -> dict[str, Figure]:
    return {one.name: one for one in figures}


def test_serving_fetches_every_thread():
    served, per_cpu = serving.run(threads=450, connections=2)
    assert served.how.startswith("450 threads of 1,")
    assert served.reached > 0 < per_cpu.reached


def test_budget_counts_no_refusal_and_a_share():
    figures = by_name(budget.run(30, 6000, 1, 2, processes=2, streams=["tags", "tag_groups"]))
    assert figures["requests refused by 429"].reached == 0
    assert figures["share of the budget used"].reached > 0
    assert figures["time over the least"].reached > 1


def test_incremental_asks_little_more_than_the_least_and_brings_all():
    streams = ["threads", "thread_messages", "thread_comments", "tags"]
    figures = by_name(incremental.run(60, 30, limit=10**6, streams=streams))
    assert 1 <= figures["requests over the least possible"].reached <= 1.2
    assert figures["share of the changed rows that arrived"].reached == 1


def test_children_counts_requests_under_moved_threads():
    followed = children.follow(40, 0.2, 10**6, ["thread_messages", "thread_comments"])
    assert followed.made == followed.reached == 1
