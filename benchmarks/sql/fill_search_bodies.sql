-- Gives a tenant's articles the texts, in turn: the vectors of their text articles need not fit.
UPDATE articles
SET body = (%(bodies)s::text[])[1 + abs(hashtext(title)) %% %(count)s]
WHERE tenant_id = %(tenant_id)s
