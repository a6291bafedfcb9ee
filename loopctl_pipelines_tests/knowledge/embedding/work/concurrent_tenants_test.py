"""Many tenants at once: isolated from each other, and none at another's cost."""

import threading
from collections import Counter

import pytest

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.knowledge.embedding.scripted_provider import scripted
from loopctl_pipelines_tests.llm import failing_provider as faults
from loopctl_pipelines_tests.llm.failing_provider import Exchange, Fault


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    for slug in ("acme", "blue", "cold"):
        knowledge.tenant(slug, key=f"{KEY}-{slug}")
        knowledge.articles(slug, 3)
    return knowledge


def test_each_tenants_texts_are_sent_with_its_own_key_and_in_no_other_request(
    knowledge: Knowledge,
) -> None:
    sent: list[tuple[str, int]] = []

    def note(exchange: Exchange) -> None:
        sent.append((exchange.key, len(exchange.texts)))

    with (
        scripted(note) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        knowledge.run(embed, "acme", "blue", "cold")
    assert sorted(sent) == [(f"{KEY}-{slug}", 3) for slug in ("acme", "blue", "cold")]


def test_a_vector_is_never_copied_from_another_tenant(
    knowledge: Knowledge,
) -> None:
    keys = [f"{KEY}-{slug}" for slug in ("acme", "blue", "cold")]
    with (
        LoopbackServer(keys) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        assert knowledge.run(embed, "acme").counts.embedded == 3
        assert knowledge.run(embed, "blue").counts.embedded == 3
        assert provider.inputs == 6


def test_the_others_are_done_while_one_tenants_provider_hangs(knowledge: Knowledge) -> None:
    others_are_done = threading.Event()

    def hang_for_blue(exchange: Exchange) -> Fault | None:
        if exchange.key.endswith("blue"):
            others_are_done.wait(60)
            return faults.reset_at_once
        return None

    tenants = list_tenants(knowledge.database)
    ended: list[str] = []
    with (
        scripted(hang_for_blue) as provider,
        embedder(knowledge.database, provider.base_url, deadline_seconds=60) as embed,
    ):
        for outcome in embed.embed(tenants.values()):
            ended.append(outcome.slug)
            if len(ended) == 2:
                others_are_done.set()
    assert set(ended[:2]) == {"acme", "cold"}
    assert ended[2] == "blue"
    assert knowledge.embedded("blue") == set()
    assert len(knowledge.embedded("cold")) == 3


def test_two_runs_at_once_pay_for_each_text_once(knowledge: Knowledge) -> None:
    start = threading.Barrier(2)

    def run() -> None:
        database = Database(url, knowledge.database.role)
        with embedder(database, provider.base_url) as embed:
            start.wait()
            knowledge.run(embed, "acme", "blue", "cold")
        database.close()

    with knowledge.database.connect() as connection:
        url = connection.info.dsn
    keys = [f"{KEY}-{slug}" for slug in ("acme", "blue", "cold")]
    with LoopbackServer(keys, latency_seconds=0.2) as provider:
        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert provider.inputs == 9
    assert all(len(knowledge.embedded(slug)) == 3 for slug in ("acme", "blue", "cold"))


def test_a_run_that_is_stopped_early_writes_what_was_paid_for_and_releases_its_tenants(
    knowledge: Knowledge,
) -> None:
    keys = [f"{KEY}-{slug}" for slug in ("acme", "blue", "cold")]
    with (
        LoopbackServer(keys) as provider,
        embedder(knowledge.database, provider.base_url) as embed,
    ):
        outcomes = embed.embed(list_tenants(knowledge.database).values())
        next(outcomes)
        outcomes.close()
        embedded = sum(len(knowledge.embedded(slug)) for slug in ("acme", "blue", "cold"))
        assert embedded == provider.inputs
    for slug in ("acme", "blue", "cold"):
        held = knowledge.rows(
            slug, "SELECT FROM loopctl_pipelines.tenant_operations WHERE holder IS NOT NULL"
        )
        assert held == []


class InFlight:
    """Counts the requests that a provider has at the same time, in all and per key."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._now: Counter[str] = Counter()
        self.most = 0
        self.most_of_a_key = 0

    def script(self, exchange: Exchange) -> None:
        """Hold the request until the bound is reached, or no more come."""
        with self._changed:
            self._now[exchange.key] += 1
            self.most = max(self.most, self._now.total())
            self.most_of_a_key = max(self.most_of_a_key, *self._now.values())
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._now.total() >= 4, timeout=0.5)
            self._now[exchange.key] -= 1


def test_requests_in_flight_are_bounded_for_each_tenant_and_in_all(knowledge: Knowledge) -> None:
    # so many bytes that a request holds two of them
    for slug in ("acme", "blue", "cold"):
        for n in range(8):
            knowledge.article(slug, f"Long {n}", "\N{GRINNING FACE}" * 32_000)
    in_flight = InFlight()
    with (
        scripted(in_flight.script) as provider,
        embedder(knowledge.database, provider.base_url, requests=4, requests_per_tenant=2) as embed,
    ):
        knowledge.run(embed, "acme", "blue", "cold")
    assert in_flight.most_of_a_key == 2
    assert in_flight.most == 4
    assert all(len(knowledge.embedded(slug)) == 11 for slug in ("acme", "blue", "cold"))
