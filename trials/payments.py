"""What the embedding provider was paid for, compared with the vectors that there are."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

import numpy as np

from loopctl_pipelines.llm.fake.lexical import lexical_vector
from loopctl_pipelines.llm.fake.loopback import LoopbackServer, Vector
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge
from trials.lost_payments import LostPayments

_LATENCY_SECONDS = 0.1
ARTICLES = 40
"""Articles of a tenant."""

_TITLE: Final = re.compile(r"Article \d+ of [\w-]+\.")


class Payments:
    """A provider, and the texts that it was paid for."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Take the tenants and their articles."""
        self._knowledge = knowledge
        self._paid = Counter[str]()
        self._texts = dict[str, str]()
        self._paying = Lock()
        self._lost = LostPayments()

    @contextmanager
    def provider(self) -> Iterator[str]:
        """Give the base URL of the provider."""
        with LoopbackServer([KEY], latency_seconds=_LATENCY_SECONDS, vector=self._vector) as server:
            yield server.base_url

    def tenant(self, slug: str) -> None:
        """Add a tenant with articles."""
        self._knowledge.tenant(slug)
        for number in range(ARTICLES):
            self._knowledge.article(slug, _title(slug, number), f"This is about {number} things.")

    def process_was_killed(self, slugs: Iterable[str]) -> int:
        """Return how many vectors were paid for and not written when a process was killed.

        No process embeds these tenants' articles now. These may be paid for again, others not.
        """
        # an answer may be under way still
        time.sleep(3 * _LATENCY_SECONDS)
        unwritten = (title for slug in slugs for title in self._unwritten(slug))
        return self._lost.process_was_killed(self._times(), unwritten)

    def faults(self, slugs: Iterable[str]) -> list[tuple[str, str]]:
        """Return (kind of fault, sentence) where an article has no vector or was paid for twice."""
        found, paid = list[tuple[str, str]](), self._times()
        for slug in slugs:
            vectors, audited = self._knowledge.vectors(slug), self._audited(slug)
            for title in sorted(self._titles(slug)):
                vector = vectors.get(title)
                if vector is None or not self._is_of(title, vector):
                    found.append(("lost", f"the vector of {title!r}, which is {vector!r:.40}"))
                if audited[title] != 1:
                    kind = "doubled" if audited[title] else "lost"
                    found.append((kind, f"{audited[title]} audit rows of {title!r}"))
            found += self._lost.faults(paid, sorted(self._titles(slug)))
        return found + self._claims()

    def _claims(self) -> list[tuple[str, str]]:
        with self._knowledge.database.operator_transaction() as connection:
            held = connection.execute(
                "SELECT tenant_id FROM loopctl_pipelines.tenant_operations WHERE holder IS NOT NULL"
                " UNION ALL SELECT tenant_id FROM loopctl_pipelines.unwritten_vectors"
            ).fetchall()
        return [("stuck", f"a claim or a vector of tenant {tenant} is left") for (tenant,) in held]

    def _audited(self, slug: str) -> Counter[str]:
        rows = self._knowledge.rows(
            slug,
            "SELECT title FROM audit_log JOIN articles ON articles.id = entity_id"
            " WHERE action = 'article.embedding_updated'",
        )
        return Counter(title for (title,) in rows)

    def _titles(self, slug: str) -> set[str]:
        return {_title(slug, number) for number in range(ARTICLES)}

    def _unwritten(self, slug: str) -> set[str]:
        return self._titles(slug) - self._knowledge.embedded(slug)

    def _times(self) -> Counter[str]:
        with self._paying:
            return self._paid.copy()

    def _is_of(self, title: str, vector: str) -> bool:
        stored = np.array([float(number) for number in vector.strip("[]").split(",")])
        with self._paying:
            text = self._texts[title]
        return bool(np.allclose(stored, lexical_vector(text, len(stored)), atol=1e-4))

    def _vector(self, text: str, dimension: int) -> Vector:
        [title] = _TITLE.findall(text)
        with self._paying:
            self._paid[title] += 1
            self._texts[title] = text
        return lexical_vector(text, dimension)


def _title(slug: str, number: int) -> str:
    return f"Article {number:03} of {slug}."
