"""Documents and reviews of a few tenants, and what was paid for and stored of them.

Each tenant has a twin with the same documents and reviews, whose extraction nothing interrupts.
"""

import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Final

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines_tests.knowledge.embedding import passing_time
from loopctl_pipelines_tests.knowledge.extraction.documents import Documents
from loopctl_pipelines_tests.usage import id_of
from trials.commands import Command
from trials.lost_payments import LostPayments
from trials.messages_process import LATENCY_SECONDS, MessagesProcess, article_titles

_TENANTS: Final = 4
KILLED: Final = tuple(f"killed-{number}" for number in range(_TENANTS))
SPARED: Final = tuple(f"spared-{number}" for number in range(_TENANTS))
REQUESTS: Final = 16
"""LOOPCTL_EXTRACTION_REQUESTS: fewer than the tenants together would send at once."""

_CHUNKS, _REVIEWS = 12, 2
_ROUNDS_WITH_PROJECT = 3
_CHUNK_WORDS = 1_400

_ARTICLES = """
    SELECT title, body, status, category, tags::text, source_type, project_id IS NOT NULL
    FROM articles
"""
_USAGE = """
    SELECT count(*), sum(input_tokens), sum(output_tokens)
    FROM llm_usage_events WHERE operation = 'extraction'
"""
_AUDITED = """
    SELECT
        (SELECT count(*) FROM articles) - count(DISTINCT article.id),
        count(*) - count(DISTINCT article.id)
    FROM audit_log, jsonb_array_elements_text(new_state -> 'article_ids') AS article (id)
    WHERE action IN ('knowledge.content_ingested', 'knowledge.articles_extracted')
"""
_UNFINISHED = """
    SELECT id FROM loopctl_pipelines.ingestion_requests WHERE state <> 'done'
    UNION ALL
    SELECT review_id FROM loopctl_pipelines.extracted_reviews WHERE state <> 'done'
"""
_CLAIMED = "SELECT operation FROM loopctl_pipelines.tenant_operations WHERE holder IS NOT NULL"


class Extractions:
    """The tenants, their texts, and the vendor that counts."""

    def __init__(self, database: Database, vendor: MessagesProcess) -> None:
        """Take the database and the vendor."""
        self._database = database
        self._documents = Documents(database)
        self._vendor = vendor
        self._lost = LostPayments()
        self._rounds = count()
        self._titles = dict[str, set[str]]()

    def tenants(self) -> None:
        """Add the tenants and their twins, once."""
        for slug in (*KILLED, *SPARED):
            if slug not in self._titles:
                self._documents.tenant(slug)
                self._titles[slug] = set()

    def hand_in(self, folder: Path) -> list[Path]:
        """Hand in a document of each tenant and twin; return the tenants' as files.

        Every third document is handed in for a project as well, which pays nothing. Each tenant
        gets reviews besides.
        """
        number, files = next(self._rounds), list[Path]()
        for slug in (*KILLED, *SPARED):
            chunks = [f"Section {number}.{chunk} of {slug}" for chunk in range(_CHUNKS)]
            text = "\n".join(f"# {chunk}\n{'word ' * _CHUNK_WORDS}" for chunk in chunks)
            file = folder / slug / f"document-{number}.md"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            self._documents.document(slug, text, source_name=file.name)
            if number % _ROUNDS_WITH_PROJECT == 0:
                project = id_of(slug, "p")
                self._documents.document(slug, text, project_id=project, source_name=file.name)
            reviews = [f"Review {number}.{review} of {slug}" for review in range(_REVIEWS)]
            for review in reviews:
                self._documents.review(slug, review)
            self._titles[slug] |= {*chunks, *reviews}
            if slug in KILLED:
                files.append(file)
        return files

    def wait_for_an_answer(self, command: Command) -> None:
        """Wait until the vendor has answered the command, or it has ended without that."""
        before = self._vendor.answers()
        while self._vendor.answers() == before and command.process.exitcode is None:
            time.sleep(0.05)

    def process_was_killed(self) -> int:
        """Return how many texts a killed process had paid for and not written; end its claims."""
        # an answer may be under way still
        time.sleep(3 * LATENCY_SECONDS)
        passing_time.claim_lease(self._database)
        unwritten = (title for slug in KILLED for title in self._titles[slug] - self._written(slug))
        return self._lost.process_was_killed(self._vendor.paid(), unwritten)

    def faults(self) -> list[tuple[str, str]]:
        """Return (kind of fault, sentence) where the tenants are not as their twins."""
        paid, found = self._vendor.paid(), list[tuple[str, str]]()
        for slug, twin in zip(KILLED, SPARED, strict=True):
            found += self._lost.faults(paid, sorted(self._titles[slug] | self._titles[twin]))
            found += self._article_faults(slug, twin)
            found += self._row_faults(slug, twin)
        return found

    def _article_faults(self, slug: str, twin: str) -> list[tuple[str, str]]:
        articles = self._articles(slug)
        wanted = Counter(
            (str(title).replace(twin, slug), *row) for title, *row in self._articles(twin)
        )
        kinds = {"lost": wanted - articles, "doubled": articles - wanted}
        return [
            (kind, f"{times} x {title!r} of {slug}")
            for kind, rows in kinds.items()
            for (title, *_), times in rows.items()
        ]

    def _row_faults(self, slug: str, twin: str) -> list[tuple[str, str]]:
        found = list[tuple[str, str]]()
        rows, texts = self._documents.rows, len(self._titles[slug])
        if rows(slug, _USAGE) != rows(twin, _USAGE) or rows(slug, _USAGE)[0][0] != texts:
            found.append(("lost", f"usage of {slug}: {rows(slug, _USAGE)}, {texts} texts"))
        [(unaudited, audited_again)] = rows(slug, _AUDITED)
        if unaudited or audited_again:
            audited = f"{unaudited} articles of {slug} have no audit row, {audited_again} two"
            found.append(("lost" if unaudited else "doubled", audited))
        found += [
            ("stuck", f"{source} of {slug} is not done") for (source,) in rows(slug, _UNFINISHED)
        ]
        found += [("stuck", f"a claim on {slug} is left") for _ in rows(slug, _CLAIMED)]
        return found

    def _articles(self, slug: str) -> Counter[tuple[object, ...]]:
        return Counter(self._documents.rows(slug, _ARTICLES))

    def _written(self, slug: str) -> set[str]:
        """Return the titles of the texts all of whose articles are stored."""
        stored = set(self._documents.titles(slug))
        return {title for title in self._titles[slug] if stored.issuperset(article_titles(title))}
