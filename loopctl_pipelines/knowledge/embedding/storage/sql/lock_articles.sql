-- Locks articles until the end of the transaction, and says which of them still have the text that was
-- embedded and are still published. An article that another session has locked is skipped, not waited
-- for: one such lock would hold up the writes of all tenants.
SELECT
    article.id,
    article.status = 'published'
    AND (
        article.xmin = wanted.row_version
        -- changed since it was read, but perhaps not in its text
        OR sha256(convert_to(
            article.title || E'\n\n' || left(article.body, %(characters)s), 'UTF8'
        )) = wanted.fingerprint
    ) AS is_current
FROM unnest(
    %(article_ids)s::uuid[],
    %(row_versions)s::xid[],
    %(fingerprints)s::bytea[]
) AS wanted (article_id, row_version, fingerprint)
INNER JOIN articles AS article
    ON article.tenant_id = %(tenant_id)s
    AND article.id = wanted.article_id
FOR NO KEY UPDATE OF article SKIP LOCKED
