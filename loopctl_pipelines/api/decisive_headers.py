"""Refuses a header that decides something and is given twice: which of the two would count?"""

from collections import Counter
from typing import Final

from fastapi import Request

from loopctl_pipelines.api.errors import refused

# Authorization is missing: two of them are no key, which is loopctl's rule. What bounds the body,
# the parser checks.
_DECISIVE: Final = {
    b"content-type": "Content-Type",
    b"host": "Host",
    b"x-effective-role": "X-Effective-Role",
    b"x-impersonate-tenant": "X-Impersonate-Tenant",
}


async def given_once(request: Request) -> None:
    """Check the request's headers.

    Raises:
        RequestRefusedError: 400, naming the header.
    """
    given = Counter(name for name, _ in request.headers.raw)
    for name, spelling in _DECISIVE.items():
        if given[name] > 1:
            raise refused(400, f"{spelling} must be given once, not {given[name]} times")
