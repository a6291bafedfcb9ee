-- What is known of a model at an endpoint. Its dimension is the same at another one, until an answer shows
-- otherwise: the vectors that it has there stay paid. A limit is met again after a week: it may be gone.
SELECT
    (
        array_agg(dimension ORDER BY endpoint = %(endpoint)s DESC, updated_at DESC)
        FILTER (WHERE dimension IS NOT NULL)
    )[1] AS dimension,
    coalesce(bool_or(floats) FILTER (WHERE endpoint = %(endpoint)s), false) AS floats,
    min(most_texts) FILTER (
        WHERE endpoint = %(endpoint)s
            AND updated_at > now() - interval '7 days'
    ) AS most_texts
FROM loopctl_pipelines.embedding_endpoints
WHERE tenant_id = %(tenant_id)s
  AND model = %(model)s
