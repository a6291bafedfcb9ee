"""A key to try the API with."""

from datetime import timedelta

from loopctl_pipelines.api.access.api_key import key_hash
from loopctl_pipelines.api.access.operator_queries import find_api_key
from loopctl_pipelines.api.access.trial_key import make_trial_key
from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.usage import Usage, id_of


def test_it_is_a_user_s_key_of_the_tenant_and_expires(database: Database) -> None:
    usage = Usage()
    usage.tenant("acme")
    usage.write(database)
    raw = make_trial_key(database, list_tenants(database)["acme"])
    assert len(raw) == 43
    found = find_api_key(database, key_hash(raw.encode()), None)
    assert found
    assert (found.tenant_id, found.role) == (id_of("acme"), "user")
    with database.operator_transaction() as connection:
        row = connection.execute("SELECT expires_at - inserted_at, key_hash FROM api_keys")
        assert row.fetchone() == (timedelta(days=1), key_hash(raw.encode()))
