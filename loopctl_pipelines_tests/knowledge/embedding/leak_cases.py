"""Every way an embedding server can fail, as a tenant each, with canaries in its key and texts."""

from typing import Final

from loopctl_pipelines_tests.knowledge.embedding.knowledge import Knowledge
from loopctl_pipelines_tests.knowledge.traces import HEAD, TAIL, TEXT
from loopctl_pipelines_tests.llm.failing_provider import Exchange
from loopctl_pipelines_tests.llm.openai.provider_cases import ALL, DEADLINE, WRONG_URL

CASES = {f"case-{number:02}": case for number, case in enumerate(ALL)}
# where the texts belong; finding them there proves that the search works
AT_HOME: Final = {("public.articles", "text")}


def add_tenant(knowledge: Knowledge, slug: str) -> None:
    """Add a tenant with three articles, and the canaries in its key and texts."""
    knowledge.tenant(slug, key=f"{HEAD}-{slug}-{TAIL}")
    for number in range(3):
        knowledge.article(slug, f"Title {number}", f"{TEXT} {number}")


def fault_of_the_key(exchange: Exchange) -> None:
    """Fail as the case whose slug is in the key."""
    slug = exchange.key.removeprefix(f"{HEAD}-").removesuffix(f"-{TAIL}")
    fault, _ = ALL[CASES[slug]]
    fault(exchange)


def kept(knowledge: Knowledge, slug: str) -> set[str | None]:
    """Return the tags of the failures stored for a tenant's articles."""
    return {failure for failure, *_ in knowledge.states(slug).values()}


def may_be_kept(slug: str) -> tuple[set[str], ...]:
    """Return what may be stored: on a busy machine any request may miss the deadline."""
    _, failure = ALL[CASES[slug]]
    # the address is the operator's: nothing is stored about an article
    expected = set() if failure == WRONG_URL else {failure.log_tag}
    return expected, {DEADLINE.log_tag}
