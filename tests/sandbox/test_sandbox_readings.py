"""Each reading changes something that a client can see, and the oracle follows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from connector.sandbox import Clock, Readings, Sandbox
from schemas import STREAMS
from tests.few import few
from tests.sandbox.walking import Asker

ALTERNATIVES = list(Readings.alternatives())
SPREAD = [*ALTERNATIVES[::3], *ALTERNATIVES[1::3], *ALTERNATIVES[2::3]]
NAMES = [f"{name}={value}" for name, value, _ in SPREAD]
# The data follow from the clock: by the real one, any two sandboxes differ, whatever is read.
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
EXACT = "2026-01-01T00:00:00.123Z"


def small(readings: Readings | None = None) -> Sandbox:
    clock = Clock(START, running=False)
    return Sandbox(threads=24, readings=readings, limit=240, contacts=5, clock=clock)


@pytest.mark.parametrize(("name", "value", "readings"), few(SPREAD, len(SPREAD) // 3), ids=NAMES)
def test_a_reading_shows(name: str, value: str, readings: Readings):
    assert seen(readings) != seen(Readings())


@cache
def seen(readings: Readings) -> str:
    """Everything that a curious client sees, as one text without what differs by itself."""
    box = small(readings)
    with box:
        asker = Asker(box)
        try:
            text = repr([_answer(asker, path) for path in questions(box)] + later(box, asker))
        finally:
            asker.close()
    return re.sub(r"req_\d+", "req", text)


def _answer(asker: Asker, path: str) -> Any:
    asker.box.clock.advance(5)  # or the burst rule would answer instead
    response = asker.http.get(path)
    return response.status_code, response.text, "content-encoding" in response.headers


def questions(box: Sandbox) -> list[str]:
    space = box.workspace
    lists = [e.path for e in STREAMS.values() if "{" not in e.path and not e.each_team]
    thread, contact = space.ids("threads")[0], space.ids("contacts")[0]
    record = space.get("contacts", contact)
    company = record.get("company_id") or space.ids("companies")[0]
    pair = space.ids("companies")
    space.update("contacts", contact, company_ids=[pair[0], pair[1]], company_id=pair[0])
    stamped = space.create("threads", created_at=moment(EXACT), updated_at=moment(EXACT))
    cursor = Asker(box)
    page = cursor.get("/threads", status="done", limit=2).json()["page"]["cursor"]
    cursor.close()
    return [
        *lists,
        "/me",
        f"/threads/{thread}/messages",
        f"/threads/{stamped}",
        f"/contacts/{contact}/companies",
        f"/contacts?company_id={pair[1]}",
        f"/contacts?company_id={company}",
        f"/contacts?email={record['email'][:5]}",
        f"/threads?updated_after={EXACT}&limit=200",
        f"/threads?updated_before={EXACT}&limit=200",
        f"/threads?cursor={page}&limit=20",
        "/threads?limit=201",
        "/threads?colour=red",
        f"/portal/customer-portal?email={record['email']}",
    ]


def moment(text: str) -> Any:
    return datetime.fromisoformat(text.replace(".123", ".123456"))


def later(box: Sandbox, asker: Asker) -> list[Any]:
    """What shows only after changes: bumps, nested copies, deleted rows, windows."""
    space = box.workspace
    found: list[Any] = []
    box.clock.set(moment("2027-01-01T00:00:07Z"))
    linked = next(row for row in space.live("threads") if row["contact"] and row["company"])
    thread, before = linked["id"], linked["updated_at"]
    space.add_message(thread)
    found.append(space.get("threads", thread)["updated_at"] == before)
    space.update("contacts", linked["contact"]["id"], name="New name")
    found.append(space.get("threads", thread)["contact"])
    other = next(c for c in space.ids("companies") if c != linked["company"]["id"])
    space.merge_companies(other, linked["company"]["id"])
    found.append(space.get("threads", thread)["updated_at"] == before)
    space.delete("threads", thread)
    found.append(asker.get(f"/threads/{thread}").status_code)
    return found + hurry(box)


def hurry(box: Sandbox) -> list[Any]:
    """How many of many requests are let through, now and three seconds later."""
    asker = Asker(box, box.issue_key([]))
    first = sum(asker.get("/me").status_code == 200 for _ in range(100))
    box.clock.set(moment("2027-01-01T00:00:11Z"))
    second = sum(asker.get("/me").status_code == 200 for _ in range(100))
    asker.close()
    return [first, second]


def test_a_value_that_no_reading_has_is_refused():
    with pytest.raises(ValueError, match="bounds"):
        Readings(bounds="open")


def test_every_combination_of_flags_is_there_and_hidden_only_by_the_reading(ask):
    with Sandbox(threads=20, readings=Readings(hidden_by_default="flagged")) as box:
        asker: Asker = ask(box)
        articles = asker.everything("docs_articles")
        kinds = {(a["published"], a["archived"], a["visibility"], a["kind"]) for a in articles}
        assert len(kinds) == 2 * 2 * 4 * 2
        shown = asker.walk("/docs/articles")
        assert {(a["published"], a["archived"]) for a in shown} == {(True, False)}
        assert {(a["visibility"], a["kind"]) for a in shown} == {("public", "doc")}


def test_a_translation_is_served_in_place_of_its_base(ask):
    for value in Readings.choices()["translations"]:
        with Sandbox(threads=20, readings=Readings(translations=value)) as box:
            space = box.workspace
            base = next(r["id"] for r in space.live("changelogs") if not r["language"])
            space.add_translation("changelogs", base, "fr")
            answer = ask(box).get(f"/changelogs/{base}", language="fr").json()
            assert answer["language"] == "fr"
            assert ask(box).get(f"/changelogs/{base}").json()["language"] is None
            listed = [row["id"] for row in ask(box).walk("/changelogs")]
            assert listed.count(base) == (2 if value == "shared_id" else 1)
            assert (answer["id"] in listed) is (value != "not_listed" or answer["id"] == base)
