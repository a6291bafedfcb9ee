SELECT EXISTS (
    SELECT FROM articles
    WHERE tenant_id = %(tenant_id)s
      AND starts_with(idempotency_key, %(key_prefix)s)
)
