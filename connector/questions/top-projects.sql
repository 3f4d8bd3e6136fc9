-- Which projects are asked for, and by how much revenue?
-- A company counts once, however often it asks. Needs two streams that are read only when named:
-- productlane-elt sync contacts contact_projects contact_issues
SELECT name, state, companies, contacts, revenue, companies_of_unknown_revenue
FROM analytics.feedback_by_project
ORDER BY revenue DESC, contacts DESC, project_id LIMIT 20;
