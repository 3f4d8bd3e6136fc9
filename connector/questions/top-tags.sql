-- Which tags do threads carry most, and how much of that is open?
SELECT g.name AS tag, count(*) AS threads, count(*) FILTER (t.status = 'open') AS open_threads,
    count(DISTINCT t.company_id) AS companies
FROM thread_tags x JOIN threads t ON t.id = x.thread_id JOIN tags g ON g.id = x.tag_id
GROUP BY tag ORDER BY threads DESC, tag LIMIT 20;
