-- Whether the tenant role may number new jobs in loopctl's queue; null without such a sequence.
SELECT has_sequence_privilege(%(role)s, to_regclass('oban_jobs_id_seq'), 'USAGE')
