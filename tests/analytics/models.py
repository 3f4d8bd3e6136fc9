"""What each view must say, as a few lines of plain Python over rows; nothing here is SQL."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from statistics import median

from schemas import SYSTEMS
from tests.analytics.seen import LONG_AGO, Row, Seen

Model = Callable[[Seen], Iterable[Row]]


def nested(value: str | None, name: str) -> str | None:
    return (json.loads(value) or {}).get(name) if value else None


def thread_metrics(seen: Seen) -> Iterator[Row]:
    companies = seen.by_id("main.companies")
    for thread in seen.rows("main.threads"):
        said, noted = seen.said(thread["id"]), seen.noted(thread["id"])
        asked = min((m["created_at"] for m in said if m["direction"] == "inbound"), default=None)
        replies = [m["created_at"] for m in said if m["direction"] == "outbound"]
        answered = min((at for at in replies if asked and at > asked), default=None)
        lives = [v for v in seen.versions[thread["id"]] if not v["_deleted"]]
        done = [v for v in lives if v["status"] == "done"]
        since = [min(v["last_state_change_at"] or v["_valid_from"], v["_valid_from"]) for v in done]
        company = companies.get(thread["company_id"], {})
        names = ("id", "title", "origin", "status", "contact_id", "company_id", "assignee_id")
        yield {name: thread[name] for name in (*names, "created_at")} | {
            "company_name": company.get("name") or nested(thread["company"], "name"),
            "tier_name": company.get("tier_name"),
            "first_question_at": asked,
            "first_response_at": answered,
            "first_response_minutes": answered and (answered - asked) / timedelta(minutes=1),
            "done_at": min(since, default=None),
            "hours_to_done": None
            if not since
            else (min(since) - thread["created_at"]) / timedelta(hours=1),
            "replies": len(replies),
            "messages": len(said),
            "comments": len(noted),
            "reopenings": sum(
                one["status"] == "done" != two["status"] for one, two in pairwise(lives)
            ),
        }


def inbox_weekly(seen: Seen) -> Iterator[Row]:
    companies, found = seen.by_id("main.companies"), defaultdict(list)
    for thread in seen.rows("main.threads"):
        day = seen.day(thread["created_at"])
        tier = companies.get(thread["company_id"], {}).get("tier_name")
        found[day - timedelta(day.weekday()), thread["origin"], tier].append(thread["status"])
    for (week, origin, tier), statuses in found.items():
        yield {
            "week": week, "origin": origin, "tier_name": tier,
            "threads": len(statuses), "done": statuses.count("done"),
        }  # fmt: skip


def inbox_weekly_by_tag(seen: Seen) -> Iterator[Row]:
    tags, found = seen.by_id("main.tags"), defaultdict(list)
    for thread in seen.rows("main.threads"):
        day = seen.day(thread["created_at"])
        carried = list({tag["id"] for tag in json.loads(thread["tags"] or "[]")}) or [None]
        for tag in carried:
            found[day - timedelta(day.weekday()), tag].append(1 / len(carried))
    for (week, tag), shares in found.items():
        yield {
            "week": week, "tag_id": tag, "tag_name": tags.get(tag, {}).get("name"),
            "threads": len(shares), "threads_split": sum(shares),
        }  # fmt: skip


SPANS = {
    "less than 1 day": (0, 1), "1 to 3 days": (1, 3), "3 to 7 days": (3, 7),
    "7 to 30 days": (7, 30), "30 to 90 days": (30, 90), "90 days and more": (90, None),
}  # fmt: skip


def open_threads_by_age(seen: Seen) -> Iterator[Row]:
    threads = seen.rows("main.threads")
    for age, (first, last) in SPANS.items():
        old = [
            t
            for t in threads
            if first <= max(0, (seen.as_of - t["created_at"]).total_seconds() / 86400)
            and (last is None or (seen.as_of - t["created_at"]).total_seconds() / 86400 < last)
        ]
        opened = [t for t in old if t["status"] == "open"]
        yield {
            "age": age,
            "from_days": first,
            "to_days": last,
            "threads": len(opened),
            "waiting": sum(
                t["last_inbound_message_at"] > (t["last_outbound_message_at"] or LONG_AGO)
                for t in opened
                if t["last_inbound_message_at"]
            ),
            "unassigned": sum(not t["assignee_id"] for t in opened),
            "unread": sum(t["is_read"] is False for t in opened),
            "snoozed": sum(t["status"] == "snoozed" for t in old),
            "oldest_at": min((t["created_at"] for t in opened), default=None),
            "as_of": seen.as_of,
        }


def status_daily(seen: Seen) -> Iterator[Row]:
    """Day by day, thread by thread: which version held when the day ended, or none yet."""
    first, statuses = seen.day(seen.as_of), {"unknown"}
    for versions in seen.versions.values():
        statuses |= {v["status"] for v in versions}
        first = min(first, *(seen.day(min(v["_valid_from"], v["created_at"])) for v in versions))
    found = []
    for number in range((seen.day(seen.as_of) - first).days + 1):
        day, counts = first + timedelta(number), dict.fromkeys(statuses, 0)
        for versions in seen.versions.values():
            begin = versions[0]
            moved = max(begin["last_state_change_at"] or begin["_valid_from"], begin["created_at"])
            held = [v for v in versions if seen.day(v["_valid_from"]) <= day]
            if held and not held[-1]["_deleted"]:
                counts[held[-1]["status"]] += 1
            elif not held and seen.day(min(moved, begin["_valid_from"])) <= day:
                counts[begin["status"]] += 1
            elif not held and seen.day(begin["created_at"]) <= day:
                counts["unknown"] += 1
        found += [{"day": day, "status": s, "threads": n} for s, n in counts.items()]
    never = {s for s in statuses if not any(r["threads"] for r in found if r["status"] == s)}
    return (row for row in found if row["status"] not in never)


def status_changes(seen: Seen) -> Iterator[Row]:
    for key, versions in seen.versions.items():
        first, lives = versions[0], [v for v in versions if not v["_deleted"]]
        moved = max(first["last_state_change_at"] or first["_valid_from"], first["created_at"])
        since = [min(moved, first["_valid_from"]), *(v["_valid_from"] for v in versions[1:])]
        spans = [(v["status"], since[versions.index(v)], v["_valid_to"]) for v in lives]
        if first["created_at"] < since[0]:
            spans.append(("unknown", first["created_at"], since[0]))
        for status, begin, end in spans:
            row = {"thread_id": key, "status": status}
            yield row | {"changed_at": begin, "change": 1}
            if end:
                yield row | {"changed_at": end, "change": -1}


def contacts_wide(seen: Seen) -> Iterator[Row]:
    companies, threads = seen.by_id("main.companies"), seen.rows("main.threads")
    for contact in seen.rows("main.contacts"):
        own = [t for t in threads if t["contact_id"] == contact["id"]]
        company = companies.get(contact["company_id"], {})
        names = ("id", "email", "name", "is_subscribed", "created_at", "company_id")
        ids = json.loads(contact["external_ids"] or "{}")
        yield {
            **{name: contact[name] for name in names},
            **{
                f"company_{name}": company.get(name)
                for name in ("name", "status_name", "tier_name", "size", "revenue")
            },
            "company_owner_name": nested(company.get("owner"), "name"),
            "company_external_ids": sorted(json.loads(company.get("external_ids") or "[]")),
            "threads": len(own),
            "open_threads": sum(t["status"] == "open" for t in own),
            "last_thread_at": max((t["created_at"] for t in own), default=None),
            **{f"{system}_id": ids.get(system) for system in SYSTEMS},
            "other_ids": sorted(one for system, one in ids.items() if system not in SYSTEMS),
        }


def companies_overview(seen: Seen) -> Iterator[Row]:
    metrics, contacts = list(thread_metrics(seen)), seen.rows("main.contacts")
    merges = seen.rows("meta.company_merges")
    for company in seen.rows("main.companies"):
        own = [t for t in metrics if t["company_id"] == company["id"]]
        recent = [t for t in own if seen.as_of - t["created_at"] < timedelta(90)]
        asked = [t for t in recent if t["first_question_at"]]
        answered = sum(t["first_response_at"] is not None for t in recent) / max(1, len(asked))
        unfinished = sum(t["status"] == "open" for t in recent) / max(1, len(recent))
        waits = [t["first_response_minutes"] for t in own if t["first_response_at"]]
        troubled = (asked and answered < 0.5) or unfinished > 0.5
        yield {
            **{name: company[name] for name in ("id", "name", "status_name", "tier_name")},
            **{name: company[name] for name in ("revenue", "size")},
            "owner_name": nested(company["owner"], "name"),
            "contacts": sum(c["company_id"] == company["id"] for c in contacts),
            "threads": len(own),
            "open_threads": sum(t["status"] == "open" for t in own),
            "last_thread_at": max((t["created_at"] for t in own), default=None),
            "first_response_minutes": median(waits) if waits else None,
            "recent_threads": len(recent),
            "answered_share": answered if asked else None,
            "open_share": unfinished if recent else None,
            "health": ("attention" if troubled else "good") if recent else "quiet",
            "merged_from": sorted(m["loser_id"] for m in merges if m["winner_id"] == company["id"]),
        }


def weight(seen: Seen, contacts: set[str]) -> Row:
    """A company that asks five times counts once."""
    people, companies = seen.by_id("main.contacts"), seen.by_id("main.companies")
    asking = {people[c]["company_id"] for c in contacts if c in people} & set(companies)
    found = [companies[one] for one in asking]
    return {
        "contacts": len(contacts),
        "companies": len(found),
        "revenue": sum(company["revenue"] or 0 for company in found),
        "size": sum(company["size"] or 0 for company in found),
        "companies_of_unknown_revenue": sum(company["revenue"] is None for company in found),
    }


def feedback_by_issue(seen: Seen) -> Iterator[Row]:
    wishes = seen.rows("main.contact_issues")
    for issue in seen.rows("main.issues"):
        contacts = {w["contact_id"] for w in wishes if w["id"] == issue["id"]}
        names = ("identifier", "title", "status", "project_id")
        if contacts:
            own = {name: issue[name] for name in names}
            yield {"issue_id": issue["id"]} | own | weight(seen, contacts)


def feedback_by_project(seen: Seen) -> Iterator[Row]:
    issues = seen.by_id("main.issues")
    wishes = [(w["contact_id"], w["id"]) for w in seen.rows("main.contact_projects")]
    wishes += [
        (wish["contact_id"], issues.get(wish["id"], {}).get("project_id"))
        for wish in seen.rows("main.contact_issues")
    ]
    for project in seen.rows("main.projects"):
        contacts = {contact for contact, wish in wishes if wish == project["id"]}
        if contacts:
            own = {name: project[name] for name in ("name", "state")}
            yield {"project_id": project["id"]} | own | weight(seen, contacts)


def publications(seen: Seen) -> Iterator[Row]:
    """Asked of workspaces whose bases have no language: a translation is no entry."""
    for kind, table in (("changelog", "main.changelogs"), ("article", "main.docs_articles")):
        for row in seen.rows(table):
            if row["language"] is None:
                made, seen_now = row.get("date") or row["created_at"], not row["archived"]
                own = {name: row[name] for name in ("id", "title")}
                yield (
                    {"kind": kind, "made_at": made}
                    | own
                    | {"is_visible": row["published"] and seen_now}
                )


def publishing_cadence(seen: Seen) -> Iterator[Row]:
    entries = [(seen.day(p["made_at"]).replace(day=1), p) for p in publications(seen)]
    walks = [w for w in seen.rows("meta.walks") if w["stream"] in ("changelogs", "docs_articles")]
    month = min((entry[0] for entry in entries), default=None)
    last = max((seen.day(w["answered_at"]) for w in walks), default=None)
    while month and last and month <= last:
        for kind in ("changelog", "article"):
            own = [p["is_visible"] for at, p in entries if (at, p["kind"]) == (month, kind)]
            yield {"month": month, "kind": kind, "entries": len(own), "visible": sum(own)}
        month = (month + timedelta(32)).replace(day=1)


def team_workload(seen: Seen) -> Iterator[Row]:
    threads, members = seen.rows("main.threads"), seen.by_id("main.members")
    sent = [m for m in seen.rows("main.thread_messages") if m["direction"] == "outbound"]
    notes = seen.rows("main.thread_comments")
    busy = {t["assignee_id"] for t in threads} | {row["user_id"] for row in (*sent, *notes)}
    for user in busy | set(members):
        own = [t["status"] for t in threads if t["assignee_id"] == user]
        wrote = [row["created_at"] for row in (*sent, *notes) if row["user_id"] == user]
        member = members.get(user, {"name": None, "email": None, "role": None})
        yield {
            "user_id": user,
            "name": member["name"] or member["email"],
            "role": member["role"],
            **{f"{status}_threads": own.count(status) for status in ("open", "snoozed", "done")},
            "messages": sum(m["user_id"] == user for m in sent),
            "comments": sum(c["user_id"] == user for c in notes),
            "last_wrote_at": max(wrote, default=None),
        }


MODELS: dict[str, Model] = {
    model.__name__: model
    for model in (
        thread_metrics, inbox_weekly, inbox_weekly_by_tag, open_threads_by_age, status_changes,
        status_daily, contacts_wide, companies_overview, feedback_by_issue, feedback_by_project,
        publications, publishing_cadence, team_workload,
    )
}  # fmt: skip
