"""Fetches with the real resolver and connector in a network where every address is this machine.

Run it in a network namespace of its own: a server on port 80 then answers at each address. It
prints how each fetch ended, and which addresses were connected to, as JSON.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.request import ProxyHandler, build_opener

from loopctl_pipelines.knowledge.ingestion.failures import FetchFailure
from loopctl_pipelines.knowledge.ingestion.fetching.fetcher import Fetcher

PATIENT_SECONDS: Final = 60
_MAKE_EVERY_ADDRESS_LOCAL = (
    ("ip", "link", "set", "lo", "up"),
    ("ip", "route", "add", "local", "default", "dev", "lo"),
)


def main(addresses: Sequence[str]) -> None:
    """Fetch these addresses, one after the other, without a guard and with it."""
    for command in _MAKE_EVERY_ADDRESS_LOCAL:
        subprocess.run(command, check=True)
    connected = list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connected.append(self.connection.getsockname()[0])
            location = self.path.partition("?to=")[2]
            self.send_response(302 if location else 200)
            self.send_header("Content-Type", "text/plain")
            if location:
                self.send_header("Location", location)
            self.end_headers()
            if not location:
                self.wfile.write(b"a document")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing."""

    # port 80 is free here, and allowed to the user who made the namespace
    server = ThreadingHTTPServer(("0.0.0.0", 80), Handler)  # noqa: S104 - nobody else is here
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    fetcher = Fetcher(ports=(80, 443), deadline_seconds=PATIENT_SECONDS)
    ends = list[object]()
    for address in addresses:
        unguarded = build_opener(ProxyHandler({})).open(address, timeout=PATIENT_SECONDS).read()
        connected.clear()
        fetched = fetcher.fetch(address)
        end = str(fetched) if isinstance(fetched, FetchFailure) else fetched.content
        ends.append([unguarded.decode(), end, list(connected)])
    fetcher.close()
    sys.stdout.write(json.dumps(ends))


if __name__ == "__main__":
    main(sys.argv[1:])
