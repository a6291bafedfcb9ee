"""Writing vectors: one statement per vector, our way, and a bare UPDATE as the lower bound."""

from contextlib import closing
from time import perf_counter

from benchmarks.knowledge_base import CONNECTIONS, KnowledgeBase
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY, vector_of
from benchmarks.server import server_facts
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.database.statements import statement
from loopctl_pipelines.knowledge.embedding.storage.queries import read_pending
from loopctl_pipelines.knowledge.embedding.storage.vectors import write_in_parts
from loopctl_pipelines.knowledge.embedding.texts.articles import PendingArticle, VectorSpace
from loopctl_pipelines.knowledge.tenant_work.connection_slots import ConnectionSlots
from loopctl_pipelines.knowledge.tenant_work.tenant_session import TenantSession

_SPACE = VectorSpace()
_BARE, _SINGLE, _OURS = "a bare UPDATE", "a statement a vector", "ours"


def vectors(url: str, count: int, rounds: int) -> Outcome:
    """Compare ways to write existing vectors, all of one tenant."""
    with closing(KnowledgeBase(url, tenants=1, articles=count, key=KEY)) as knowledge:
        writing = _Writing(knowledge)
        before, after = writing.before, knowledge.check
        contenders = [
            Contender(_BARE, knowledge.write_staged, before, after),
            Contender(_SINGLE, writing.single, before, after),
            Contender(_OURS, writing.ours, before, after),
        ]
        times = interleave(contenders, rounds, perf_counter)
    return Outcome(
        "vectors",
        {"vectors": count, "dimension": _SPACE.dimension, **server_facts(url)},
        times,
        [
            Ratio("times the bare UPDATE", _OURS, _BARE, most=2),
            Ratio("times faster than a statement a vector", _SINGLE, _OURS),
        ],
        ["The bare UPDATE takes vectors from a table; ours sends them and records each article."],
    )


class _Writing:
    """Pending articles with their vectors, and the ways to write them."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        [tenant] = knowledge.tenants
        self._knowledge = knowledge
        self._session = TenantSession(
            knowledge.database, tenant, ConnectionSlots(CONNECTIONS).for_tenant()
        )
        self._pending = self._read_pending()
        self._made = {
            article.hash_in(_SPACE): vector_of(article.text, _SPACE.dimension)
            for article in self._pending
        }
        knowledge.stage_vectors()

    def before(self) -> None:
        self._knowledge.empty()
        self._pending = self._read_pending()

    def single(self) -> None:
        with self._knowledge.session() as session:
            for article in self._pending:
                content_hash = article.hash_in(_SPACE)
                written = {
                    "tenant_id": self._session.tenant.id,
                    "article_id": article.id,
                    "vector": str(self._made[content_hash].tolist()),
                    "hash": content_hash,
                }
                session.execute(statement(__package__, "reference_write_vector"), written)

    def ours(self) -> None:
        write_in_parts(self._session, self._pending, self._made, _SPACE)

    def _read_pending(self) -> list[PendingArticle]:
        pending: list[PendingArticle] = []
        while articles := self._session.run(read_pending, pending[-1] if pending else None):
            pending += articles
        return pending
