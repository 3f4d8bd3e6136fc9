"""Projects, issues and what Linear knows of their states (REFERENCE 5 and 6)."""

from __future__ import annotations

from connector.sandbox.entropy import Draw
from connector.sandbox.sample import words
from connector.sandbox.sample.customers import linear_id
from connector.sandbox.sample.seeds import Factory, Record, Seeds, sentences

TEAMS = ("ENG", "OPS")
STATES = (
    ("Triage", "triage"), ("Backlog", "backlog"), ("Todo", "unstarted"),
    ("In Progress", "started"), ("In Review", "started"), ("Done", "completed"),
    ("Canceled", "canceled"),
)  # fmt: skip
PROJECT_STATES = ("backlog", "planned", "started", "completed", "canceled")


def team(seeds: Seeds, number: int) -> str:
    """The id of one of the two Linear teams."""
    return linear_id(seeds, "team", number % len(TEAMS))


def project(seeds: Seeds, number: int) -> Record:
    """The n-th project."""
    draw = seeds.draw("projects", number)
    created, updated = seeds.stamps("projects", number, draw)
    state = draw.below(len(PROJECT_STATES))
    both = draw.chance(0.2)
    return {
        "id": draw.id(),
        "name": f"{draw.pick(words.FEATURES)} {number // len(words.FEATURES) + 1}",
        "description": None if draw.chance(0.3) else sentences(draw, 2),
        "icon": draw.pick(words.ICONS),
        "color": draw.pick(words.COLORS),
        "state": PROJECT_STATES[state],
        "linear_project_id": linear_id(seeds, "project", number),
        "linear_status_id": linear_id(seeds, "project-status", state),
        "linear_team_ids": [team(seeds, n) for n in ((0, 1) if both else (draw.below(2),))],
        "is_visible": draw.chance(0.6),
        "progress": draw.below(101) / 100,
        "sort_order": (draw.unit() - 0.5) * 1000,
        "upvotes": draw.below(60),
        "importance_score": draw.below(1000) / 10,
        "total_score": draw.below(5000) / 10,
        "created_at": created,
        "updated_at": updated,
    }


def issue(seeds: Seeds, number: int) -> Record:
    """The n-th issue."""
    draw = seeds.draw("issues", number)
    created, updated = seeds.stamps("issues", number, draw)
    return {
        "id": draw.id(),
        "title": f"{draw.pick(words.SUBJECTS)} (#{number + 1})",
        "description": None if draw.chance(0.4) else sentences(draw, 3),
        **_state(seeds, number, draw),
        "priority": draw.below(5),
        "project_id": seeds.some("projects", draw) if draw.chance(0.7) else None,
        "assignee_id": linear_id(seeds, "user", draw.below(5)) if draw.chance(0.6) else None,
        "label_ids": [linear_id(seeds, "label", n) for n in range(draw.below(3))],
        "linear_issue_id": linear_id(seeds, "issue", number),
        "is_visible": draw.chance(0.5),
        "total_score": draw.below(5000) / 10,
        "created_at": created,
        "updated_at": updated,
    }


def _state(seeds: Seeds, number: int, draw: Draw) -> Record:
    place, state = draw.below(len(TEAMS)), draw.below(len(STATES))
    state_id = linear_id(seeds, f"state/{place}", state)
    spoken = {"name": STATES[state][0], "type": STATES[state][1], "id": state_id}
    return {
        "identifier": f"{TEAMS[place]}-{number + 1}",
        "status": spoken[seeds.readings.issue_status],
        "state_id": state_id,
        "team_id": team(seeds, place),
    }


def workflow_state(seeds: Seeds, number: int) -> Record:
    """The n-th workflow state, the teams taking turns."""
    place, state = number % len(TEAMS), number // len(TEAMS) % len(STATES)
    return {
        "id": linear_id(seeds, f"state/{place}", state),
        "team_id": team(seeds, place),
        **_spoken(seeds, *STATES[state], number),
    }


def project_status(seeds: Seeds, number: int) -> Record:
    """The n-th status of projects."""
    name = PROJECT_STATES[number % len(PROJECT_STATES)]
    return {
        "id": linear_id(seeds, "project-status", number),
        **_spoken(seeds, name.title(), name, number),
    }


def _spoken(seeds: Seeds, name: str, kind: str, number: int) -> Record:
    color = words.COLORS[number % len(words.COLORS)]
    stamp = seeds.at(0) + number * seeds.readings.grain
    return {
        "name": name,
        "color": color,
        "type": kind,
        "created_at": stamp,
        "updated_at": stamp,
    }


FACTORIES: dict[str, Factory] = {
    "projects": project,
    "issues": issue,
    "workflow_states": workflow_state,
    "project_statuses": project_status,
}
