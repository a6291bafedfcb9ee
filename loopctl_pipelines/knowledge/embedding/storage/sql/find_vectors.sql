-- The vectors that the tenant already has for these content hashes: from an embedded article of equal
-- text, or from the unwritten vectors of an earlier run.
SELECT
    wanted.content_hash,
    donor.vector
FROM unnest(%(content_hashes)s::text[]) AS wanted (content_hash)
-- any one will do: thousands may have the same text
CROSS JOIN LATERAL (
    SELECT article.embedding AS vector
    FROM loopctl_pipelines.embedding_states AS state
    INNER JOIN articles AS article
        ON article.tenant_id = state.tenant_id
        AND article.id = state.article_id
        -- unchanged since it was embedded, or edited, but not yet embedded again
        AND (
            article.xmin = state.row_version
            OR article.embedding_content_hash = state.content_hash
        )
    WHERE state.tenant_id = %(tenant_id)s
      AND state.content_hash = wanted.content_hash
      AND state.failure IS NULL
      AND article.embedding IS NOT NULL
    UNION ALL
    SELECT unwritten.vector
    FROM loopctl_pipelines.unwritten_vectors AS unwritten
    WHERE unwritten.tenant_id = %(tenant_id)s
      AND unwritten.content_hash = wanted.content_hash
    LIMIT 1
) AS donor
