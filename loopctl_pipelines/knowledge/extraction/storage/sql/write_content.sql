-- Keeps a fetched document, so that a retry fetches nothing, and forgets the address with its secrets.
UPDATE loopctl_pipelines.ingestion_requests
SET content = %(content)s,
    text_hash = %(text_hash)s,
    encrypted_address = NULL
WHERE tenant_id = %(tenant_id)s
  AND id = %(id)s
  AND state = 'pending'
