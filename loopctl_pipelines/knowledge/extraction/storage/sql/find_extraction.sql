SELECT result
FROM loopctl_pipelines.extractions
WHERE tenant_id = %(tenant_id)s
  AND text_hash = %(text_hash)s
  AND model = %(model)s
  AND prompt_version = %(prompt_version)s
