"""What can be wrong with a change of an article. Pure."""

from uuid import UUID

from loopctl_pipelines.errors import PipelinesError
from loopctl_pipelines.knowledge.articles.transitions import ArticleStatus


class ArticleRefusedError(PipelinesError):
    """An article is not written as it is."""


class TitleTakenError(ArticleRefusedError):
    """Another active article of the tenant has this title."""

    def __init__(self) -> None:
        super().__init__("Another draft or published article of the tenant has this title.")


class ProjectUnknownError(ArticleRefusedError):
    """The tenant has no such project."""

    def __init__(self) -> None:
        super().__init__("The tenant has no such project.")


class TransitionRefusedError(ArticleRefusedError):
    """An article cannot go from its state to the wanted one."""

    def __init__(self, before: str, after: ArticleStatus) -> None:
        super().__init__(f"Cannot transition from {before} to {after}")


class VersionChangedError(ArticleRefusedError):
    """The article was changed since the caller read it."""

    def __init__(self, article_id: UUID) -> None:
        super().__init__(f"Article {article_id} was changed since it was read. Read it again.")
