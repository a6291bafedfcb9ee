-- The model gives vectors of another size now: articles with a vector of the old one are pending again, since
-- vectors of two spaces cannot be compared.
DELETE FROM loopctl_pipelines.embedding_states
WHERE tenant_id = %(tenant_id)s
  AND model = %(model)s
  AND dimension <> %(dimension)s
  AND failure IS NULL
