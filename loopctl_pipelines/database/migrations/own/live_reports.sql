-- The reports that count: not deleted, and not the correction of a deleted one. The view reads the tables
-- with the rights of the caller, so a row is visible if its report is.
CREATE OR REPLACE VIEW loopctl_pipelines.live_reports WITH (security_invoker = true) AS
SELECT
    report.tenant_id,
    report.id,
    report.inserted_at,
    report.inserted_at::date AS day,
    report.agent_id,
    report.project_id,
    -- a report that points at another tenant's story belongs to no epic of this tenant
    story.epic_id,
    report.story_id,
    report.model_name,
    report.phase,
    report.input_tokens,
    report.output_tokens,
    report.cost_millicents
FROM token_usage_reports AS report
LEFT JOIN stories AS story
    ON story.tenant_id = report.tenant_id
    AND story.id = report.story_id
WHERE report.deleted_at IS NULL
  AND (
      report.corrects_report_id IS NULL
      -- by key for each correction; EXISTS may be planned as a hash of all reports ever made
      OR (
          SELECT original.deleted_at IS NULL
          FROM token_usage_reports AS original
          WHERE original.tenant_id = report.tenant_id
            AND original.id = report.corrects_report_id
      )
  );
