-- Which threads are gone, and when was that noticed?
-- A deleted row keeps its last values. It was there at `last_seen`, and not any more at `noticed`.
SELECT title, status, company ->> 'name' AS company, _last_seen_at AS last_seen,
    _noticed_at AS noticed, id
FROM history.threads
WHERE _deleted AND _valid_to IS NULL ORDER BY noticed DESC, id LIMIT 20;
