"""675 Python Enhancement Proposals, then 133 real edits of them, one by one."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict
from uuid import UUID, uuid5

import pytest
from psycopg.types.json import Jsonb

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.knowledge.embedding.work.embedder import Embedder
from loopctl_pipelines.llm.fake.loopback import LoopbackServer
from loopctl_pipelines_tests.knowledge.embedding.knowledge import KEY, Knowledge, embedder
from loopctl_pipelines_tests.usage import LONG_AGO, id_of

CHARACTERS = 32_000


class Document(TypedDict):
    """A proposal at one point in time."""

    id: str
    title: str
    body: str
    status: str
    type: str


class Change(TypedDict):
    """A proposal after a commit."""

    id: str
    kind: str
    doc: Document


@pytest.fixture
def knowledge(database: Database) -> Knowledge:
    knowledge = Knowledge(database)
    knowledge.tenant("python")
    return knowledge


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    with LoopbackServer([KEY]) as loopback:
        yield loopback


@pytest.fixture
def embed(database: Database, loopback: LoopbackServer) -> Iterator[Embedder]:
    with embedder(database, loopback.base_url, deadline_seconds=60) as embed:
        yield embed


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from lines


def _article_id(name: str) -> UUID:
    return uuid5(id_of("python"), name)


def _publish(knowledge: Knowledge, name: str, document: Document) -> None:
    """Write a proposal; everything except its text goes into the metadata."""
    rest = {key: value for key, value in document.items() if key not in {"title", "body"}}
    with knowledge.database.tenant_transaction(id_of("python")) as connection:
        connection.execute(
            "INSERT INTO articles (id, tenant_id, title, body, category, status, slug, metadata,"
            " inserted_at, updated_at) VALUES (%(id)s, %(tenant)s, %(title)s, %(body)s, 'pep',"
            " 'published', %(name)s, %(rest)s, %(at)s, %(at)s)"
            " ON CONFLICT (id) DO UPDATE SET title = excluded.title, body = excluded.body,"
            " metadata = excluded.metadata",
            {
                "id": _article_id(name),
                "tenant": id_of("python"),
                "title": _title(name, document),
                "body": document["body"],
                "name": name,
                "rest": Jsonb(rest),
                "at": LONG_AGO,
            },
        )


def _title(name: str, document: Document) -> str:
    return f"{name}: {document['title']}"  # titles must be unique, and some proposals share one


def _start(name: str, document: Document) -> str:
    return f"{_title(name, document)}\n\n{document['body']}"[:CHARACTERS]


def test_only_changes_of_content_of_real_articles_reach_the_provider(
    knowledge: Knowledge, embed: Embedder, loopback: LoopbackServer, shared_folder: Path
) -> None:
    texts: dict[str, str] = {}
    for line in _lines(shared_folder / "data" / "articles_r1.jsonl.gz"):
        document: Document = json.loads(line)
        texts[document["id"]] = _start(document["id"], document)
        _publish(knowledge, document["id"], document)
    outcome = knowledge.run(embed, "python")
    assert outcome.error is None
    assert loopback.inputs == outcome.counts.embedded == len(texts) == 675

    sent: Counter[str] = Counter()
    for line in _lines(shared_folder / "data" / "articles_changes.jsonl.gz"):
        change: Change = json.loads(line)
        _publish(knowledge, change["id"], change["doc"])
        before = loopback.inputs
        counts = knowledge.run(embed, "python").counts
        differs = texts.get(change["id"]) != _start(change["id"], change["doc"])
        assert loopback.inputs - before == counts.embedded == (1 if differs else 0)
        assert counts.unchanged == (0 if differs else 1)
        sent[f"{change['kind']} {'sent' if differs else 'not sent'}"] += 1
        texts[change["id"]] = _start(change["id"], change["doc"])
    assert len(knowledge.embedded("python")) == len(texts)
    assert sent == {
        "metadata-only not sent": 25,
        "content sent": 78,
        "content not sent": 21,  # 14 change nothing, 7 change only text beyond the cut
        "whitespace-only sent": 1,
        "whitespace-only not sent": 1,
        "add sent": 6,
        "add not sent": 1,
    }
