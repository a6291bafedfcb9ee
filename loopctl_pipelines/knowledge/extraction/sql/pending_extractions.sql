-- Active tenants with documents or reviews that are due, until when some of them are paused, and which of
-- them a run is working on: ids, counts and times only. No document and no summary is read.
SELECT
    pending.tenant_id,
    sum(pending.items)::bigint AS items,
    min(pending.oldest) FILTER (WHERE settings.api_key IS NOT NULL) AS oldest,
    max(
        CASE
            WHEN run.paused_key IS NOT DISTINCT FROM sha256(settings.api_key)
                AND run.paused_until > now()
                THEN run.paused_until
        END
    ) AS paused_until,
    coalesce(bool_or(run.held_until > clock_timestamp()), false) AS is_held
FROM (
    SELECT
        tenant_id,
        count(*) AS items,
        min(inserted_at) AS oldest
    FROM loopctl_pipelines.ingestion_requests
    WHERE state = 'pending'
      AND (next_attempt_at IS NULL OR next_attempt_at <= now())
    GROUP BY tenant_id
    UNION ALL
    SELECT
        review.tenant_id,
        count(*) AS items,
        min(review.inserted_at) AT TIME ZONE 'UTC' AS oldest
    FROM review_records AS review
    INNER JOIN tenants
        ON tenants.id = review.tenant_id
        AND tenants.slug = ANY(%(review_slugs)s::text[])
        -- loopctl's own worker does the others
        AND tenants.settings ->> 'knowledge_auto_extract' = 'false'
    LEFT JOIN loopctl_pipelines.extracted_reviews AS mark
        ON mark.tenant_id = review.tenant_id
        AND mark.review_id = review.id
    WHERE review.summary ~ '\S'
      AND (
          mark.review_id IS NULL
          OR mark.state = 'pending'
          AND (mark.next_attempt_at IS NULL OR mark.next_attempt_at <= now())
      )
      AND NOT EXISTS (
          SELECT FROM articles AS article
          WHERE article.tenant_id = review.tenant_id
            AND article.source_id = review.id
            AND article.source_type = 'review_finding'
            AND article.idempotency_key IS NULL
      )
    GROUP BY review.tenant_id
) AS pending
INNER JOIN tenants
    ON tenants.id = pending.tenant_id
    AND tenants.status = 'active'
LEFT JOIN tenant_llm_settings AS settings
    ON settings.tenant_id = pending.tenant_id
LEFT JOIN loopctl_pipelines.tenant_operations AS run
    ON run.tenant_id = pending.tenant_id
    AND run.operation = 'extraction'
GROUP BY pending.tenant_id
