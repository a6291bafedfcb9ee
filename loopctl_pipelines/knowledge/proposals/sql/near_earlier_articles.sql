-- Unchecked articles with the earlier ones that they are near to, by the links that were made. Of articles
-- that are all unchecked, the earliest one has none.
SELECT
    proposal.article_id AS proposal_id,
    near.id,
    near.project_id,
    near.title,
    near.similarity
FROM loopctl_pipelines.unchecked_proposals AS proposal
INNER JOIN articles AS article
    ON article.tenant_id = %(tenant_id)s
    AND article.id = proposal.article_id
    AND article.status = 'published'
CROSS JOIN LATERAL (
    SELECT
        other.id,
        other.project_id,
        other.title,
        (link.metadata ->> 'similarity_score')::float8 AS similarity
    FROM article_links AS link
    INNER JOIN articles AS other
        ON other.tenant_id = %(tenant_id)s
        AND other.id IN (link.source_article_id, link.target_article_id)
        AND other.id <> article.id
        AND other.status = 'published'
        AND (other.inserted_at, other.id) < (article.inserted_at, article.id)
    WHERE link.tenant_id = %(tenant_id)s
      AND article.id IN (link.source_article_id, link.target_article_id)
      AND link.relationship_type = 'relates_to'
      -- only links that this project or loopctl made have a similarity
      AND jsonb_typeof(link.metadata -> 'similarity_score') = 'number'
    ORDER BY similarity DESC, other.id
    LIMIT 5
) AS near
WHERE proposal.tenant_id = %(tenant_id)s
  AND near.similarity >= %(low_novelty)s
ORDER BY proposal.article_id, near.similarity DESC, near.id
