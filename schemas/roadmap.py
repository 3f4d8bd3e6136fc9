"""Projects and issues, which mirror Linear (REFERENCE 5 and 6).

All response fields are inferred. `total_score` moves with feedback and may not touch
`updated_at`; `sort=total_score` is never used, since what its cursor holds is unknown.
"""

from schemas.endpoint import Column, Endpoint

PROJECT = (
    Column("id", "text", "The project's id"),
    Column("name", "text", "Name", "C"),
    Column("description", "text", "Description", "C"),
    Column("icon", "text", "Icon", "C"),
    Column("color", "text", "Colour", "C"),
    Column("state", "text", "backlog, planned, started, completed or canceled", "C"),
    Column("linear_project_id", "text", "The project's id in Linear"),
    Column("linear_status_id", "text", "Linear's project status", "C", "project_statuses"),
    Column("linear_team_ids", "texts", "The Linear teams it belongs to"),
    Column("is_visible", "flag", "Shown on the portal", "C"),
    Column("progress", "number", "Share that is done, as Linear counts it"),
    Column("sort_order", "number", "Place in the roadmap"),
    Column("upvotes", "number", "Votes from the portal"),
    Column("importance_score", "number", "Importance, as Productlane weighs it"),
    Column("total_score", "number", "Score that moves with customer feedback", "C"),
    Column("created_at", "stamp", "When the project was made"),
    Column("updated_at", "stamp", "When the project last changed"),
)

ISSUE = (
    Column("id", "text", "The issue's id"),
    Column("title", "text", "Title", "C"),
    Column("description", "text", "Description", "C"),
    Column("status", "text", "Workflow state; an open set", "C"),
    Column("state_id", "text", "Linear workflow state, by id", "C", "workflow_states"),
    Column("priority", "number", "0 none, 1 urgent, then falling to 4", "C"),
    Column("project_id", "text", "The project it belongs to", "C", "projects"),
    Column("assignee_id", "text", "The Linear user in charge", "C"),
    Column("label_ids", "texts", "Linear labels", "C"),
    Column("linear_issue_id", "text", "The issue's id in Linear"),
    Column("identifier", "text", "Linear's short name, like ENG-12"),
    Column("is_visible", "flag", "Shown on the portal", "C"),
    Column("total_score", "number", "Score that moves with customer feedback", "C"),
    Column("created_at", "stamp", "When the issue was made"),
    Column("updated_at", "stamp", "When the issue last changed"),
)

STATE = (
    Column("id", "text", "The state's id in Linear"),
    Column("name", "text", "Name"),
    Column("color", "text", "Colour"),
    Column("type", "text", "Linear's kind of state"),
)

ROADMAP = (
    Endpoint(
        stream="projects",
        path="/projects",
        area="roadmap",
        meaning="Projects that feedback is linked to",
        scopes=("projects:read",),
        asked="window",
        columns=PROJECT,
        evidence="C",
        detail="/projects/{id}",
    ),
    Endpoint(
        stream="project_statuses",
        path="/projects/statuses",
        area="roadmap",
        meaning="Linear's project statuses",
        scopes=("projects:read",),
        asked="whole",
        columns=STATE,
        evidence="C",
        paged=False,
        offered_with="Linear connected",
    ),
    Endpoint(
        stream="issues",
        path="/issues",
        area="roadmap",
        meaning="Issues that feedback is linked to",
        scopes=("issues:read",),
        asked="window",
        columns=ISSUE,
        evidence="C",
        detail="/issues/{id}",
    ),
    # team_id is required here and comes from GET /me (REFERENCE 6).
    Endpoint(
        stream="workflow_states",
        path="/issues/workflow-states",
        area="roadmap",
        meaning="The states that issues can be in, per Linear team",
        scopes=("issues:read",),
        asked="whole",
        columns=(Column("team_id", "text", "The Linear team it was asked for", "C"), *STATE),
        evidence="C",
        key=("team_id", "id"),
        paged=False,
        each_team=True,
        offered_with="Linear connected",
    ),
)
