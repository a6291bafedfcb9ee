-- How the requests of these ids ended, or what they wait for.
SELECT
    id,
    source_name,
    state,
    failure,
    articles,
    chunks_cut
FROM loopctl_pipelines.ingestion_requests
WHERE tenant_id = %(tenant_id)s
  AND id = ANY(%(ids)s::uuid[])
ORDER BY inserted_at, id
