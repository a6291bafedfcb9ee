"""Embedding articles against an answering provider: the existing system's way, and ours."""

from contextlib import closing, nullcontext
from time import perf_counter

from benchmarks.knowledge_base import CLOAK_KEY, CONNECTIONS, WORDS, KnowledgeBase
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY, LATENCY_SECONDS, provider_process
from benchmarks.reference_embedding import WORKERS, ReferenceEmbedding
from benchmarks.server import server_facts
from benchmarks.timing import Contender, Spread, interleave
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.knowledge.embedding.work.guarded_provider import GuardedProvider
from loopctl_pipelines.llm.guarded_call import GuardedCall
from loopctl_pipelines.llm.openai.embedding_provider import EmbeddingProvider
from loopctl_pipelines.llm.openai.exceptions import OPENAI

_TENANTS = 10
_REQUESTS = 32
_REFERENCE, _OURS, _WRITING = "the reference's way", "ours", "writing the vectors, no more"


def embedding(url: str, articles: int, rounds: int, *, indexed: bool) -> Outcome:
    """Compare articles per second at a provider that answers after 50 ms.

    Args:
        url: an upgraded database.
        articles: how many there are to embed.
        rounds: runs of each contender.
        indexed: with loopctl's vector index, whose upkeep takes most of the time; without it, the
            rest is seen.
    """
    with (
        provider_process() as base_url,
        closing(KnowledgeBase(url, tenants=_TENANTS, articles=articles, key=KEY)) as knowledge,
        closing(ReferenceEmbedding(url, base_url, KEY)) as reference,
        closing(_embedder(knowledge, base_url)) as embedder,
    ):

        def ours() -> None:
            list(embedder.embed(knowledge.tenants))

        contenders = [
            Contender(_REFERENCE, reference.embed, knowledge.empty, knowledge.check),
            Contender(_OURS, ours, knowledge.empty, knowledge.check),
            Contender(_WRITING, knowledge.write_staged, knowledge.empty, knowledge.check),
        ]
        knowledge.stage_vectors()
        with nullcontext() if indexed else knowledge.without_vector_index():
            ours()  # the first request imports the client
            times = interleave(contenders, rounds, perf_counter)
    speeds = {name: articles / Spread.of(runs).median for name, runs in times.items()}
    return Outcome(
        "embedding" if indexed else "embedding-unindexed",
        {
            "articles": articles,
            "words": WORDS,
            "tenants": _TENANTS,
            "provider's latency (s)": LATENCY_SECONDS,
            "the reference's workers": WORKERS,
            "our connections": CONNECTIONS,
            **{f"articles a second, {name}": round(speed) for name, speed in speeds.items()},
            **server_facts(url),
        },
        times,
        [
            Ratio("times faster than the reference", _REFERENCE, _OURS, least=50),
            Ratio("times the bare UPDATE of the vectors", _OURS, _WRITING),
            Ratio("times faster, were nothing to do but that", _REFERENCE, _WRITING),
        ],
        ["All write the same vectors into the same database, in each round."],
    )


def _embedder(knowledge: KnowledgeBase, base_url: str) -> Embedder:
    provider = EmbeddingProvider(base_url, deadline_seconds=60)
    guard = GuardedCall(OPENAI, knowledge.database, requests=_REQUESTS)
    return Embedder(knowledge.database, GuardedProvider(provider, guard), CLOAK_KEY)
