-- The query that asks for all words of a text, and the one that asks for any. 0 nodes: the text has no word to
-- search for. A query that excludes words has none that asks for any: all articles without the word would fit.
SELECT
    numnode(parsed.all_words) AS nodes,
    parsed.all_words::text AS all_words,
    CASE
        WHEN position('!' IN parsed.all_words::text) = 0 THEN replace(parsed.all_words::text, ' & ', ' | ')
    END AS any_word
FROM (SELECT websearch_to_tsquery('english', %(text)s) AS all_words) AS parsed
