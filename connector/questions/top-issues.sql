-- Which issues are asked for, and by how much revenue?
-- A company counts once, however often it asks. Needs a stream that is read only when named:
-- productlane-elt sync contacts contact_issues
SELECT identifier, title, status, companies, contacts, revenue, companies_of_unknown_revenue
FROM analytics.feedback_by_issue
ORDER BY revenue DESC, contacts DESC, issue_id LIMIT 20;
