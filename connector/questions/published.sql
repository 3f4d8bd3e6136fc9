-- How many changelog entries and help articles come out each month?
-- The newest twelve months; `visible`: readers can see them now.
PIVOT (
    SELECT month, kind, visible FROM analytics.publishing_cadence
) ON kind IN ('changelog', 'article') USING sum(visible)
ORDER BY month DESC LIMIT 12;
