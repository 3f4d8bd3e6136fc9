-- Who are our contacts in HubSpot, Intercom, Zendesk and Slack?
-- analytics.contacts_wide has further systems, and the company's own ids.
SELECT email, company_name, hubspot_id, intercom_id, zendesk_id, slack_channel_id
FROM analytics.contacts_wide
WHERE coalesce(hubspot_id, intercom_id, zendesk_id, slack_channel_id) IS NOT NULL
ORDER BY email LIMIT 20;
