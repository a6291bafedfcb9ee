"""Slugs of LOOPCTL_EXTRACT_REVIEWS that no active tenant has: nobody would miss their reviews."""

from collections.abc import Collection

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.tenants.operator_queries import list_tenants


def unknown_slugs_sentence(database: Database, review_slugs: Collection[str]) -> str | None:
    """Return a sentence that names them; None: all are slugs of active tenants."""
    if not review_slugs:
        return None
    active = {slug for slug, tenant in list_tenants(database).items() if tenant.is_active}
    unknown = sorted(set(review_slugs) - active)
    if not unknown:
        return None
    names = ", ".join(map(repr, unknown))
    return f"LOOPCTL_EXTRACT_REVIEWS names no active tenant: {names}. Correct or remove it."
