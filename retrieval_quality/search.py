"""Searches over HTTP, as an agent does."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx2

from retrieval_quality.articles import API_KEY, article_id
from retrieval_quality.figures import DEPTH, MODES
from retrieval_quality.known_items import Kind, KnownItem

Places = dict[str, dict[Kind, list[int | None]]]
"""By mode and kind: the place of each query's article, 1 to 10; None: it was not found."""

_PATH: Final = "/api/v1/knowledge/search"
_SECONDS: Final = 60


class UnexpectedAnswerError(Exception):
    """An answer is not of the mode that was asked for, so figures would say nothing."""


def find_all(base_url: str, items: Sequence[KnownItem]) -> Places:
    """Return where each query finds its article in each mode.

    Raises:
        UnexpectedAnswerError: if an answer is an error, or of words only where it must not be.
    """
    headers = {"authorization": f"Bearer {API_KEY}"}
    with (
        httpx2.Client(base_url=base_url, headers=headers, timeout=_SECONDS) as client,
        ThreadPoolExecutor(os.cpu_count()) as threads,
    ):
        places: Places = {mode: {kind: [] for kind in Kind} for mode in MODES}
        for mode, of_kind in places.items():
            found = threads.map(lambda item, mode=mode: _place(client, item, mode), items)
            for item, place in zip(items, found, strict=True):
                of_kind[item.kind].append(place)
    return places


def _place(client: httpx2.Client, item: KnownItem, mode: str) -> int | None:
    response = client.get(_PATH, params={"q": item.text, "mode": mode, "limit": str(DEPTH)})
    if response.status_code != httpx2.codes.OK:
        raise UnexpectedAnswerError(f"{mode} search for {item.text!r}: {response.text}")
    answer: dict[str, Any] = response.json()
    if answer["meta"].get("fallback") or answer["meta"].get("not_embedded"):
        raise UnexpectedAnswerError(f"{mode} search for {item.text!r}: {answer['meta']}")
    wanted = str(article_id(item.number))
    ids = [article["id"] for article in answer["data"]]
    return ids.index(wanted) + 1 if wanted in ids else None
