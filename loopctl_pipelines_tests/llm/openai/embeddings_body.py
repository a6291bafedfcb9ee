"""The answer of the embeddings API that the tests start from."""

import base64
import struct
from collections.abc import Callable

Change = Callable[[list[dict[str, object]]], object]


def embeddings_body(
    count: int, dimension: int, note: str, change: Change = lambda _: None
) -> dict[str, object]:
    """Return an answer with so many vectors, after applying `change` to the list of them."""
    items: list[dict[str, object]] = [
        {"object": "embedding", "index": index, "embedding": packed([index + 1.0] * dimension)}
        for index in range(count)
    ]
    change(items)
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "note": note, "data": items, "usage": usage}


def packed(values: list[float]) -> str:
    """Return the numbers in the provider's encoding."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
