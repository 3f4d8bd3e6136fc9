-- How many threads begin each week, and how many of them are done by now?
-- The newest twelve weeks that have threads. In another time zone:
-- FROM analytics.inbox_weekly_in('Europe/Berlin').
SELECT week, sum(threads)::BIGINT AS threads, sum(done)::BIGINT AS done
FROM analytics.inbox_weekly
GROUP BY week ORDER BY week DESC LIMIT 12;
