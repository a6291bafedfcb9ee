-- Writes the vector of each article that still has the text it was made from, and is still published.
-- Vectors come with the parameters, or, where they have none, from an article of equal text, or from
-- what was kept of an earlier run. An article that another session has locked is told apart, not waited
-- for: one lock would hold up the writes of all tenants.
WITH incoming AS (
    SELECT
        article_id,
        row_version,
        fingerprint,
        content_hash
    FROM unnest(
        %(article_ids)s::uuid[],
        %(row_versions)s::xid[],
        %(fingerprints)s::bytea[],
        %(content_hashes)s::text[]
    ) AS article (article_id, row_version, fingerprint, content_hash)
),

vectors AS MATERIALIZED (
    SELECT
        content_hash,
        vector
    FROM unnest(%(vector_hashes)s::text[], %(vectors)b::vector[]) AS given (content_hash, vector)
    UNION ALL
    SELECT
        wanted.content_hash,
        donor.vector
    FROM (
        SELECT content_hash FROM incoming
        EXCEPT
        SELECT unnest(%(vector_hashes)s::text[])
    ) AS wanted
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
        SELECT kept.vector
        FROM loopctl_pipelines.unwritten_vectors AS kept
        WHERE kept.tenant_id = %(tenant_id)s
          AND kept.content_hash = wanted.content_hash
        LIMIT 1
    ) AS donor
),

-- by an earlier try, whose commit was done although its answer was lost
already AS (
    SELECT article.id
    FROM incoming
    INNER JOIN loopctl_pipelines.embedding_states AS state
        ON state.tenant_id = %(tenant_id)s
        AND state.article_id = incoming.article_id
        AND state.content_hash = incoming.content_hash
        AND state.failure IS NULL
    INNER JOIN articles AS article
        ON article.tenant_id = state.tenant_id
        AND article.id = state.article_id
        AND article.xmin = state.row_version
        AND article.embedding_content_hash = state.content_hash
    WHERE article.status = 'published'
      AND article.embedding IS NOT NULL
),

free AS (
    SELECT article.id
    FROM articles AS article
    WHERE article.tenant_id = %(tenant_id)s
      AND article.id IN (
          SELECT incoming.article_id
          FROM incoming
          INNER JOIN vectors ON vectors.content_hash = incoming.content_hash
          WHERE incoming.article_id NOT IN (SELECT id FROM already)
      )
    FOR NO KEY UPDATE SKIP LOCKED
),

written AS (
    UPDATE articles AS article
    SET embedding = vectors.vector,
        embedding_content_hash = incoming.content_hash
    FROM incoming
    INNER JOIN free ON free.id = incoming.article_id
    INNER JOIN vectors ON vectors.content_hash = incoming.content_hash
    WHERE article.tenant_id = %(tenant_id)s
      AND article.id = incoming.article_id
      AND article.status = 'published'
      AND CASE
          WHEN article.xmin = incoming.row_version THEN true
          -- changed meanwhile, but perhaps not in its text
          ELSE sha256(convert_to(
              article.title || E'\n\n' || left(article.body, %(characters)s), 'UTF8'
          )) = incoming.fingerprint
      END
    RETURNING article.id, article.xmin AS row_version, incoming.content_hash
),

recorded AS (
    INSERT INTO loopctl_pipelines.embedding_states AS state (
        tenant_id, article_id, row_version, model, dimension, content_hash, updated_at
    )
    SELECT
        %(tenant_id)s,
        id,
        row_version,
        %(model)s,
        %(dimension)s,
        content_hash,
        now()
    FROM written
    ORDER BY id
    ON CONFLICT (tenant_id, article_id) DO UPDATE SET
        row_version = excluded.row_version,
        model = excluded.model,
        dimension = excluded.dimension,
        content_hash = excluded.content_hash,
        failure = NULL,
        attempts = 0,
        next_attempt_at = NULL,
        key_version = NULL,
        updated_at = excluded.updated_at
),

audited AS (
    INSERT INTO audit_log (
        tenant_id, entity_type, entity_id, action, actor_type, actor_label, new_state
    )
    SELECT
        %(tenant_id)s,
        'article',
        id,
        'article.embedding_updated',
        'system',
        'worker:embedding',
        jsonb_build_object('embedding_dimensions', %(dimension)s::integer)
    FROM written
),

done AS (
    SELECT id FROM written
    UNION ALL
    SELECT id FROM already
)

SELECT
    incoming.article_id,
    incoming.article_id IN (SELECT id FROM done) AS is_written
FROM incoming
INNER JOIN vectors ON vectors.content_hash = incoming.content_hash
WHERE incoming.article_id IN (SELECT id FROM done)
   OR (
       incoming.article_id NOT IN (SELECT id FROM free)
       AND EXISTS (
           SELECT FROM articles AS article
           WHERE article.tenant_id = %(tenant_id)s
             AND article.id = incoming.article_id
       )
   )
