"""Vectors of hashed terms, in which texts that share words are close. Pure."""

import math
import re
import zlib
from collections import Counter

import numpy as np
import numpy.typing as npt

# shorter words are mostly articles, prepositions and pronouns, which all texts share
_TERM = re.compile(r"\w{4,}")


def lexical_vector(text: str, dimension: int) -> npt.NDArray[np.float32]:
    """Return a float32 unit vector; each term adds 1 + ln(occurrences) at its own index.

    Index and sign come from the term's CRC-32 (feature hashing, Weinberger et al. 2009), so
    colliding terms cancel out on average.
    """
    terms = Counter(_TERM.findall(text.lower())) or Counter([text])
    vector = np.zeros(dimension, dtype=np.float32)
    for term, occurrences in terms.items():
        index, negative = divmod(zlib.crc32(term.encode("utf-8", "replace")), 2)
        weight = 1 + math.log(occurrences)
        vector[index % dimension] += -weight if negative else weight
    if not vector.any():  # all terms collided and cancelled out
        vector[0] = 1
    return (vector / np.linalg.norm(vector)).astype(np.float32)
