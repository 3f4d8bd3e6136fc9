"""B24 in Dagster: its databases, run logs and captured output hold no word of key or customers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from connector.sandbox import Fault
from tests import canary
from tests.assets.conftest import Workshop

STREAMS = ("threads", "thread_messages", "contacts", "contact_portals")


@pytest.fixture
def watched(
    make_workshop: Callable[..., Workshop], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Workshop]:
    """At work with an instance of its own, which keeps everything in files as a real one does."""
    caplog.set_level(logging.DEBUG)
    workshop = make_workshop(threads=10, contacts=6, key=canary.KEY)
    canary.plant(workshop.box.workspace)
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield replace(workshop, instance=instance, log_level="DEBUG")


def quoting(status: int, path: str) -> Fault:
    body = f'{{"error": {{"code": "{canary.TEXT}", "message": "no {canary.TEXT}"}}}}'
    return Fault("answer", rate=1.0, path=path, status=status, body=body.encode())


@pytest.fixture
def results(watched: Workshop, monkeypatch: pytest.MonkeyPatch) -> list[dg.ExecuteInProcessResult]:
    """A run that goes well, one that leaves streams out, and those that fail in several ways."""
    found = [watched.bring_up_to_date(*STREAMS)]
    for status in (403, 400):
        watched.box.faults.add(quoting(status, "/threads"))
        watched.box.faults.add(quoting(status, "/portal"))
        found.append(watched.bring_up_to_date(*STREAMS, mode="reconcile"))
        watched.box.faults.clear()
    watched.box.faults.add(quoting(400, "/me"))
    found.append(watched.bring_up_to_date("contacts"))
    watched.box.faults.clear()
    for key in ("unknown", "ünlike"):
        monkeypatch.setenv("PRODUCTLANE_API_KEY", f"{canary.KEY}-{key}")
        found.append(watched.bring_up_to_date("contacts"))
    assert [one.success for one in found] == [True, True, False, False, False, False]
    return found


def test_b24_dagster_keeps_no_word_of_runs_that_go_well_or_not(
    watched: Workshop,
    results: list[dg.ExecuteInProcessResult],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    said = capfd.readouterr()
    events = "\n".join(str(event) for one in results for event in one.all_events)
    assert canary.in_text(f"{said.out}\n{said.err}\n{caplog.text}\n{events}") == []
    assert canary.in_files(tmp_path / "home") == []
    assert canary.in_traces(watched.data_dir) == []
    assert canary.key_in_data(watched.data_dir) == []


def test_b24_what_is_searched_of_dagster_has_its_logs_and_events(
    watched: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search for the words would find them, if Dagster were told any."""
    monkeypatch.setattr(canary, "WORDS", ("published", "lake/tags"))
    watched.bring_up_to_date("tags")
    found = {path.partition(":")[0] for path in canary.in_files(tmp_path / "home")}
    assert {Path(path).suffix for path in found} == {".db", ".err"}
