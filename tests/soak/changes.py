"""The kinds of change that a schedule can ask for, as functions of a world."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from schemas import STREAMS
from tests.soak.schedule import Change
from tests.soak.world import WORDS, World

OMITTED = {"threads": "pain_level", "contacts": "image_url", "docs_articles": "summary"}
"""A field of some streams that the API may cease to show."""


def happen(world: World, change: Change) -> None:
    """Make a change, if there is a row to change."""
    with world.space.lock:
        KINDS[change.kind](world, change)


def create(world: World, change: Change) -> None:
    world.space.create(change.stream)


def from_elsewhere(world: World, change: Change) -> None:
    """A backdated import: `import` in the schedules."""
    then = world.space.clock.now() - timedelta(hours=1 + change.size * 50)
    row = world.space.create(change.stream, created_at=then, updated_at=then)
    world.silently(change.stream, row)


def _edit(world: World, change: Change, stamp: bool | datetime) -> None:
    if row := world.pick(change):
        words = {WORDS[change.stream]: f"{change.kind} {change.size}"}
        world.space.update(change.stream, row, stamp=stamp, **words)
        world.silently(change.stream, row)
        if stamp is True:
            world.honestly(change.stream, row)


def update(world: World, change: Change) -> None:
    _edit(world, change, stamp=True)


def silent(world: World, change: Change) -> None:
    _edit(world, change, stamp=False)


def backdate(world: World, change: Change) -> None:
    _edit(world, change, world.space.clock.now() - timedelta(minutes=change.size**2))


def delete(world: World, change: Change) -> None:
    if row := world.pick(change):
        world.vanishes(change.stream, row)
        world.space.delete(change.stream, row)


def undelete(world: World, change: Change) -> None:
    if row := world.pick(change, deleted=True):
        world.space.undelete(change.stream, row)
        world.silently(change.stream, row)


def hide(world: World, change: Change) -> None:
    """The list leaves a row out for a while, but the row itself can be had: it is not gone."""
    if row := world.pick(change):
        until = world.space.clock.now() + timedelta(seconds=change.size * 20)
        world.space.hide_until(change.stream, row, until)
        world.silently(change.stream, row)
        world.memory.hidden.add((change.stream, world.key(change.stream, row)))
        if not STREAMS[change.stream].detail:
            world.vanishes(change.stream, row)


def merge(world: World, change: Change) -> None:
    loser = world.pick(change)
    others = [row for row in sorted(world.space.ids("companies")) if row != loser]
    if loser and others:
        world.vanishes("companies", loser)
        world.space.merge_companies(others[change.size % len(others)], loser)


def flip(world: World, change: Change) -> None:
    if row := world.pick(change):
        flag = ("published", "archived")[change.size % 2]
        table = world.space.tables[change.stream]
        now = world.space.record(change.stream, table.rows[row])[flag]
        world.space.update(change.stream, row, **{flag: not now})
        world.honestly(change.stream, row)


def retag(world: World, change: Change) -> None:
    row, tag = world.pick(change), world.pick(change, "tags")
    if row:
        world.space.update("threads", row, tag_ids=[tag] if tag else [])
        world.honestly("threads", row)


def message(world: World, change: Change) -> None:
    if row := world.pick(change, "threads"):
        way = ("inbound", "outbound")[change.size % 2]
        world.space.add_message(row, direction=way)


def comment(world: World, change: Change) -> None:
    if row := world.pick(change, "threads"):
        world.space.add_comment(row)


def edit_child(world: World, change: Change) -> None:
    if found := world.pick_child(change):
        words: dict[str, Any] = {WORDS[change.stream]: f"edited {change.size}"}
        world.space.update(change.stream, found[1], parent=found[0], **words)


def drop_child(world: World, change: Change) -> None:
    if found := world.pick_child(change):
        world.vanishes(change.stream, found[1], found[0])
        world.space.delete(change.stream, found[1], found[0])


def hide_child(world: World, change: Change) -> None:
    """No child can be asked for by itself: one that its list leaves out looks deleted."""
    if found := world.pick_child(change):
        world.vanishes(change.stream, found[1], found[0])
        until = world.space.clock.now() + timedelta(seconds=change.size * 20)
        world.space.hide_until(change.stream, found[1], until, found[0])


def schema(world: World, change: Change) -> None:
    omitted = OMITTED.get(change.stream)
    if omitted and change.size % 3 == 0:
        world.space.schema_change(change.stream, remove=(omitted,))
    else:
        added = {f"field_{change.size % 4}": (change.size, f"{change.size}", None)[change.pick % 3]}
        world.space.schema_change(change.stream, add=added)


def spoil(world: World, change: Change) -> None:
    """A record that can't be read, with its key or without."""
    if row := world.pick(change):
        key = zip(STREAMS[change.stream].key, world.key(change.stream, row), strict=True)
        named = "".join(f'"{name}": {json.dumps(value)}, ' for name, value in key)
        text = f'{{{named if change.size % 3 else ""}"b": 1, "b": 2}}'
        world.space.put_raw(change.stream, row, text)
        world.memory.spoilt.add((change.stream, row))
        world.silently(change.stream, row)


KINDS: dict[str, Callable[[World, Change], None]] = {
    one.__name__: one
    for one in (
        create, update, silent, backdate, delete, undelete, hide, merge, flip, retag, message,
        comment, edit_child, drop_child, hide_child, schema, spoil,
    )
} | {"import": from_elsewhere}  # fmt: skip
"""Every kind of change by its name in a schedule."""
