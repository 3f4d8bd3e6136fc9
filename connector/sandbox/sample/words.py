"""The vocabulary of the sample workspace. Everything here is made up."""

FIRST = (
    "Amara", "Benoît", "Chiara", "Dmitri", "Elif", "Fatima", "Grace", "Hiroshi", "Ingrid", "João",
    "Kwame", "Lucía", "Mateusz", "Nia", "Oskar", "Priya", "Quinn", "Rosa", "Søren", "Thandiwe",
    "Uma", "Viktor", "Wei", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST = (
    "Abara", "Bergström", "Castellanos", "Dubois", "Eriksen", "Fournier", "Gupta", "Haugen",
    "Ivanova", "Jansen", "Kowalski", "Lindqvist", "Müller", "Nakamura", "O'Brien", "Petrov",
    "Quispe", "Rossi", "Sato", "Tanaka", "Underwood", "Vasquez", "Wójcik", "Yüksel", "Zhang",
)  # fmt: skip
COMPANY_HEAD = (
    "Acorn", "Blue Harbor", "Cobalt", "Driftwood", "Ember", "Fjord", "Granite", "Halcyon", "Ivory",
    "Juniper", "Kestrel", "Lumen", "Meridian", "Northwind", "Orchard", "Pinnacle", "Quartz",
    "Redwood", "Saffron", "Tundra", "Umbra", "Vantage", "Willow", "Yonder", "Zenith",
)  # fmt: skip
COMPANY_TAIL = (
    "Analytics", "Foods", "GmbH", "Health", "Industries", "Insurance", "Labs", "Logistics",
    "Media", "Mobility", "Robotics", "Software", "Studios", "Systems", "Travel",
)  # fmt: skip
ENDINGS = ("example", "example.com", "example.net", "example.org", "test")
FREE_MAIL = ("mail.example", "post.example", "inbox.test")
SUBJECTS = (
    "Export to CSV stops at 10,000 rows", "Dark mode, please 🌙", "SSO with our own domain",
    "Webhook arrives twice", "Umlaute im Betreff werden zerstört", "Slow dashboard on Mondays",
    "Can we have roles per project?", "Calendar shows the wrong time zone", "Invoice in euros",
    "API limit for imports", "Two-factor for guests", "検索が遅い", "Bulk edit of tags",
    "Filter does not remember me", "Mobile app crashes on start", "Keyboard shortcuts",
)  # fmt: skip
SENTENCES = (
    "We run the export every Monday and it stops without a message.",
    "Could you tell me whether this is planned for this quarter?",
    "Our team of 40 people would use it every day.",
    "It works in the browser, but not in the app.",
    "Nous avons essayé trois fois, sans succès.",
    "Das Feld „Größe“ zeigt seit gestern keine Werte mehr.",
    "Thanks a lot, that helped! 🎉",
    "Right now we copy everything by hand into a spreadsheet & it takes two hours.",
    "The third column shows <b>NaN</b> when the filter is empty.",
    "これはとても便利です。ありがとうございます。",
    "Is there a way to undo this?",
    'The error says "unexpected end of file" and nothing more.',
    "We'd pay more for this, honestly.",
    "تعمل الميزة بشكل جيد على الهاتف.",
    "I attached a screenshot 📎 of what I see.",
    "It'd be great if tags could be nested.",
    "Since the last update the list jumps to the top.",
    "Please don't close this again, it isn't solved.",
    "👩‍💻👍🏽 works for me",
    "See also our earlier conversation about permissions.",
)
FEATURES = (
    "Bulk export", "Dark mode", "Single sign-on", "Audit log", "Nested tags", "Offline mode",
    "Custom domains", "Saved filters", "Public roadmap", "Slack digest", "Role permissions",
    "Calendar sync", "Faster search", "Import from CSV", "Two-factor login", "Guest access",
)  # fmt: skip
TAGS = (
    "bug", "feature request", "billing", "performance", "mobile", "onboarding", "security", "ux",
    "integration", "api", "churn risk", "praise", "enterprise", "docs", "export", "search",
)  # fmt: skip
COLORS = ("#5e6ad2", "#26b5ce", "#4cb782", "#f2c94c", "#f2994a", "#eb5757", "#bec2c8", "#95a2b3")
ICONS = ("bolt", "bug", "flag", "heart", "key", "leaf", "rocket", "star")
GROUPS = ("Product area", "Kind", "Customer", "Urgency", "Release")
DOC_GROUPS = ("Getting started", "Account", "Integrations", "Billing", "Reporting", "API")
ORIGINS = (
    "in_app", "portal", "support_portal", "email", "slack", "slack_connect", "intercom",
    "intercom_attachment", "zendesk", "zendesk_attachment", "front_attachment", "zapier",
    "hubspot", "plain", "api", "live_chat", "ai_chat", "calendar", "widget", "teams", "linear",
    "upvote",
)  # fmt: skip
