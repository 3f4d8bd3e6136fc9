from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.analytics.seen import Seen
from tests.bench import Bench, bench, connect
from tests.few import few

OTHERS = ("contacts", "companies", "tags", "members", "issues", "projects", "changelogs")
READ = (*OTHERS, "docs_articles", "threads", "thread_messages", "thread_comments")
MOVING = ("contacts", "companies", "threads", "thread_messages", "thread_comments")
WISHES = ("contact_issues", "contact_projects")


def live_through(at: Bench, seed: int) -> None:
    """Days of changes with syncs between them, and everything that a view has to notice."""
    space, rng = at.box.workspace, random.Random(seed)
    for stream in ("changelogs", "docs_articles"):
        for key in space.ids(stream)[:4]:
            space.add_translation(stream, key, "de")
    at.sync(*READ, *WISHES)
    for number in range(2):
        at.pass_time(rng.uniform(0.2, 4) * 86400)
        space.change_randomly(rng, 40)
        for row in space.ids("threads")[:8]:
            space.update("threads", row, status=("done", "open")[number])
        if number:
            companies = space.ids("companies")
            loser = next(
                c["company_id"] for c in space.live("contacts") if c["company_id"] in companies
            )
            winner = next(key for key in companies if key != loser)
            space.merge_companies(winner, loser)
            answer_well(at)
            space.create("companies", name="Silent Ltd")
        at.pass_time()
        at.sync(*(READ + WISHES if number else MOVING), full=bool(number))


def answer_well(at: Bench) -> None:
    """A company that is never kept waiting."""
    space = at.box.workspace
    company = space.create("companies", name="Well & Cared-for", revenue=10)
    for status in ("done", "done", "open"):
        thread = space.create("threads", company_id=company, status=status, tag_ids=[])
        at.pass_time(60)
        space.add_message(thread, direction="outbound", text="At once.")


@pytest.fixture(scope="session", params=few([1, 2], 1))
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    seed = request.param
    made = bench(tmp_path_factory.mktemp("lived"), threads=20, seed=seed)
    with made.box:
        live_through(connect(made), seed)
        yield made


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A workspace without a row, synced."""
    made = bench(tmp_path_factory.mktemp("untouched"), threads=0)
    with made.box:
        connect(made).sync("threads", "changelogs")
        yield made


@pytest.fixture
def seen(lived: Bench) -> Seen:
    return Seen(lived.settings.data_dir)
