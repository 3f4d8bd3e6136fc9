"""The proof must hold where all is well, and notice whatever isn't."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from connector.demo.proof import Proof, prove
from connector.demo.questions import QUESTIONS
from connector.demo.story import an_afternoon
from connector.published import PUBLISHED, reading
from connector.sandbox import Readings, Sandbox
from connector.settings import Settings
from connector.sync import Order, sync
from schemas import STREAMS

SOME = ("threads", "contacts", "thread_messages", "workflow_states", "linear_options", "changelogs")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(threads=15) as running:
        yield running


@pytest.fixture(scope="module")
def settings(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(api_key=box.key, base_url=box.url, data_dir=tmp_path_factory.mktemp("proof"))
    asyncio.run(sync(made, Order(SOME)))
    return made


def proof_of(box: Sandbox, settings: Settings, *streams: str) -> Proof:
    with reading(settings.data_dir) as con:
        return prove(box.workspace, con, settings.data_dir / "lake", streams or SOME)


def test_holds_after_a_sync(box: Sandbox, settings: Settings) -> None:
    proof = proof_of(box, settings)
    assert proof.differences == []
    assert proof.holds
    assert proof.tables == len(SOME)
    assert proof.values > proof.rows > 100


@pytest.mark.parametrize(
    ("tampering", "complaint"),
    [
        ("UPDATE threads SET status = 'odd' WHERE id = (SELECT min(id) FROM threads)", "'odd'"),
        ("DELETE FROM threads WHERE id = (SELECT min(id) FROM threads)", "main.threads lacks"),
        ("INSERT INTO threads (id) VALUES ('ghost')", "too many"),
        ("INSERT INTO threads FROM threads LIMIT 1", "1 rows twice"),
        ("UPDATE threads SET created_at = created_at + INTERVAL 1 microsecond", "created_at is"),
        ("UPDATE contacts SET external_ids_hubspot = 'x'", "external_ids_hubspot is 'x'"),
        ("UPDATE linear_options SET tiers = '[]'", "tiers is []"),
        ("UPDATE contacts SET _extra = '{\"mood\": 1}'", "_extra is {'mood': 1}"),
        ("DELETE FROM external_ids WHERE entity_type = 'contact'", "main.external_ids"),
        ("INSERT INTO thread_tags VALUES ('a', 'b')", "main.thread_tags"),
        ("UPDATE threads SET _hash = 'other'", "lake/threads and main.threads differ"),
    ],
)
def test_notices_a_change_in_the_warehouse(
    box: Sandbox, settings: Settings, tmp_path: Path, tampering: str, complaint: str
) -> None:
    copy = tmp_path / PUBLISHED
    copy.write_bytes((settings.data_dir / PUBLISHED).read_bytes())
    with duckdb.connect(str(copy)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(tampering)
        proof = prove(box.workspace, con, settings.data_dir / "lake", SOME)
    assert not proof.holds
    assert any(complaint in difference for difference in proof.differences)


def test_notices_a_file_that_the_lake_lost(box: Sandbox, settings: Settings) -> None:
    file = next((settings.data_dir / "lake" / "threads").rglob("*.parquet"))
    hidden = file.rename(file.with_suffix(".hidden"))
    try:
        assert "lake/threads" in proof_of(box, settings).differences[0]
    finally:
        hidden.rename(file)


def test_notices_what_happened_since_the_last_sync(tmp_path: Path) -> None:
    with Sandbox(threads=10) as box:
        settings = Settings(api_key=box.key, base_url=box.url, data_dir=tmp_path)
        asyncio.run(sync(settings, Order(("threads",))))
        told = list(an_afternoon(box))
        assert not proof_of(box, settings, "threads").holds
        asyncio.run(sync(settings, Order(("threads",), full=True)))
        assert proof_of(box, settings, "threads").differences == []
    assert len(told) == 6


@pytest.mark.parametrize(
    "readings",
    [
        Readings(unknown_fields="some", external_ids="array"),
        Readings(date_form="offset", translations="shared_id", nullable="missing"),
        Readings(date_form="nanos", roadmap="array", linear="null"),
    ],
)
def test_holds_for_other_readings_of_the_api(tmp_path: Path, readings: Readings) -> None:
    streams = ("threads", "contacts", "changelogs", "docs_articles", "portal_roadmap")
    with Sandbox(threads=10, readings=readings) as box:
        settings = Settings(api_key=box.key, base_url=box.url, data_dir=tmp_path)
        asyncio.run(sync(settings, Order(streams)))
        assert proof_of(box, settings, *streams).differences == []


def test_the_questions_can_be_asked_of_an_empty_warehouse(tmp_path: Path) -> None:
    with Sandbox(threads=0, contacts=0, companies=0) as box:
        settings = Settings(api_key=box.key, base_url=box.url, data_dir=tmp_path)
        asyncio.run(sync(settings, Order(("threads", "thread_messages", "contacts", "companies"))))
    with reading(tmp_path) as con:
        for _, query in QUESTIONS:
            assert con.execute(query).fetchall() == []


def test_covers_every_stream_unless_told_otherwise() -> None:
    assert prove.__defaults__ == (STREAMS,)
