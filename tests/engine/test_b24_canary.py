"""B24: the key and customers' text are in nothing that a run leaves, but where the data are."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from connector.errors import ConnectorError
from connector.sandbox import Fault
from connector.sync import Order, sync
from tests import canary
from tests.bench import Bench, bench, connect, no_sleep
from tests.few import few

SAID = (
    f'{{"error": {{"code": "{canary.TEXT}", "message": "no {canary.TEXT}", "details": [{{"path": '
)
ECHO = f'{SAID} "{canary.TEXT}", "message": "{canary.TEXT}"}}], "request_id": "{canary.TEXT}"}}}}'
SCOPES = f'{{"error": {{"code": "scope_required", "details": {{"required": ["{canary.TEXT}"]}}}}}}'
HTML = f"<html><title>{canary.TEXT}</title><body>{canary.KEY}</body></html>"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A workspace full of customers' text, synced once: everything of it is known by now."""
    at = bench(tmp_path_factory.mktemp("canary"), threads=20, page_size=3, key=canary.KEY)
    with at.box:
        canary.plant(at.box.workspace)
        connect(at).sync(*canary.STREAMS_OF_CUSTOMERS)
        yield at


BY_KIND = (
    "cut", "401", "redirect", "refuse_cursor", "half_json", "reset", "404", "500", "502_html",
    "not_json", "null_body", "no_data", "no_has_more", "repeat_cursor", "null_cursor",
)  # fmt: skip
QUOTING = [
    *((status, ECHO) for status in (200, 400, 403)),
    (418, HTML),
    (403, SCOPES),
    *((status, ECHO) for status in (401, 404, 409, 422, 500)),
    *((status, HTML) for status in (200, 403, 503)),
]


@dataclass
class Leavings:
    """What a run said and left, all of it."""

    at: Bench
    caplog: pytest.LogCaptureFixture

    def of(self, *streams: str, **order: bool) -> list[str]:
        """Run, and return the words that got out."""
        heard = canary.Heard()
        try:
            run = asyncio.run(
                sync(self.at.settings, Order(streams, **order), progress=heard, sleep=no_sleep)
            )
            said = repr(run)
        except ConnectorError as error:
            said = canary.told(error)
        found = canary.in_text(f"{heard.text}\n{said}\n{self.caplog.text}\n{self.at.settings!r}")
        found += canary.in_traces(self.at.settings.data_dir)
        return found + canary.in_files(Path(tempfile.gettempdir()))

    def struck_by(self, fault: Fault) -> list[str]:
        """The words that get out where nothing else is answered, and where some lists are."""
        faults = self.at.box.faults
        faults.add(fault)
        found = self.of("threads")
        faults.clear()
        faults.add(replace(fault, path="/threads"))
        faults.add(replace(fault, path="/portal"))
        return found + self.of("threads", "contact_portals", full=True)


@pytest.fixture
def leavings(
    planted: Bench,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Leavings]:
    """Everybody's log is heard, down to the finest; the connector itself silences httpx.

    Each test has a budget of its own: together they would ask more than a key may in a minute.
    """
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level("DEBUG")
    yield Leavings(planted, caplog)
    planted.box.faults.clear()


def test_b24_a_run_that_succeeds_leaves_no_word(leavings: Leavings) -> None:
    assert leavings.of(*canary.STREAMS_OF_CUSTOMERS, full=True) == []
    assert leavings.caplog.records


@pytest.mark.parametrize("kind", few(BY_KIND, 5))
def test_b24_no_fault_brings_a_word_out(leavings: Leavings, kind: str) -> None:
    assert leavings.struck_by(Fault(kind, rate=1.0)) == []


@pytest.mark.parametrize(("status", "body"), few(QUOTING, 5), ids=lambda value: str(value)[:5])
def test_b24_no_answer_that_quotes_customers_is_quoted(
    leavings: Leavings, status: int, body: str
) -> None:
    fault = Fault("answer", rate=1.0, status=status, body=body.encode())
    assert leavings.struck_by(fault) == []


def test_b24_a_key_that_is_refused_is_not_named(leavings: Leavings) -> None:
    settings = replace(leavings.at.settings, api_key=f"{canary.KEY}-unknown")
    assert Leavings(replace(leavings.at, settings=settings), leavings.caplog).of("tags") == []


def test_b24_the_key_is_in_no_file_and_the_text_is_in_the_data(planted: Bench) -> None:
    """The search would find it: what customers wrote is there, where it belongs."""
    assert canary.key_in_data(planted.settings.data_dir) == []
    for stream in canary.STREAMS_OF_CUSTOMERS:
        found = planted.query(
            f"SELECT count(*) FROM main.{stream} t WHERE t::VARCHAR LIKE '%{canary.TEXT}%'"
        )
        assert found > [(0,)], stream
    assert planted.query(
        f"SELECT count(*) FROM meta.rejected_rows WHERE record LIKE '%{canary.TEXT}%'"
    ) == [(4,)]
