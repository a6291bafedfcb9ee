-- The next pending articles of one tenant, in the order of one of loopctl's indexes, with the start of
-- each body: as many as fit into %(bytes)s, but at least one.
SELECT
    id,
    inserted_at,
    row_version,
    title,
    left(body, %(characters)s) AS head,
    stored_hash,
    failure,
    next_attempt_at IS NOT NULL AS waiting,
    coalesce(attempts, 0) AS attempts,
    content_hash,
    key_version
FROM (
    SELECT
        pending.*,
        -- octet_length does not read the body; a character has at most four bytes
        sum(least(octet_length(body), 4 * %(characters)s)) OVER so_far AS bytes,
        row_number() OVER so_far AS place
    FROM (
        SELECT *
        FROM loopctl_pipelines.pending_articles
        WHERE tenant_id = %(tenant_id)s
          AND (inserted_at, id) > (
              coalesce(%(after_time)s::timestamp, '-infinity'),
              coalesce(%(after_id)s::uuid, '00000000-0000-0000-0000-000000000000')
          )
        ORDER BY inserted_at, id
        LIMIT %(articles)s
    ) AS pending
    WINDOW so_far AS (ORDER BY inserted_at, id)
) AS measured
WHERE bytes <= %(bytes)s
   OR place = 1
ORDER BY inserted_at, id
