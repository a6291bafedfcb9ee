"""Every way a Messages server can fail, as a tenant each, with canaries in its key and texts."""

from collections.abc import Mapping
from typing import Final

from loopctl_pipelines.llm.failures import FailureKind, ProviderFailure
from loopctl_pipelines_tests.knowledge.extraction.answers import article
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents
from loopctl_pipelines_tests.knowledge.traces import HEAD, TAIL, TEXT, WORD
from loopctl_pipelines_tests.llm.anthropic.wrong_messages import (
    BILLED_FAILURES,
    UNBILLED_FAILURES,
    block,
)
from loopctl_pipelines_tests.llm.failing_provider import Exchange, Fault
from loopctl_pipelines_tests.llm.openai.provider_cases import (
    BROKEN,
    BROKEN_CONNECTIONS,
    DEADLINE,
    MALFORMED,
    REDIRECTS,
    REJECTIONS,
    STALLS,
)

_PLAIN: Final = article("A title")
# where the texts belong; finding them there proves that the search works
AT_HOME: Final = {
    ("loopctl_pipelines.ingestion_requests", "text"),
    ("public.review_records", "text"),
}
DEADLINE_SECONDS = 3.0
CRASH = ProviderFailure(FailureKind.CRASH)


def saved(**columns: object) -> Fault:
    """Answer with an article that has these values, after a valid one."""
    return block(input={"articles": [_PLAIN, {**article("Another"), **columns}]})


# faults of values that are dropped, while the rest of the answer is stored
DROPPED: Mapping[str, Fault] = {
    "a category of its own": saved(category=f"{WORD} {TEXT}"),
    "a list for a title": saved(title=[WORD, TEXT]),
    "an unusable tag": saved(tags=[f"{WORD} {TEXT}"]),
    "another column": saved(author=WORD),
    "a text for an article": block(input={"articles": [_PLAIN, f"{WORD} {TEXT}"]}),
}
CASES: Final[list[tuple[Fault, ProviderFailure | None]]] = [
    *((fault, kept) for fault, kept, *_ in REJECTIONS.values()),
    *REDIRECTS.values(),
    *((fault, ProviderFailure(kind)) for fault, kind in BILLED_FAILURES.values()),
    *((fault, MALFORMED) for fault in UNBILLED_FAILURES.values()),
    (block(input={"articles": f"{WORD} {TEXT}"}), MALFORMED),
    *((fault, BROKEN) for fault in BROKEN_CONNECTIONS.values()),
    *((fault, None) for fault in DROPPED.values()),
    *((fault, DEADLINE) for fault in STALLS.values()),
]
SLUGS: Final = {f"text-{number:02}": case for number, case in enumerate(CASES)}


def add_tenant(documents: Documents, slug: str) -> None:
    """Add a tenant with a document and a review, and the canaries in its key and texts."""
    documents.tenant(slug, key=f"{HEAD}-{slug}-{TAIL}")
    documents.document(slug, f"# A heading\n\n{TEXT}")
    documents.review(slug, f"Check {TEXT}.")


def fault_of_the_key(exchange: Exchange) -> None:
    """Fail as the case whose slug is in the key."""
    slug = exchange.key.removeprefix(f"{HEAD}-").removesuffix(f"-{TAIL}")
    fault, _ = SLUGS[slug]
    fault(exchange)


def kept(documents: Documents, slug: str) -> set[str | None]:
    """Return what is stored as the failure of the tenant, its document and its review."""
    failures = documents.rows(
        slug,
        "SELECT failure FROM loopctl_pipelines.ingestion_requests"
        " UNION SELECT failure FROM loopctl_pipelines.extracted_reviews"
        " UNION SELECT pause FROM loopctl_pipelines.tenant_operations",
    )
    return {failure for (failure,) in failures} - {None}


def may_be_kept(slug: str) -> tuple[set[str], ...]:
    """Return what may be stored: on a busy machine any request may miss the deadline."""
    _, failure = SLUGS[slug]
    expected = set() if failure is None else {failure.log_tag}
    return expected, expected | {DEADLINE.log_tag}, {DEADLINE.log_tag}
