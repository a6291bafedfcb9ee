"""No statement of ours has a form that a sharded PostgreSQL refuses, or that a setting changes."""

from pathlib import Path

import pytest

from loopctl_pipelines_tests.sql_lint import RULES, refused_forms

_PRODUCT = Path(__file__).parents[1] / "loopctl_pipelines"
# loopctl's own tables come with loopctl's own triggers, and Dagster's database has no tenants
_OURS = sorted(
    path
    for path in _PRODUCT.rglob("*.sql")
    if path.parts[-3:-1] != ("migrations", "loopctl") and "orchestration" not in path.parts
)

REFUSED_AND_ACCEPTED = [
    (
        "becomes COPY",
        "INSERT INTO audit_log (tenant_id) SELECT tenant_id FROM stories",
        "INSERT INTO audit_log (tenant_id) SELECT tenant_id FROM stories ON CONFLICT DO NOTHING",
    ),
    (
        "locks rows",
        (
            "WITH held AS (SELECT id FROM articles WHERE tenant_id = %(tenant_id)s FOR UPDATE)"
            " UPDATE articles SET title = 'x' FROM held"
            " WHERE articles.tenant_id = %(tenant_id)s AND articles.id = held.id"
        ),
        "SELECT id FROM articles WHERE tenant_id = %(tenant_id)s FOR UPDATE SKIP LOCKED",
    ),
    (
        "does not reach the shards",
        "SELECT set_config('app.current_tenant_id', %(tenant_id)s, true)",
        "SELECT set_config('enable_seqscan', 'off', true)",
    ),
    (
        "a generic plan",
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)",
        "SELECT set_config('plan_cache_mode', %(plans)s, true)",
    ),
    (
        "stands in ON CONFLICT ... WHERE",
        (
            "INSERT INTO leases AS lease (tenant_id) VALUES (%(tenant_id)s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET holder = 1 WHERE lease.held_until <= now()"
        ),
        "UPDATE leases SET holder = 1 WHERE tenant_id = %(tenant_id)s AND held_until <= now()",
    ),
    (
        "stands in CASE or COALESCE",
        "DELETE FROM circuits WHERE tenant_id = %(t)s AND seen < coalesce(%(now)s, now())",
        "DELETE FROM circuits WHERE tenant_id = %(t)s AND (seen < %(now)s OR seen < now())",
    ),
    (
        "a volatile function",
        "DELETE FROM circuits WHERE tenant_id = %(t)s AND seen < clock_timestamp()",
        "DELETE FROM circuits WHERE tenant_id = %(t)s AND seen < now()",
    ),
    (
        "JSON is built",
        "DELETE FROM notes WHERE tenant_id = %(t)s RETURNING jsonb_build_object('rows', rows)",
        "DELETE FROM notes WHERE tenant_id = %(t)s RETURNING rows",
    ),
    (
        "MERGE",
        (
            "MERGE INTO notes USING given ON notes.tenant_id = given.tenant_id"
            " WHEN MATCHED THEN DELETE RETURNING notes.rows"
        ),
        (
            "MERGE INTO notes USING given ON notes.tenant_id = given.tenant_id"
            " WHEN MATCHED THEN DELETE"
        ),
    ),
    (
        "a trigger",
        "CREATE TRIGGER seen BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION note()",
        "CREATE INDEX notes_seen ON notes (tenant_id, seen)",
    ),
    (
        "does not begin with tenant_id",
        "INSERT INTO notes (id) VALUES (1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO notes (id) VALUES (1) ON CONFLICT (tenant_id, id) DO NOTHING",
    ),
    (
        "does not compare tenant_id",
        "SELECT FROM stories JOIN epics ON epics.id = stories.epic_id",
        (
            "SELECT FROM stories JOIN epics"
            " ON epics.tenant_id = stories.tenant_id AND epics.id = stories.epic_id"
        ),
    ),
    (
        "does not compare tenant_id",
        "SELECT FROM stories WHERE NOT EXISTS (SELECT FROM epics WHERE id = epic_id)",
        (
            "SELECT FROM stories WHERE NOT EXISTS ("
            "SELECT FROM epics WHERE tenant_id = stories.tenant_id AND id = epic_id)"
        ),
    ),
    (
        "a date is cast to text",
        "SELECT id FROM notes WHERE metadata ->> 'period' >= %(first)s::date::text",
        "SELECT id FROM notes WHERE metadata ->> 'period' >= %(first)s",
    ),
    (
        "a date is cast to text",
        "SELECT id FROM notes WHERE written_at::text BETWEEN %(first)s AND %(last)s",
        "SELECT id FROM notes WHERE written_at BETWEEN %(first)s AND %(last)s",
    ),
    (
        "a date is cast to text",
        "SELECT id FROM notes WHERE metadata ->> 'period' = ANY (ARRAY[CURRENT_DATE::text])",
        "SELECT id, written_at::text FROM notes WHERE (metadata ->> 'period')::date < CURRENT_DATE",
    ),
]


@pytest.mark.parametrize(("part", "refused", "accepted"), REFUSED_AND_ACCEPTED)
def test_a_refused_form_is_found_and_the_accepted_one_is_not(
    part: str, refused: str, accepted: str
) -> None:
    (rule,) = refused_forms(refused)
    assert part in rule.refused
    assert refused_forms(accepted) == []


def test_every_rule_has_an_example() -> None:
    parts = {part for part, _, _ in REFUSED_AND_ACCEPTED}
    assert all(any(part in rule.refused for part in parts) for rule in RULES)


@pytest.mark.parametrize("path", _OURS, ids=lambda path: str(path.relative_to(_PRODUCT)))
def test_no_statement_of_ours_has_a_refused_form(path: Path) -> None:
    assert [str(rule) for rule in refused_forms(path.read_text())] == []
