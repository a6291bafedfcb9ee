"""Errors that leave a tenant's links as they were until somebody acts."""

from loopctl_pipelines.errors import PipelinesError


class LinkingError(PipelinesError):
    """A statement on a tenant's links failed; what was committed before stays, the rest is due.

    Attributes:
        slug: the tenant.
    """

    def __init__(self, slug: str, cause: str, sqlstate: str | None) -> None:
        super().__init__(
            f"Linking the articles of tenant {slug!r}: {cause} (SQLSTATE {sqlstate or 'none'}). "
            "Repair it, then run it again."
        )
        self.slug = slug
