"""Random streams and ids of the sample: they depend on a seed and a path only."""

from datetime import date
from typing import Final
from uuid import UUID, uuid5

import numpy as np

_SAMPLE_IDS: Final = UUID("5f0c3b1e-6b0e-5b0a-9f57-6b6f6f706374")

# First number of a stream's path. The rest is the tenant's place and the day.
ENTITIES: Final = 0
DAY: Final = 1
PLANTS: Final = 2
MIDNIGHT: Final = 3
KNOWLEDGE: Final = 4


def row_id(seed: int, path: str) -> UUID:
    """Return the id of the row at `path`, such as `northwind/epic/2.1`."""
    return uuid5(_SAMPLE_IDS, f"{seed}/{path}")


def stream(seed: int, kind: int, *, place: int = 0, day: date | None = None) -> np.random.Generator:
    """Return a stream of random numbers that depends on these arguments only.

    Args:
        seed: 0 or more.
        kind: one of the constants of this module.
        place: the tenant's place in the list of tenants.
        day: the UTC day.
    """
    path = (kind, place, day.toordinal() if day else 0)
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=path))
