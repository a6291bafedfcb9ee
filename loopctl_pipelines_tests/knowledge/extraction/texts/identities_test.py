"""Ids and keys have loopctl's forms; the values are its worked examples."""

from hashlib import sha256
from uuid import UUID

from loopctl_pipelines.knowledge.extraction.texts.identities import (
    document_key_prefix,
    document_source_id,
    qualified_titles,
    review_key_prefix,
)

HELLO = sha256(b"hello").hexdigest()


def test_a_documents_source_id_is_made_of_its_content_hash() -> None:
    assert document_source_id(HELLO) == UUID("d7914fe5-46b6-8468-8bb9-5f4f888a92df")
    of_url = "2dce0a4c50441bfccfa9caf4b58c3cba6e06c420505dd829f0436de1aa44baac"
    assert document_source_id(of_url) == UUID("8b9c74eb-cb55-3bf5-40ea-3137e7d24c50")


def test_a_chunks_key_is_loopctls_unless_it_belongs_to_a_project() -> None:
    expected = "ingest:ce000d0f0d7f20de2dc85bd9db60ef2b9c79d131a725cc89a6c850591ede2265"
    assert document_key_prefix(HELLO, 0, None) == expected
    assert document_key_prefix(HELLO, 0, UUID(int=1)) != expected
    assert document_key_prefix(HELLO, 0, UUID(int=1)) != document_key_prefix(HELLO, 0, UUID(int=2))


def test_a_reviews_key_names_the_review() -> None:
    assert review_key_prefix(UUID(int=7)) == "review:00000000-0000-0000-0000-000000000007"


def test_a_taken_title_gets_the_sources_name_then_a_number() -> None:
    assert qualified_titles("Title", "notes.md", 500)[:2] == ["Title (notes.md)", "Title (2)"]
    assert qualified_titles("Title", None, 500)[0] == "Title (2)"
    assert {len(title) for title in qualified_titles("t" * 500, "notes.md", 500)} == {500}
