-- Documents that were extracted, dealt out to the tenants in turn; their content was kept long enough.
INSERT INTO loopctl_pipelines.ingestion_requests (
    tenant_id, id, source_type, content_hash, text_hash, source_name, state, articles, chunks,
    completed_at
)
SELECT
    md5('knowledge tenant ' || 1 + number %% %(tenants)s)::uuid,
    md5('document ' || number)::uuid,
    'ingestion',
    md5(number::text),
    md5(number::text),
    'document ' || number,
    'done',
    3,
    1,
    now()
FROM generate_series(1, %(documents)s) AS number
