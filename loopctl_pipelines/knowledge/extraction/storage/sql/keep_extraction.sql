INSERT INTO loopctl_pipelines.extractions (tenant_id, text_hash, model, prompt_version, result)
VALUES (%(tenant_id)s, %(text_hash)s, %(model)s, %(prompt_version)s, %(result)s)
ON CONFLICT (tenant_id, text_hash, model, prompt_version) DO NOTHING
