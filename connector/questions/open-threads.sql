-- How old is what is open, and how much of it waits for us?
-- Ages are counted to the last reading. `waiting`: the customer had the last word.
SELECT age, threads, waiting, unassigned, unread, snoozed
FROM analytics.open_threads_by_age ORDER BY from_days;
