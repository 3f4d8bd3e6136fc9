"""A push that is killed, stopped, run twice at once, or beside a sync: nothing is written twice,
and no attempt is missing from the audit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from connector.lake import Lake
from connector.sandbox import Fault, Request
from connector.warehouse import opened, rebuild
from tests.cli.conftest import connected, ended
from tests.engine import killed as sync_killed
from tests.few import few
from tests.push.pushed import Desk

pytestmark = pytest.mark.long

NEVER = "1000000000"


def rows(desk: Desk, number: int = 3) -> list[dict[str, object]]:
    return [desk.told(n, name=f"Ada {n}") for n in range(number)]


def started(desk: Desk, fatal: str, *, number: int = 3) -> subprocess.Popen[str]:
    """A push of some rows in a process of its own."""
    settings, file = desk.at.settings, desk.file(*rows(desk, number))
    return subprocess.Popen(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", "tests.push.killed", settings.base_url, settings.api_key,
         str(settings.data_dir), fatal, str(file)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def effects(desk: Desk) -> Counter[str]:
    """How often the API has changed each contact."""
    return Counter(r.path.rpartition("/")[2] for r in desk.patches() if r.status == 200)


def audited(desk: Desk) -> Counter[tuple[str, str]]:
    return Counter(desk.writes('"key", outcome'))


def check_all_is_written_once(desk: Desk, number: int = 3) -> None:
    ids = [desk.contacts[n]["id"] for n in range(number)]
    assert [desk.now(n)["name"] for n in range(number)] == [f"Ada {n}" for n in range(number)]
    assert effects(desk) == Counter(ids)
    assert audited(desk) >= Counter((key, "done") for key in ids)
    assert len(desk.patches()) <= audited(desk).total()
    assert "begun" not in {outcome for _, outcome in audited(desk)}
    assert desk.at.differences("contacts") == []


@pytest.mark.parametrize("took_effect", [True, pytest.param(False, marks=pytest.mark.long)])
def test_killed_between_request_and_answer_the_next_push_finds_out_and_writes_nothing_twice(
    at_desk: Desk, took_effect: bool
) -> None:
    box = at_desk.at.box
    if not took_effect:
        box.faults.add(Fault("reset", method="PATCH", handled=False))
    process = started(at_desk, NEVER, number=2)

    def kill(request: Request) -> None:
        if request.method == "PATCH" and len(at_desk.patches()) == 1:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    box.before_each(kill)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    box.clear_hooks()
    done = at_desk.push(*rows(at_desk, 2))
    assert [one.outcome for one in done.settled] == ["done" if took_effect else "not_done"]
    assert [r.outcome for r in done.results] == [
        "already" if took_effect else "written", "written",
    ]  # fmt: skip
    attempts = at_desk.writes("outcome, answer_lost, attempt")
    assert attempts[0] == ("done" if took_effect else "not_done", True, 1)
    assert len(at_desk.patches()) == len(attempts)
    before = at_desk.at.query("FROM meta.writes ORDER BY write")
    rebuild(Lake(at_desk.at.settings.data_dir))
    with opened(Lake(at_desk.at.settings.data_dir)) as warehouse:
        again = warehouse.con.execute("FROM meta.writes ORDER BY write").fetchall()
    assert again == before
    assert at_desk.at.differences("contacts") == []
    assert set(effects(at_desk).values()) <= {1}


@pytest.mark.long
@pytest.mark.parametrize(
    "fatal",
    few(
        ["append:2", "append:7", "_apply:1", "fsync:3", "publish:1", "append:1", "append:3",
         "append:6", "append:8", "record:1", "rename:1", "fsync:9", "unlink:2"], 3
    ),
)  # fmt: skip
def test_killed_at_any_write_to_the_disk_it_goes_on_with_the_next_push(
    at_desk: Desk, fatal: str
) -> None:
    process = started(at_desk, fatal)
    _, said = process.communicate(timeout=200)
    assert process.returncode == -signal.SIGKILL, said
    at_desk.push(*rows(at_desk))
    rebuild(Lake(at_desk.at.settings.data_dir))
    at_desk.at.sync("contacts")
    ids = {desk_row["id"] for desk_row in rows(at_desk)}
    assert set(effects(at_desk)) == ids
    check_all_is_written_once(at_desk)


@pytest.mark.long
def test_stopped_by_ctrl_c_it_ends_the_write_under_way_and_says_how_to_go_on(
    at_desk: Desk,
) -> None:
    box = at_desk.at.box
    cli = connected(at_desk.at.settings.data_dir.parent, box)
    file = at_desk.file(*rows(at_desk))
    process = cli.start("contacts", "push", "--from", str(file), "--apply")

    def stop(request: Request) -> None:
        if request.method == "PATCH" and len(at_desk.patches()) == 1:
            process.send_signal(signal.SIGINT)

    box.before_each(stop)
    said = ended(process)
    box.clear_hooks()
    assert said.code == 130
    assert "Stopped after the write under way" in said.err
    assert "1 written, 2 not tried" in said.err
    assert at_desk.writes() == [("done", False)]
    assert at_desk.at.query(
        "SELECT ended FROM meta.runs WHERE command = 'contacts push'"
    ) == [("stopped",)]  # fmt: skip
    again = at_desk.push(*rows(at_desk))
    assert len(again.results) == 2
    check_all_is_written_once(at_desk)


@pytest.mark.long
def test_of_two_pushes_at_once_each_contact_is_written_by_one(at_desk: Desk) -> None:
    processes = [started(at_desk, NEVER, number=6) for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    check_all_is_written_once(at_desk, 6)
    assert len(at_desk.patches()) == 6


@pytest.mark.long
def test_a_push_beside_a_sync_loses_nothing(at_desk: Desk) -> None:
    settings = at_desk.at.settings
    process = subprocess.Popen(  # noqa: S603  # our own module, in this interpreter
        [sys.executable, "-m", sync_killed.__name__, settings.base_url, settings.api_key,
         str(settings.data_dir), NEVER, "full", "2", "contacts", "companies"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    done = []

    def push(request: Request) -> None:
        if request.path == "/contacts" and not done:
            done.append(started(at_desk, NEVER))

    at_desk.at.box.before_each(push)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    _, said = done[0].communicate(timeout=200)
    assert done[0].returncode == 0, said
    at_desk.at.box.clear_hooks()
    at_desk.at.sync("contacts")
    check_all_is_written_once(at_desk)
