-- How many changelog entries and help articles come out each month?
-- The newest twelve months; `published`: readers can see them now.
PIVOT (
    SELECT month, kind, published FROM analytics.publishing_cadence
) ON kind IN ('changelog', 'article') USING sum(published)
ORDER BY month DESC LIMIT 12;
