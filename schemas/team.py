"""Members, invites and snippets (REFERENCE 11 and 12).

Members and invites need the scope `admin`, the only one that also grants administration:
a connector must work without it. The envelope of both lists is unknown (open question 20): asked
like a list without pages, they may still answer with pages, which are then followed.
"""

from schemas.endpoint import Column, Endpoint

TEAM = (
    # No created_at and no updated_at (D): a change of role leaves no trace in time.
    Endpoint(
        stream="members",
        path="/members",
        area="team",
        meaning="People who work in the workspace",
        scopes=("admin",),
        asked="whole",
        columns=(
            Column("id", "text", "The user's id", "D"),
            Column("email", "text", "E-mail address", "D"),
            Column("name", "text", "Name", "D"),
            Column("image_url", "text", "Address of the picture", "D"),
            Column("role", "text", "ADMIN, USER or VIEWER", "D"),
            Column("joined_at", "stamp", "When they joined", "D"),
        ),
        evidence="D",
        paged=False,
        offered_with="a member list in this API version",
    ),
    Endpoint(
        stream="invites",
        path="/members/invites",
        area="team",
        meaning="Invitations to the workspace",
        scopes=("admin",),
        asked="whole",
        columns=(
            Column("id", "text", "The invitation's id", "D"),
            Column("email", "text", "E-mail address", "D"),
            Column("name", "text", "Name", "D"),
            Column("role", "text", "ADMIN, USER or VIEWER", "D"),
            Column("state", "text", "PENDING or ACCEPTED", "D"),
            Column("invited_by_id", "text", "The user who invited", "D", "members"),
            Column("created_at", "stamp", "When it was sent", "D"),
        ),
        evidence="I",
        paged=False,
        offered_with="a list of invitations in this API version",
    ),
    Endpoint(
        stream="snippets",
        path="/snippets",
        area="team",
        meaning="Prepared pieces of text",
        scopes=("snippets:read",),
        asked="whole",
        columns=(
            Column("id", "text", "The snippet's id"),
            Column("title", "text", "Title"),
            Column("html", "text", "HTML"),
            Column("folder_id", "text", "Its folder", refers="snippet_folders"),
            Column("created_at", "stamp", "When the snippet was made"),
            Column("updated_at", "stamp", "When the snippet last changed"),
        ),
        evidence="C",
        detail="/snippets/{id}",
        offered_with="the Pro plan",
    ),
    Endpoint(
        stream="snippet_folders",
        path="/snippets/folders",
        area="team",
        meaning="Folders of snippets",
        scopes=("snippets:read",),
        asked="whole",
        columns=(
            Column("id", "text", "The folder's id"),
            Column("name", "text", "Name"),
            Column("created_at", "stamp", "When the folder was made"),
            Column("updated_at", "stamp", "When the folder last changed"),
        ),
        evidence="C",
        offered_with="the Pro plan",
    ),
)
