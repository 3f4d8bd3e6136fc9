-- Who writes most, and what are they worth?
-- `health` and the shares are of the ninety days before the last reading.
SELECT name, tier_name AS tier, revenue, threads, open_threads, recent_threads, health
FROM analytics.companies_overview
WHERE threads > 0 ORDER BY threads DESC, revenue DESC NULLS LAST LIMIT 20;
