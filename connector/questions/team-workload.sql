-- Who has how much to do, and who writes?
-- The row without a name is nobody: threads without an assignee, messages of unknown senders.
SELECT name, role, open_threads, snoozed_threads, done_threads, messages, comments, last_wrote_at
FROM analytics.team_workload ORDER BY open_threads DESC, user_id;
