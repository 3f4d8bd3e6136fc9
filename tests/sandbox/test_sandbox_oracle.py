"""`Workspace.live` is what a careful walk finds, for every stream under every reading."""

from __future__ import annotations

import random

import pytest

from connector.sandbox import Readings, Sandbox
from schemas import STREAMS
from tests.few import few
from tests.sandbox.walking import Asker, same

ALTERNATIVES = list(Readings.alternatives())


@pytest.mark.parametrize(
    ("name", "value", "readings"), few([("", "", Readings()), *ALTERNATIVES], 9)
)
def test_the_oracle_is_what_a_careful_walk_finds(name, value, readings, ask):
    with Sandbox(threads=12, readings=readings, contacts=4) as box:
        disturb(box)
        asker: Asker = ask(box)
        for stream in STREAMS:
            assert same(asker.everything(stream, limit=20), box.workspace.live(stream)), stream


def disturb(box: Sandbox) -> None:
    space = box.workspace
    threads, companies = space.ids("threads"), space.ids("companies")
    space.merge_companies(companies[0], companies[1])
    space.add_message(threads[0], direction="outbound")
    space.add_comment(threads[1])
    space.delete("threads", threads[2])
    space.delete("tags", space.ids("tags")[0])
    space.delete("changelog_tags", space.ids("changelog_tags")[0])
    space.create("docs_articles")
    space.add_translation("changelogs", space.ids("changelogs")[0], "fr")
    space.update("contacts", space.ids("contacts")[0], name="Somebody else")


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_mixture_of_changes_the_oracle_still_is_what_a_walk_finds(seed, ask):
    with Sandbox(threads=40, contacts=6) as box:
        counts = box.workspace.change_randomly(random.Random(seed), 120)
        assert len(counts) > 12
        asker: Asker = ask(box)
        for stream in STREAMS:
            assert same(asker.everything(stream), box.workspace.live(stream)), stream
