-- How long do customers wait for the first answer, channel by channel?
-- Minutes from the customer's first message to the team's next one. `answered` of `threads` had
-- an answer; nine of ten of those came within `p90_minutes`.
SELECT origin AS channel, count(*) AS threads, count(first_response_at) AS answered,
    round(median(first_response_minutes)) AS median_minutes,
    round(quantile_cont(first_response_minutes, 0.9)) AS p90_minutes
FROM analytics.thread_metrics
WHERE first_question_at IS NOT NULL
GROUP BY channel ORDER BY threads DESC;
