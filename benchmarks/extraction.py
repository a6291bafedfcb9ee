"""Extracting articles from documents by an answering model: the existing system's way, and ours."""

from contextlib import closing
from time import perf_counter

from benchmarks.documents import DOCUMENT_BYTES, PendingDocuments
from benchmarks.knowledge_base import CLOAK_KEY, CONNECTIONS
from benchmarks.outcome import Outcome, Ratio
from benchmarks.provider_process import KEY, MESSAGE_LATENCY_SECONDS, messages_process
from benchmarks.reference_extraction import WORKERS, ReferenceExtraction
from benchmarks.server import server_facts
from benchmarks.timing import Contender, interleave
from loopctl_pipelines.knowledge.extraction.definitions import build_extractor
from loopctl_pipelines.settings import Settings

_TENANTS = 10
_REFERENCE, _OURS = "the reference's way", "ours"


def extraction(url: str, documents: int, rounds: int) -> Outcome:
    """Compare how long the same documents take, at a model that answers after 300 ms.

    Args:
        url: an upgraded database.
        documents: how many there are, of 10 tenants.
        rounds: runs of each contender.

    Raises:
        WrongResultError: if the contenders made other articles.
    """
    with (
        messages_process() as base_url,
        closing(PendingDocuments(url, tenants=_TENANTS, documents=documents, key=KEY)) as pending,
        closing(ReferenceExtraction(url, base_url, KEY)) as reference,
    ):
        settings = Settings(cloak_key=CLOAK_KEY, anthropic_base_url=base_url)
        with closing(build_extractor(settings, pending.database)) as extractor:

            def ours() -> None:
                list(extractor.extract(pending.tenants))

            ours()  # the first request imports the client
            contenders = [
                Contender(_REFERENCE, reference.extract, pending.restore, pending.check),
                Contender(_OURS, ours, pending.restore, pending.check),
            ]
            times = interleave(contenders, rounds, perf_counter)
    return Outcome(
        "extraction",
        {
            "documents": documents,
            "bytes of a document": DOCUMENT_BYTES,
            "tenants": _TENANTS,
            "articles": pending.articles,
            "vendor's latency (s)": MESSAGE_LATENCY_SECONDS,
            "the reference's workers": WORKERS,
            "our requests at once": settings.extraction_requests,
            "our requests of a tenant at once": settings.extraction_requests_per_tenant,
            "our connections": CONNECTIONS,
            **server_facts(url),
        },
        times,
        [Ratio("times faster than the reference", _REFERENCE, _OURS, least=8)],
        ["Both make the same articles of the same chunks, in each round."],
    )
