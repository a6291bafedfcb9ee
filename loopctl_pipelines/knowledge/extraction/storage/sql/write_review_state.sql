INSERT INTO loopctl_pipelines.extracted_reviews AS mark (
    tenant_id, review_id, state, failure, attempts, next_attempt_at, articles, completed_at
)
VALUES (
    %(tenant_id)s,
    %(id)s,
    %(state)s,
    %(failure)s,
    %(attempts)s,
    now() + %(delay)s::interval,
    %(articles)s,
    now() + %(completed)s::interval
)
ON CONFLICT (tenant_id, review_id) DO UPDATE SET
    state = excluded.state,
    failure = excluded.failure,
    attempts = excluded.attempts,
    next_attempt_at = excluded.next_attempt_at,
    articles = excluded.articles,
    completed_at = excluded.completed_at
