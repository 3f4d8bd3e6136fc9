"""Contacts, companies, blocked senders (REFERENCE 3 and 4)."""

from __future__ import annotations

from typing import Any

from connector.sandbox.entropy import Draw
from connector.sandbox.sample import words
from connector.sandbox.sample.seeds import Factory, Record, Seeds, full_name, slug

STATUSES = ("Prospect", "Trial", "Active", "Churned")
TIERS = ("Free", "Startup", "Business", "Enterprise")


def linear_id(seeds: Seeds, kind: str, number: int) -> str:
    """The id of something that lives in Linear."""
    return seeds.draw(f"linear/{kind}", number).id()


def company_of(seeds: Seeds, contact: int) -> str | None:
    """The primary company of the n-th contact; the first companies are huge, most are small."""
    draw = seeds.draw("membership", contact)
    if draw.chance(0.12):
        return None
    return seeds.ref("companies", int(seeds.sizes.get("companies", 0) * draw.unit() ** 2.5))


def contact(seeds: Seeds, number: int) -> Record:
    """The n-th contact."""
    draw = seeds.draw("contacts", number)
    created, updated = seeds.stamps("contacts", number, draw)
    name, company = full_name(draw), company_of(seeds, number)
    host = draw.pick(words.FREE_MAIL) if company is None else f"{company[:6]}.example"
    further = seeds.some("companies", draw) if company and draw.chance(0.06) else None
    return {
        "id": draw.id(),
        "email": f"{slug(name)}.{number}@{host}",
        "name": None if draw.chance(0.08) else name,
        "image_url": f"https://img.example/{number}.png" if draw.chance(0.4) else None,
        "company_id": company,
        "company_ids": list(dict.fromkeys(c for c in (company, further) if c)),
        "is_subscribed": not draw.chance(0.2),
        "external_ids": _systems(draw, number),
        "created_at": created,
        "updated_at": updated,
    }


def _systems(draw: Draw, number: int) -> dict[str, str]:
    if draw.chance(0.6):
        return {}
    names = ("intercom", "hubspot", "zendesk", "slack_channel", "front")
    found = {draw.pick(names): f"{number + 1000}"}
    return {**found, "plain": f"c_{number}"} if number % 9 == 0 else found


def company(seeds: Seeds, number: int) -> Record:
    """The n-th company."""
    draw = seeds.draw("companies", number)
    created, updated = seeds.stamps("companies", number, draw)
    name = f"{draw.pick(words.COMPANY_HEAD)} {draw.pick(words.COMPANY_TAIL)}"
    host = f"{slug(name).replace('.', '-')}-{number}.{draw.pick(words.ENDINGS)}"
    small = draw.chance(0.15)
    return {
        "id": draw.id(),
        "name": name if number % 4 else f"{name} {number}",
        "logo_url": None if draw.chance(0.3) else f"https://img.example/logo/{number}.svg",
        "domains": [] if draw.chance(0.1) else [host, f"mail.{host}"][: 1 + draw.below(2)],
        "size": None if small else int(10 ** (draw.unit() * 4.5)),
        "revenue": None if draw.chance(0.3) else int(10 ** (2 + draw.unit() * 5)),
        **_standing(seeds, draw),
        "owner": owner(seeds, draw.below(5)) if draw.chance(0.5) else None,
        "external_ids": [f"crm-{number}", f"erp-{number % 50}"][: draw.below(3)],
        "created_at": created,
        "updated_at": updated,
    }


def _standing(seeds: Seeds, draw: Draw) -> Record:
    status, tier = draw.below(len(STATUSES) + 1), draw.below(len(TIERS) + 1)
    known, ranked = status < len(STATUSES), tier < len(TIERS)
    return {
        "status_id": linear_id(seeds, "status", status) if known else None,
        "status_name": STATUSES[status] if known else None,
        "tier_id": linear_id(seeds, "tier", tier) if ranked else None,
        "tier_name": TIERS[tier] if ranked else None,
    }


def owner(seeds: Seeds, number: int) -> dict[str, Any]:
    """A Linear user who looks after companies."""
    draw = seeds.draw("linear/user", number)
    return {"id": draw.id(), "name": full_name(draw), "avatar_url": None}


def linear_options(seeds: Seeds) -> dict[str, Any]:
    """The statuses and tiers that companies can have."""
    return {
        "statuses": [
            {"id": linear_id(seeds, "status", n), "name": name, "color": words.COLORS[n]}
            for n, name in enumerate(STATUSES)
        ],
        "tiers": [
            {"id": linear_id(seeds, "tier", n), "name": name} for n, name in enumerate(TIERS)
        ],
    }


def blocked_sender(seeds: Seeds, number: int) -> Record:
    """The n-th blocked address or domain."""
    draw = seeds.draw("blocked_senders", number)
    created, updated = seeds.stamps("blocked_senders", number, draw)
    whole = draw.chance(0.4)
    value = f"spam{number}.test"
    return {
        "id": draw.id(),
        "type": "DOMAIN" if whole else "EMAIL",
        "value": value if whole else f"{slug(full_name(draw))}@{value}",
        "created_at": created,
        "updated_at": updated,
    }


FACTORIES: dict[str, Factory] = {
    "contacts": contact,
    "companies": company,
    "blocked_senders": blocked_sender,
}
