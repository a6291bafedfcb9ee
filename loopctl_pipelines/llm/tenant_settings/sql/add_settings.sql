-- An empty row to lock: of two first changes at once, one waits for the other.
INSERT INTO tenant_llm_settings (id, tenant_id, inserted_at, updated_at)
VALUES (%(id)s, %(tenant_id)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')
ON CONFLICT (tenant_id) DO NOTHING
