"""Each benchmark in tiny: do rows, requests and ratios come out? How fast it was is no matter."""

from __future__ import annotations

import pytest

from benchmarks import budget, children, growth, incremental, memory, rebuild, serving, startup
from benchmarks import throughput as load
from benchmarks.figures import Figure
from connector.sandbox import Workspace


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


def test_throughput_counts_the_rows_of_all_three_streams():
    rows = sum(len(Workspace(40).live(stream)) for stream in load.STREAMS)
    (figure,) = load.run(40, beside_dlt=False)
    assert figure.how.startswith(f"{rows} rows")
    assert figure.reached > 0


def test_throughput_compares_nothing_where_rows_differ():
    with pytest.raises(RuntimeError, match="dlt loaded"):
        load.same("dlt", {"threads": 39}, {"threads": 40})


def test_memory_is_that_of_the_sync():
    assert memory.peak(20, ["tags"]) > 50


def test_growth_takes_the_copy_off_and_sees_that_the_changes_came():
    seconds, cpu = growth.typical(30, 10, times=1, streams=["companies"])
    assert cpu > 0
    assert seconds > 0


def test_rebuild_counts_the_rows_of_the_lake():
    (figure,) = rebuild.run(30, streams=["tags"])
    assert figure.how == f"{len(Workspace(30).live('tags'))} rows in the lake"


def test_children_counts_requests_under_moved_threads():
    followed = children.follow(40, 0.2, 10**6, ["thread_messages", "thread_comments"])
    assert followed.made == followed.reached == 1


def test_startup_sees_what_is_imported():
    duration, dagster = startup.run(20, 1, streams=["tags"])
    assert duration.reached > 0
    assert dagster.reached == 0
    assert int(duration.how.split()[-3]) > 50
