-- Nothing is returned if an equal request waits: two processes may hand in the same document at once.
INSERT INTO loopctl_pipelines.ingestion_requests (
    tenant_id, id, source_type, project_id, publish, url, encrypted_address, content, content_hash,
    text_hash, source_name
)
VALUES (
    %(tenant_id)s, %(id)s, %(source_type)s, %(project_id)s, %(publish)s, %(url)s,
    %(encrypted_address)s, %(content)s, %(content_hash)s, %(text_hash)s, %(source_name)s
)
ON CONFLICT (tenant_id, content_hash, project_id, source_type, publish)
WHERE state = 'pending'
DO NOTHING
RETURNING id, inserted_at
