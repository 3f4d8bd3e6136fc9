"""Plays one schedule on a small sandbox and says what came of it."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from connector import errors
from connector.lake import Lake
from connector.sandbox import Clock, Fault, Readings, Request, Sandbox
from connector.settings import Settings
from connector.warehouse import rebuild
from schemas import STREAMS
from tests.bench import START
from tests.soak import apart, judge, works
from tests.soak.changes import happen
from tests.soak.schedule import Schedule, Step, Work
from tests.soak.world import World

SIZES = {
    "contacts": 4, "companies": 3, "tags": 3, "docs_articles": 5, "members": 3, "issues": 2,
    "projects": 2, "docs_groups": 3, "docs_drafts": 1, "changelogs": 1, "snippets": 1,
    "blocked_senders": 9,
}  # fmt: skip


@dataclass
class Tally:
    """What was counted; `findings` says what the last four counted, word for word."""

    schedules: int = 0
    requests: int = 0
    faults: int = 0
    crashes: int = 0
    syncs: int = 0
    lost: int = 0
    doubled: int = 0
    invented: int = 0
    otherwise_wrong: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def note(self, name: str, findings: list[str]) -> None:
        """Sort findings by the word in them."""
        for finding in findings:
            words = ("lost", "doubled", "invented")
            kind = next((word for word in words if word in finding), "otherwise_wrong")
            setattr(self, kind, getattr(self, kind) + 1)
            self.findings.append(f"{name}: {finding}")


def play(schedule: Schedule) -> Tally:
    """Play a schedule in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        made = _Play(schedule, Path(folder))
        with made.box:
            made.run()
        return made.tally


class _Play:
    def __init__(self, schedule: Schedule, folder: Path) -> None:
        self.schedule, self.tally = schedule, Tally(schedules=1)
        readings = Readings(**dict(schedule.readings))
        self.box = Sandbox(
            schedule.threads, readings=readings, clock=Clock(START, running=False), **SIZES
        )
        self.box.workspace.visibility_lag = schedule.visible_after
        self.world = World(self.box.workspace)
        self.seen = judge.Seen()
        self.settings = Settings(
            api_key=self.box.key,
            base_url=self.box.url,
            data_dir=folder / "data",
            overlap=timedelta(seconds=schedule.overlap),
        )
        self._asked: Counter[str] = Counter()
        self._apart: list[apart.Apart] = []
        self._begun = 0

    def run(self) -> None:
        for step in self.schedule.steps:
            self._step(step)
        self._settle()
        self.tally.requests = len(self.box.requests)

    # -- one step --------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self.box.clock.advance(step.pause)
        for change in step.before:
            happen(self.world, change)
        self._asked.clear()
        self.box.before_each(lambda request: self._before(step, request))
        for one in step.troubles:
            rate, at = one.percent / 100, one.at or None
            self.box.faults.add(Fault(one.kind, path=one.path, rate=rate, at=at))
        failed = self._work(step.works)
        self.tally.faults += self.box.faults.struck
        self.box.faults.clear()
        self.box.clear_hooks()
        if not step.troubles:
            self.tally.note(self.schedule.name, [f"failed without a fault: {f}" for f in failed])
        self.seen.look(self.settings.data_dir, self.schedule.streams)

    def _before(self, step: Step, request: Request) -> None:
        """What happens just before a request is answered."""
        self.box.clock.advance(step.tick)
        stream = _stream_of(request.path)
        self._asked[stream] += 1
        for one in step.between:
            if (one.stream, one.nth) == (stream, self._asked[stream]):
                happen(self.world, one.change)
        for process in self._apart:
            process.heard()

    def _work(self, pieces: tuple[Work, ...]) -> list[str]:
        """Do one or two pieces of work at once; returns what failed."""
        self.tally.syncs += sum(one.op in works.SYNCS for one in pieces)
        # The list is complete before the first request can arrive.
        self._apart = [self._begin(one) for one in pieces if one.apart]
        failed = [line for one in pieces if not one.apart for line in self._here(one)]
        for process in self._apart:
            code = process.wait()
            self.tally.crashes += code == -9
            if code != 0 and not (code == -9 and process.work.dies):
                said = process.said.read_text() if process.said.exists() else ""
                failed.append(f"{process.work.op} apart ended with {code}: {said}")
        self._apart = []
        return failed

    def _begin(self, work: Work) -> apart.Apart:
        self._begun += 1
        said = self.settings.data_dir.parent / f"said-{self._begun}"
        return apart.begin(work, self._settings(work), self.schedule.skew, said)

    def _settings(self, work: Work) -> Settings:
        return replace(self.settings, page_size=work.page_size)

    def _here(self, work: Work) -> list[str]:
        try:
            return works.do(work, self._settings(work), self.schedule.skew)
        except errors.ConnectorError as fault:
            return [str(fault)]

    # -- the end ---------------------------------------------------------------------------

    def _settle(self) -> None:
        """The source is quiet; one sync and one full walk succeed; then nothing may be wrong."""
        space, memory, name = self.box.workspace, self.world.memory, self.schedule.name
        streams, data_dir = self.schedule.streams, self.settings.data_dir
        self.world.heal()
        for op in (*self._resumed(), "sync", "full"):
            if op == "full":
                self.tally.note(name, judge.passed_by(data_dir, space, streams, memory))
            self.box.clock.advance(3600)
            failed = self._work((Work(op, streams, 200),))
            self.tally.note(name, [f"failed in the end: {one}" for one in failed])
            if failed:
                return
        self.tally.note(name, judge.differences(data_dir, space, streams, memory, self.seen))
        if self.schedule.rebuilt:
            self.tally.note(name, self._rebuilt())

    def _resumed(self) -> tuple[str, ...]:
        """A walk that was cut short goes on with pages of that time, and closes no more than it
        did then: what has changed since comes with the sync after.
        """
        staged = any((self.settings.data_dir / "lake" / "_staging").glob("*-*"))
        return ("sync",) if staged else ()

    def _rebuilt(self) -> list[str]:
        """Tables that are others when they are made of the lake again."""
        work_file = self.settings.data_dir / "_work" / "warehouse.duckdb"
        before = _tables(work_file, self.schedule.streams)
        rebuild(Lake(self.settings.data_dir))
        after = _tables(work_file, self.schedule.streams)
        return [f"rebuilt otherwise: {name}" for name in before if before[name] != after[name]]


_PATHS = {
    stream: re.compile(re.sub(r"\{\w+\}", "[^/]+", endpoint.path))
    for stream, endpoint in STREAMS.items()
}


def _stream_of(path: str) -> str:
    return next((stream for stream, form in _PATHS.items() if form.fullmatch(path)), "")


def _tables(work_file: Path, streams: tuple[str, ...]) -> dict[str, list[Any]]:
    names = [f"{schema}.{stream}" for schema in ("main", "past") for stream in streams]
    names += [f"meta.{one}" for one in ("walks", "windows", "parents", "missing", "rejected_rows")]
    with duckdb.connect(str(work_file), read_only=True) as con:
        return {
            name: con.execute(f"SELECT t::VARCHAR FROM {name} t ORDER BY 1").fetchall()
            for name in names
        }
