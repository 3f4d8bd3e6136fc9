-- How fresh and how complete is each table?
-- Every row is as the source had it at `proven_from` or later; at `stamped_from` or later, if every
-- change moves `updated_at` and nothing was deleted since. `set_aside`: records that no table can hold.
SELECT f.stream, f.stamped_from, f.proven_from, f.read_to, f.unasked,
    count(s.stream) AS set_aside
FROM meta.freshness f LEFT JOIN meta.set_aside s ON s.stream = f.stream
WHERE f.read_to IS NOT NULL
GROUP BY ALL ORDER BY f.stamped_from NULLS FIRST, f.stream;
