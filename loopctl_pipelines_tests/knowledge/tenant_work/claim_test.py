"""A claim lasts as long as its work, however long that waits, and not a moment longer."""

import time
from datetime import datetime, timedelta

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.tenant_work.claim import Claim, ClaimLostError
from loopctl_pipelines.llm.operation import Operation
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge

LEASE = timedelta(seconds=3)
_PATIENCE_SECONDS = 60


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("acme")
    return knowledge


@pytest.fixture
def tenant(knowledge: Knowledge) -> Tenant:
    return list_tenants(knowledge.database)["acme"]


def held_until(knowledge: Knowledge) -> datetime | None:
    [(until,)] = knowledge.rows(
        "acme", "SELECT held_until FROM loopctl_pipelines.tenant_operations"
    )
    assert until is None or isinstance(until, datetime)
    return until


def test_a_claim_is_renewed_while_its_work_waits(knowledge: Knowledge, tenant: Tenant) -> None:
    given_up = time.monotonic() + _PATIENCE_SECONDS
    with Claim(knowledge.database, tenant, Operation.EMBEDDING, LEASE).held(lambda: False) as held:
        assert held
        first = held_until(knowledge)
        assert first
        while (held_until(knowledge) or first) < first + LEASE:
            assert time.monotonic() < given_up


def test_a_claim_is_free_when_its_work_ends(knowledge: Knowledge, tenant: Tenant) -> None:
    with Claim(knowledge.database, tenant, Operation.EMBEDDING, LEASE).held(lambda: False):
        pass
    assert held_until(knowledge) is None


def test_a_run_whose_claim_another_run_has_taken_gets_an_error(
    knowledge: Knowledge, tenant: Tenant
) -> None:
    claim = Claim(knowledge.database, tenant, Operation.EMBEDDING, timedelta(0))
    with (
        claim.held(lambda: False),
        Claim(knowledge.database, tenant, Operation.EMBEDDING).held(lambda: False),
        pytest.raises(ClaimLostError),
    ):
        claim.keep()
