"""Each benchmark in tiny: do rows, times and memory come out? How fast it was is no matter."""

from __future__ import annotations

import pytest

from benchmarks import growth, memory, rebuild, startup, throughput
from connector.sandbox import Workspace

pytestmark = pytest.mark.long


def test_throughput_counts_the_rows_of_all_three_streams():
    rows = sum(len(Workspace(40).live(stream)) for stream in throughput.STREAMS)
    (figure,) = throughput.run(40, beside_dlt=False)
    assert figure.how.startswith(f"{rows} rows")
    assert figure.reached > 0


def test_throughput_compares_nothing_where_rows_differ():
    with pytest.raises(RuntimeError, match="dlt loaded"):
        throughput.same("dlt", {"threads": 39}, {"threads": 40})


def test_memory_is_that_of_the_sync():
    assert 50 < memory.peak(20, ["tags"]) < 2000


def test_growth_takes_the_copy_off_and_sees_that_the_changes_came():
    seconds, cpu = growth.typical(30, 10, times=1, streams=["companies"])
    assert cpu > 0
    assert seconds > 0


def test_rebuild_counts_the_rows_of_the_lake():
    (figure,) = rebuild.run(30, streams=["tags"])
    assert figure.how == f"{len(Workspace(30).live('tags'))} rows in the lake"


def test_startup_sees_what_is_imported():
    duration, dagster = startup.run(20, 1, streams=["tags"])
    assert duration.reached > 0
    assert dagster.reached == 0
    assert int(duration.how.split()[-3]) > 50
