"""What happens in the demo's workspace between the first sync and the second.

Some of it moves `updated_at`, which the next sync sees; some doesn't, which takes a full walk.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from connector.sandbox import Sandbox, Workspace

HOUR = 3600.0


def an_afternoon(box: Sandbox) -> Iterator[str]:
    """Let an hour pass, then changes of every kind, then another hour; says what it did."""
    space, rng = box.workspace, random.Random(box.workspace.seed)
    box.clock.advance(HOUR)
    for happening in HAPPENINGS:
        yield happening(space, rng)
    box.clock.advance(HOUR)


def _some(space: Workspace, rng: random.Random, stream: str, share: int, least: int) -> list[str]:
    """One in `share` of a stream's rows, a few at least."""
    ids = space.ids(stream)
    return rng.sample(ids, min(len(ids), max(least, len(ids) // share)))


def _arrivals(space: Workspace, rng: random.Random) -> str:
    contacts = [space.create("contacts") for _ in range(6)]
    threads = [space.create("threads", contact_id=rng.choice(contacts)) for _ in range(12)]
    for thread in threads:
        space.add_message(thread, text="Could you look into this?", direction="inbound")
    return f"{len(contacts)} contacts wrote {len(threads)} new threads"


def _work(space: Workspace, rng: random.Random) -> str:
    done, tagged = _some(space, rng, "threads", 20, 5), _some(space, rng, "threads", 25, 4)
    for thread in done:
        space.update("threads", thread, status="done")
    for thread in tagged:
        space.update("threads", thread, tag_ids=[rng.choice(space.ids("tags"))])
    for issue in _some(space, rng, "issues", 10, 2):
        space.update("issues", issue, priority=1)
    return f"{len(done)} threads were marked as done, {len(tagged)} were tagged anew"


def _answers(space: Workspace, rng: random.Random) -> str:
    old = _some(space, rng, "threads", 20, 5)
    for thread in old:
        space.add_message(thread, text="It is fixed, thank you for waiting!", direction="outbound")
    noted = _some(space, rng, "threads", 40, 3)
    for thread in noted:
        space.add_comment(thread, content="<p>Asked again by phone.</p>")
    return f"{len(old)} old threads got an answer, {len(noted)} a note (no updated_at moves)"


def _merger(space: Workspace, rng: random.Random) -> str:
    winner, loser = rng.sample(space.ids("companies"), 2)
    names = [space.get("companies", key)["name"] for key in (winner, loser)]
    space.merge_companies(winner, loser)
    return f"{names[1]} was merged into {names[0]} (its contacts and threads move silently)"


def _losses(space: Workspace, rng: random.Random) -> str:
    lost = {stream: _some(space, rng, stream, 50, 2) for stream in ("threads", "contacts")}
    lost["issues"] = _some(space, rng, "issues", 50, 1)
    for stream, keys in lost.items():
        for key in keys:
            space.delete(stream, key)
    counts = ", ".join(
        f"{len(keys)} {stream if len(keys) > 1 else stream[:-1]}" for stream, keys in lost.items()
    )
    return f"{counts} were deleted"


def _bustle(space: Workspace, rng: random.Random) -> str:
    made = space.change_randomly(rng, 60)
    return f"{sum(made.values())} more changes of {len(made)} kinds"


HAPPENINGS: tuple[Callable[[Workspace, random.Random], str], ...] = (
    _arrivals,
    _work,
    _answers,
    _merger,
    _losses,
    _bustle,
)
