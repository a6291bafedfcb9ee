"""A tenant that cannot be selected."""

from loopctl_pipelines.errors import SelectionError


class UnknownTenantError(SelectionError):
    """No tenant has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"No tenant has the slug {slug!r}. See `loopctl-pipelines tenants list`.")


class InactiveTenantError(SelectionError):
    """The tenant exists, but is suspended, deactivated or pending enrollment."""

    def __init__(self, slug: str, status: str) -> None:
        super().__init__(
            f"Tenant {slug!r} is {status}: only active tenants are computed. "
            "What was computed for it before stays as it is."
        )


class StillATenantError(SelectionError):
    """A tenant has the slug from which a history was to be carried over."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"A tenant has the slug {slug!r}, so its history stays with it. Rename the tenant in "
            "loopctl first."
        )


class UnusableSlugError(SelectionError):
    """A slug that cannot be a partition key."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The slug {slug!r} cannot be a partition key.")


class NoHistoryError(SelectionError):
    """Nothing is recorded for a slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"Nothing is recorded for the slug {slug!r}. `loopctl-pipelines tenants list` shows "
            "the slugs that no tenant has any more."
        )
