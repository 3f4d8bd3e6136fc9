"""The writes: contacts with their validation, and a few more (REFERENCE 3, 4, 15)."""

from __future__ import annotations

import re
from typing import Any

import orjson

from connector.sandbox.answers import Ask, Handler, Route, require_row
from connector.sandbox.refusal import Refusal, invalid, invalid_all, not_found
from connector.sandbox.rows import Record

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
SELECTORS = ("company_id", "company_name", "company_external_id")


def writing_routes() -> list[Route]:
    """Every write that the sandbox understands."""
    contacts, companies = ("contacts:write",), ("companies:write",)
    return [
        Route("POST", "/contacts", contacts, create_contact),
        Route("PATCH", "/contacts/{id}", contacts, update_contact),
        Route("DELETE", "/contacts/{id}", contacts, delete("contacts")),
        Route("POST", "/contacts/blocked-senders", contacts, block_sender),
        Route("DELETE", "/contacts/blocked-senders/{id}", contacts, delete("blocked_senders")),
        Route("POST", "/contacts/{id}/companies", contacts, join_company),
        Route("DELETE", "/contacts/{id}/companies/{company_id}", contacts, leave_company),
        Route("POST", "/companies/{id}/merge", companies, merge),
        Route("DELETE", "/companies/{id}", companies, delete("companies")),
        Route("DELETE", "/threads/{id}", ("threads:write",), delete("threads")),
        Route("DELETE", "/tags/{id}", ("tags:write",), delete("tags")),
        Route("DELETE", "/changelog-tags/{id}", ("changelogs:write",), delete_changelog_tag),
    ]


def _json(ask: Ask) -> Record:
    try:
        body = orjson.loads(ask.body)
    except orjson.JSONDecodeError as error:
        raise invalid("", "The body is not valid JSON") from error
    if not isinstance(body, dict):
        raise invalid("", "Expected an object")
    return body


def create_contact(ask: Ask) -> bytes:
    """POST /contacts; an address that exists already is a conflict (inferred)."""
    body, space = _json(ask), ask.space
    _check_contact(body, required=True)
    with space.lock:
        if space.contact_of(body["email"]) is not None:
            raise Refusal(409, "conflict", "A contact with this email already exists.")
        company = _company(ask, body)
        blank: Record = {"name": None, "image_url": None, "is_subscribed": True, "external_ids": {}}
        ids = [company] if company else []
        fields = {**blank, **_own(body), "company_id": company, "company_ids": ids}
        return _contact(ask, space.create("contacts", **fields))


def update_contact(ask: Ask) -> bytes:
    """PATCH /contacts/{id}."""
    body, space, key = _json(ask), ask.space, ask.params["id"]
    with space.lock:
        require_row(space, "contacts", key)
        _check_contact(body, required=False)
        fields = _own(body)
        if "email" in body and space.contact_of(body["email"]) not in (None, key):
            raise Refusal(409, "conflict", "Another contact has this email.")
        if any(name in body for name in SELECTORS):
            fields["company_id"] = _company(ask, body)
        space.update("contacts", key, **fields)
        return _contact(ask, key)


def _own(body: Record) -> Record:
    names = ("email", "name", "image_url", "is_subscribed", "external_ids")
    return {name: body[name] for name in names if name in body}


def _contact(ask: Ask, key: str) -> bytes:
    return orjson.dumps(ask.space.single("contacts", ask.space.tables["contacts"].rows[key]))


def _check_contact(body: Record, *, required: bool) -> None:
    complaints = [*_check_email(body, required=required), *_check_texts(body)]
    picture = body.get("image_url")
    if picture is not None and not str(picture).startswith(("http://", "https://")):
        complaints.append(("image_url", "Invalid url"))
    if not isinstance(body.get("is_subscribed", True), bool):
        complaints.append(("is_subscribed", "Expected boolean"))
    if not isinstance(body.get("external_ids", {}), dict | list):
        complaints.append(("external_ids", "Expected object or array"))
    if len(named := [name for name in SELECTORS if body.get(name) is not None]) > 1:
        complaints.append((named[1], f"At most one of {', '.join(SELECTORS)} may be given"))
    if complaints:
        raise invalid_all(complaints)


def _check_email(body: Record, *, required: bool) -> list[tuple[str, str]]:
    if "email" not in body:
        return [("email", "Required")] if required else []
    email = body["email"]
    if not isinstance(email, str) or not EMAIL.fullmatch(email):
        return [("email", "Invalid email")]
    return [("email", "String must contain at most 254 character(s)")] if len(email) > 254 else []


def _check_texts(body: Record) -> list[tuple[str, str]]:
    texts = ((name, body[name]) for name in ("name", *SELECTORS) if body.get(name) is not None)
    wrong = [name for name, t in texts if not isinstance(t, str) or not 1 <= len(t) <= 255]
    return [(name, "Expected a string of 1 to 255 characters") for name in wrong]


def _company(ask: Ask, body: Record) -> str | None:
    """The company that a selector means; a name must fit exactly one."""
    if (key := body.get("company_id")) is not None:
        require_row(ask.space, "companies", key)
        return str(key)
    if (name := body.get("company_name")) is not None:
        return _only(ask, "company_name", lambda record: record["name"] == name)
    if (own := body.get("company_external_id")) is not None:
        return _only(
            ask, "company_external_id", lambda record: own in (record["external_ids"] or ())
        )
    return None


def _only(ask: Ask, selector: str, fits: Any) -> str:
    space = ask.space
    rows = space.tables["companies"].living()
    found = [row.key for row in rows if fits(space.record("companies", row))]
    if not found:
        raise not_found("Company")
    if len(found) > 1:
        raise Refusal(409, "conflict", f"{selector} fits {len(found)} companies.")
    return found[0]


def delete(stream: str) -> Handler:
    """The handler that deletes one row; answers `{id, deleted}` (REFERENCE 1.8)."""

    def handle(ask: Ask) -> bytes:
        key = ask.params["id"]
        with ask.space.lock:
            require_row(ask.space, stream, key)
            ask.space.delete(stream, key)
        return orjson.dumps({"id": key, "deleted": True})

    return handle


def delete_changelog_tag(ask: Ask) -> bytes:
    """DELETE /changelog-tags/{id}: hard, and on the Scale plan only (REFERENCE 1.7)."""
    if ask.space.readings.plan != "scale":
        raise Refusal(403, "forbidden", "Changelog tags can be managed on the Scale plan.")
    return delete("changelog_tags")(ask)


def block_sender(ask: Ask) -> bytes:
    """POST /contacts/blocked-senders."""
    body, space = _json(ask), ask.space
    if body.get("type") not in ("EMAIL", "DOMAIN"):
        raise invalid("type", "Invalid enum value. Expected EMAIL | DOMAIN")
    if not isinstance(body.get("value"), str):
        raise invalid("value", "Required")
    with space.lock:
        key = space.create("blocked_senders", type=body["type"], value=body["value"])
        row = space.tables["blocked_senders"].rows[key]
        return orjson.dumps(space.single("blocked_senders", row))


def join_company(ask: Ask) -> bytes:
    """POST /contacts/{id}/companies: idempotent; becomes primary if there is none."""
    space, key = ask.space, ask.params["id"]
    with space.lock:
        require_row(space, "contacts", key)
        company = _company(ask, _json(ask))
        if company is None:
            raise invalid("company_id", "Required")
        ids = space.record("contacts", space.tables["contacts"].rows[key])["company_ids"]
        if company not in ids:
            _members_of(ask, key, [*ids, company])
        return _contact(ask, key)


def leave_company(ask: Ask) -> bytes:
    """DELETE /contacts/{id}/companies/{company_id}."""
    space, key = ask.space, ask.params["id"]
    with space.lock:
        require_row(space, "contacts", key)
        ids = space.record("contacts", space.tables["contacts"].rows[key])["company_ids"]
        if ask.params["company_id"] not in ids:
            raise not_found("Membership")
        _members_of(ask, key, [one for one in ids if one != ask.params["company_id"]])
        return _contact(ask, key)


def _members_of(ask: Ask, key: str, ids: list[str]) -> None:
    ask.space.update("contacts", key, company_id=ids[0] if ids else None, company_ids=ids)


def merge(ask: Ask) -> bytes:
    """POST /companies/{id}/merge: `source_id` is absorbed, irreversibly."""
    space, winner, loser = ask.space, ask.params["id"], _json(ask).get("source_id")
    if not isinstance(loser, str) or loser == winner:
        raise invalid("source_id", "Expected the id of another company")
    with space.lock:
        require_row(space, "companies", winner)
        require_row(space, "companies", loser)
        space.merge_companies(winner, loser)
        return orjson.dumps(space.single("companies", space.tables["companies"].rows[winner]))
