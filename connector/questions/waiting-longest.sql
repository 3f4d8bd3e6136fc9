-- Which customers have been waiting longest for our next word?
-- Open threads whose latest message is the customer's; the company's revenue beside them.
SELECT t.last_inbound_message_at AS since, c.name AS company, c.revenue, t.title, t.origin,
    t.assignee ->> 'name' AS assignee, t.id
FROM threads t LEFT JOIN companies c ON c.id = t.company_id
WHERE t.status = 'open'
    AND t.last_inbound_message_at > coalesce(t.last_outbound_message_at, '-infinity')
ORDER BY since LIMIT 20;
