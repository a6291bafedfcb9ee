-- A tenant's reviews that no run has seen yet: they have no mark, and no article of loopctl's worker.
SELECT count(*) AS reviews
FROM review_records AS review
LEFT JOIN loopctl_pipelines.extracted_reviews AS mark
    ON mark.tenant_id = review.tenant_id
    AND mark.review_id = review.id
WHERE review.tenant_id = %(tenant_id)s
  AND review.summary ~ '\S'
  AND mark.review_id IS NULL
  AND NOT EXISTS (
      SELECT FROM articles AS article
      WHERE article.tenant_id = review.tenant_id
        AND article.source_id = review.id
        AND article.source_type = 'review_finding'
        AND article.idempotency_key IS NULL
  )
