-- The next reviews that are due, oldest first: they have a summary, no mark of their own, and no article
-- of loopctl's worker.
SELECT
    review.id,
    review.review_type,
    review.findings_count AS findings,
    review.fixes_count AS fixes,
    review.summary,
    review.inserted_at,
    story.project_id,
    coalesce(mark.attempts, 0) AS attempts
FROM review_records AS review
INNER JOIN stories AS story
    ON story.tenant_id = review.tenant_id
    AND story.id = review.story_id
LEFT JOIN loopctl_pipelines.extracted_reviews AS mark
    ON mark.tenant_id = review.tenant_id
    AND mark.review_id = review.id
WHERE review.tenant_id = %(tenant_id)s
  AND review.summary ~ '\S'
  AND (
      mark.review_id IS NULL
      OR mark.state = 'pending' AND (mark.next_attempt_at IS NULL OR mark.next_attempt_at <= now())
  )
  AND NOT EXISTS (
      SELECT FROM articles AS article
      WHERE article.tenant_id = review.tenant_id
        AND article.source_id = review.id
        AND article.source_type = 'review_finding'
        AND article.idempotency_key IS NULL
  )
  AND (review.inserted_at, review.id) > (
      coalesce(%(after_time)s::timestamp, '-infinity'),
      coalesce(%(after_id)s::uuid, '00000000-0000-0000-0000-000000000000')
  )
ORDER BY review.inserted_at, review.id
LIMIT %(reviews)s
