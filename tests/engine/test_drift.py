"""Drift is counted within what DuckDB may hold, however many fields a stream has."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench import Bench


def test_b07_many_silent_changes_of_wide_rows_are_counted_in_little_memory(
    make_bench: Callable[..., Bench],
) -> None:
    at = make_bench(threads=300)
    at.sync("threads")
    rows = at.box.workspace.ids("threads")
    for row in rows:
        at.box.workspace.update("threads", row, stamp=False, title=f"silently {row}")
    at.pass_time()
    run = at.sync("threads", full=True)
    assert at.outcome(run, "threads").changed == len(rows)
    assert ("title", len(rows)) in at.query("SELECT field, rows FROM meta.drift")
    assert at.differences("threads") == []
