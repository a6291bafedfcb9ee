"""Which articles a caller sees."""

from uuid import UUID

import pytest

from loopctl_pipelines.knowledge.articles.visibility import Viewer

AGENT, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("visibility", ["private", "owner"])
@pytest.mark.parametrize(
    ("viewer", "sees"),
    [
        (Viewer(AGENT, is_agent=True), True),
        (Viewer(OTHER, is_agent=True), False),
        (Viewer(None, is_agent=True), False),
        (Viewer(None, is_agent=False), True),
    ],
)
def test_a_hidden_article_is_seen_by_its_agent_and_by_higher_roles(
    visibility: str, viewer: Viewer, *, sees: bool
) -> None:
    assert viewer.sees(visibility, str(AGENT)) is sees


@pytest.mark.parametrize("visibility", [None, "shared", "anything"])
def test_all_other_articles_are_seen_by_everyone(visibility: str | None) -> None:
    assert Viewer(None, is_agent=True).sees(visibility, str(AGENT))


def test_a_hidden_article_of_no_agent_is_seen_by_no_agent() -> None:
    assert not Viewer(AGENT, is_agent=True).sees("private", None)
