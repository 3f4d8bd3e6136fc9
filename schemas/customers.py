"""Contacts, companies and what hangs under them (REFERENCE 3 and 4)."""

from schemas.endpoint import Column, Endpoint, Parent, linked
from schemas.roadmap import ISSUE, PROJECT

CONTACT = (
    Column("id", "text", "The contact's id", "D"),
    Column("email", "text", "E-mail address", "D"),
    Column("name", "text", "Name, where known", "D"),
    Column("image_url", "text", "Address of the picture", "D"),
    Column("company_id", "text", "The primary company", "C", "companies"),
    Column("is_subscribed", "flag", "Receives changelog and update mails", "D"),
    Column("external_ids", "ids_by_system", "Ids in other systems, as the API gives them", "D"),
    Column("created_at", "stamp", "When the contact was made", "D"),
    Column("updated_at", "stamp", "When the contact last changed", "D"),
)

COMPANY = (
    Column("id", "text", "The company's id", "C"),
    Column("name", "text", "Name", "C"),
    Column("logo_url", "text", "Address of the logo", "C"),
    Column("domains", "texts", "Mail domains that belong to it", "C"),
    Column("size", "number", "Number of people", "C"),
    Column("revenue", "number", "Revenue, in the unit the workspace uses", "C"),
    Column("status_id", "text", "Linear customer status, by id", "C"),
    Column("status_name", "text", "Linear customer status, by name", "C"),
    Column("tier_id", "text", "Linear customer tier, by id", "C"),
    Column("tier_name", "text", "Linear customer tier, by name", "C"),
    Column("owner", "ref", "The Linear user who looks after it", "C"),
    Column("external_ids", "ids", "The caller's own ids, as the API gives them", "C"),
    Column("created_at", "stamp", "When the company was made", "C"),
    Column("updated_at", "stamp", "When the company last changed", "C"),
)

OF_CONTACT = Column("contact_id", "text", "The contact whose list this row is in", "C")

# Membership and links may change without touching the contact (REFERENCE 3, "Others"): the signal
# is the best there is, and a full walk asks for every contact.
PER_CONTACT = Parent("contacts", "contact_id", signal=("updated_at",))

CUSTOMERS = (
    Endpoint(
        stream="contacts",
        path="/contacts",
        area="customers",
        meaning="People who write in or are written about",
        scopes=("contacts:read",),
        asked="window",
        columns=CONTACT,
        evidence="C",
        detail="/contacts/{id}",
        sliced=True,
    ),
    Endpoint(
        stream="blocked_senders",
        path="/contacts/blocked-senders",
        area="customers",
        meaning="Addresses and domains whose mail is not taken in",
        scopes=("contacts:read",),
        asked="whole",
        columns=(
            Column("id", "text", "The entry's id", "C"),
            Column("type", "text", "EMAIL or DOMAIN", "C"),
            Column("value", "text", "The address or domain", "C"),
            Column("created_at", "stamp", "When it was blocked"),
            Column("updated_at", "stamp", "When the entry last changed"),
        ),
        evidence="C",
    ),
    Endpoint(
        stream="companies",
        path="/companies",
        area="customers",
        meaning="The companies that contacts belong to",
        scopes=("companies:read",),
        asked="window",
        columns=COMPANY,
        evidence="D",
        detail="/companies/{id}",
        sliced=True,
    ),
    # Without Linear the answer is `null` (C): an empty stream, not an error.
    Endpoint(
        stream="linear_options",
        path="/companies/linear-options",
        area="customers",
        meaning="The statuses and tiers that companies can have, one document",
        scopes=("companies:read",),
        asked="whole",
        columns=(
            Column("id", "text", "The stream's name: there is one document"),
            Column("statuses", "json", "List of {id, name, color}, or null"),
            Column("tiers", "json", "List of {id, name}, or null"),
        ),
        evidence="C",
        paged=False,
        shape="document",
        offered_with="Linear connected",
    ),
    Endpoint(
        stream="contact_companies",
        path="/contacts/{contact_id}/companies",
        area="customers",
        meaning="All companies of each contact",
        scopes=("contacts:read", "companies:read"),
        asked="whole",
        columns=(OF_CONTACT, *linked(COMPANY, "companies")),
        evidence="C",
        key=("contact_id", "id"),
        paged=False,
        parent=PER_CONTACT,
        by_name=True,
    ),
    Endpoint(
        stream="contact_issues",
        path="/contacts/{contact_id}/issues",
        area="customers",
        meaning="Issues linked through the customer needs of each contact's threads",
        scopes=("contacts:read", "issues:read"),
        asked="whole",
        columns=(OF_CONTACT, *linked(ISSUE, "issues")),
        evidence="C",
        key=("contact_id", "id"),
        parent=PER_CONTACT,
        by_name=True,
    ),
    Endpoint(
        stream="contact_projects",
        path="/contacts/{contact_id}/projects",
        area="customers",
        meaning="Projects linked through the customer needs of each contact's threads",
        scopes=("contacts:read", "projects:read"),
        asked="whole",
        columns=(OF_CONTACT, *linked(PROJECT, "projects")),
        evidence="C",
        key=("contact_id", "id"),
        parent=PER_CONTACT,
        by_name=True,
    ),
    Endpoint(
        stream="contact_portals",
        path="/portal/customer-portal",
        area="customers",
        meaning="What each contact sees in the portal, one document per contact",
        scopes=("portal:read",),
        asked="whole",
        columns=(
            OF_CONTACT,
            Column("document", "json", "The portal's answer, as received"),
        ),
        evidence="C",
        key=("contact_id",),
        paged=False,
        shape="document",
        parent=Parent("contacts", "contact_id", signal=("updated_at",), query=("email", "email")),
        by_name=True,
        offered_with="the Scale plan",
    ),
)
