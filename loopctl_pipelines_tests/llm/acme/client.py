"""Acme's client, as vendors write theirs: its exceptions carry the key, the text and the answer."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from loopctl_pipelines.llm.secret import Secret


class StatusError(Exception):
    """Acme rejected the request."""

    def __init__(self, response: HTTPResponse, request: str) -> None:
        answer = response.read().decode("latin-1")
        super().__init__(f"{response.status} {response.reason}: {answer} to {request}")
        self.status_code = response.status
        self.response = response


class ConnectionFailedError(Exception):
    """Acme was not reached, or broke the connection."""


@dataclass(frozen=True)
class Summary:
    """A summary and what it cost, in tokens."""

    text: str
    input_tokens: int
    output_tokens: int


class AcmeClient:
    """Summarizes texts."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc

    def summarize(self, key: Secret, text: str) -> Summary:
        headers = {"Authorization": f"Bearer {key.reveal()}"}
        connection = HTTPConnection(self._host, timeout=60)
        try:
            connection.request("POST", "/summaries", json.dumps({"input": [text]}), headers)
            response = connection.getresponse()
            if response.status >= 300:
                raise StatusError(response, f"{headers} {text}")
            answer = json.loads(response.read())
        except (OSError, HTTPException) as error:
            raise ConnectionFailedError(f"{error!r} on {headers} {text}") from error
        finally:
            connection.close()
        return Summary(answer["summary"], *answer["tokens"])
