"""What no client should send. Nothing of it is a 500, and nothing shows another tenant's data."""

import json
import socket
from itertools import product
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopctl_pipelines_tests.api.routes.searched_articles import SEARCH
from loopctl_pipelines_tests.api.rows import add_anomaly, add_summary, rows_of
from loopctl_pipelines_tests.api.serving import (
    ANOMALIES,
    BATCH,
    INGEST,
    JOBS,
    LLM_CONFIG,
    LLM_USAGE,
    PIPELINE,
    SUMMARIES,
    Api,
    details,
    message,
)
from loopctl_pipelines_tests.usage import id_of

LISTS = (ANOMALIES, SUMMARIES)
NAMES = {
    ANOMALIES: (
        "anomaly_type",
        "project_id",
        "resolved",
        "include_archived",
        "page",
        "page_size",
    ),
    SUMMARIES: ("scope_type", "scope_id", "from", "to", "page", "page_size"),
}
FIELDS = [(path, name) for path in LISTS for name in NAMES[path]]
NASTY = (
    "'",
    "' OR '1'='1",
    "'; DROP TABLE cost_anomalies; --",
    "%s%(tenant_id)s",
    "$1",
    "\x00",
    "\\x00",
    "\ufffe\U0001f4a9",
    "NaN",
    "null",
    "[]",
    "9" * 5000,
    "-1",
    "1e400",
    "2026-04-02T00:00:00",
    "infinity",
)


@pytest.fixture(scope="module")
def api(shared_api: Api) -> Api:
    for slug in ("acme", "other"):
        add_anomaly(shared_api.database, slug)
        add_summary(shared_api.database, slug)
    return shared_api


@pytest.fixture(scope="module")
def key(shared_key: str) -> str:
    return shared_key


KNOWLEDGE_FIELDS = [
    *product([JOBS], ["limit", "offset", "since_days"]),
    *product([LLM_USAGE], ["limit", "offset", "from", "to"]),
]


@pytest.mark.parametrize(("path", "name"), KNOWLEDGE_FIELDS)
def test_anything_in_a_parameter_of_the_knowledge_base_is_harmless(
    api: Api, key: str, path: str, name: str
) -> None:
    for value in (*map(quote, NASTY), "%ff", "%C3%28", "%ED%A0%80", "%", "%zz"):
        response = api.get(f"{path}?{name}={value}", key)
        if response.status_code != 200:
            assert set(details(response)) == {name}


def _is_harmless(api: Api, key: str, path: str, query: str) -> None:
    """Check that the answer is a page of acme's, or an error that is the client's."""
    response = api.get(f"{path}?{query}", key)
    if response.status_code == 200:
        owners = {item["tenant_id"] for item in response.json()["data"]}
        assert owners <= {str(id_of("acme"))}
        assert response.json()["meta"]["total_count"] <= 1
    else:
        details(response)


@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_anything_in_a_parameter_is_harmless(api: Api, key: str, path: str, name: str) -> None:
    for value in NASTY:
        _is_harmless(api, key, path, f"{name}={quote(value)}")
    assert len(rows_of(api.database, "cost_anomalies")) == 2


@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_bytes_that_are_no_utf8_are_harmless(api: Api, key: str, path: str, name: str) -> None:
    for raw in ("%ff", "%C3%28", "%ED%A0%80", "%F0%90%80", "%", "%zz", "%u0041"):
        _is_harmless(api, key, path, f"{name}={raw}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *product(["GET"], [*LISTS, SEARCH, "/health", "/ready", "/openapi.json", "/docs"]),
        ("GET", "/docs/start.js"),
        ("PATCH", f"{ANOMALIES}/{id_of('nothing')}"),
        *product(["GET"], [JOBS, LLM_USAGE, LLM_CONFIG, PIPELINE]),
        *product(["POST"], [INGEST, BATCH]),
        ("PATCH", LLM_CONFIG),
    ],
)
def test_an_unknown_parameter_is_refused_by_its_name(
    api: Api, key: str, method: str, path: str
) -> None:
    headers = {"authorization": f"Bearer {key}"}
    response = api.client.request(method, f"{path}?project=x", headers=headers)
    assert details(response) == {"project": ["is not a parameter of this route"]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\x1bc", "a\\x1bc"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eabc", "\\u202eabc"),
        ("x" * 10_000, "x" * 63 + "\u2026"),
        ("\U0001f4a9", "\U0001f4a9"),
    ],
)
def test_an_unknown_name_comes_back_printable_and_short(
    api: Api, key: str, name: str, shown: str
) -> None:
    assert set(details(api.get(ANOMALIES, key, {name: "x"}))) == {shown}


def test_no_more_than_20_of_many_unknown_names_come_back(api: Api, key: str) -> None:
    query = "&".join(f"n{number}=" for number in range(3000))
    assert len(details(api.get(f"{ANOMALIES}?{query}", key))) == 20


@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_an_array_is_refused_by_its_name(api: Api, key: str, path: str, name: str) -> None:
    for query in (f"{name}[]=x", f"{name}%5B%5D=x", f"{name}[a]=x", f"{name}=1&{name}=2"):
        assert details(api.get(f"{path}?{query}", key)) == {name: ["must be one value"]}


@settings(max_examples=60)
@given(st.sampled_from(LISTS), st.dictionaries(st.text(), st.text(), max_size=4))
def test_any_query_is_harmless(api: Api, key: str, path: str, query: dict[str, str]) -> None:
    pairs = [
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}"
        for name, value in query.items()
    ]
    _is_harmless(api, key, path, "&".join(pairs))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("page", [10**18, 2**63 - 1, 2**63, 10**400])
def test_a_page_past_the_end_is_empty(api: Api, key: str, path: str, page: int) -> None:
    for page_size in (1, 100):
        response = api.get(path, key, {"page": str(page), "page_size": str(page_size)})
        assert response.json()["data"] == []
        assert response.json()["meta"] == {
            "page": min(page, 2**63 - 1),
            "page_size": page_size,
            "total_count": 1,
            "total_pages": 1,
        }


def test_a_malformed_project_is_refused(api: Api, key: str) -> None:
    response = api.get(ANOMALIES, key, {"project_id": "x"})
    assert details(response) == {"project_id": ["is not a UUID"]}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"],
)
def test_a_body_that_does_not_claim_to_be_json_is_refused(
    api: Api, key: str, content_type: str
) -> None:
    response = api.client.patch(
        f"{ANOMALIES}/{id_of('nothing')}",
        headers={"authorization": f"Bearer {key}", "content-type": content_type},
        content=b'{"resolved": true}',
    )
    assert message(response) == (415, "Unsupported media type")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"resolved": tru',
        b"[" * 60_000,
        b"9" * 60_000,
        b'"\\ud800',
        b"\x00",
        b" ",
    ],
)
def test_a_body_that_is_not_json_is_refused(api: Api, key: str, body: bytes) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    response = api.client.patch(f"{ANOMALIES}/{id_of('nothing')}", headers=headers, content=body)
    assert message(response) == (400, "The body is not JSON")


@pytest.mark.parametrize("name", ["\ud800", "\x00", "resolved\x00", "x" * 60_000])
def test_an_unknown_field_is_refused_whatever_its_name(api: Api, key: str, name: str) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    response = api.client.patch(
        f"{ANOMALIES}/{id_of('nothing')}", headers=headers, content=json.dumps({name: True})
    )
    assert set(details(response)) == {"body"}


@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_refused_and_the_connection_lives_on(
    api: Api, key: str, *, chunked: bool
) -> None:
    body = b" " * 10_000_000
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    response = api.client.patch(
        f"{ANOMALIES}/{id_of('nothing')}",
        headers=headers,
        content=iter([body]) if chunked else body,
    )
    assert message(response)[0] == 413
    assert api.get(ANOMALIES, key).status_code == 200


def test_a_body_where_none_belongs_is_not_looked_at(api: Api, key: str) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    response = api.client.request("GET", ANOMALIES, headers=headers, content=b"{" * 1_000_000)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1/cost-anomalies/", 404),
        ("GET", "/api/v1/cost-anomalies/..%2f..%2fready", 404),
        ("GET", "/api/v1/cost_anomalies", 404),
        ("POST", ANOMALIES, 405),
        ("DELETE", ANOMALIES, 405),
        ("PATCH", ANOMALIES, 405),
        ("HEAD", ANOMALIES, 405),
        ("OPTIONS", SUMMARIES, 405),
        ("GET", f"{ANOMALIES}/{id_of('nothing')}", 405),
        ("GET", "/redoc", 404),
        ("GET", "/docs/redoc.standalone.js", 422),
    ],
)
def test_a_route_that_is_not_there_is_an_error_of_the_same_shape(
    api: Api, key: str, method: str, path: str, status: int
) -> None:
    response = api.client.request(method, path, headers={"authorization": f"Bearer {key}"})
    assert response.status_code == status
    assert not response.has_redirect_location
    if method != "HEAD":
        assert message(response)[0] == status


@pytest.mark.parametrize(
    ("path", "header"),
    list(
        product(
            LISTS,
            ["X-Request-Id: a", "X-Impersonate-Tenant: x", "X-Forwarded-Host: evil"],
        )
    ),
)
def test_nothing_of_a_request_s_headers_comes_back(
    api: Api, key: str, path: str, header: str
) -> None:
    answer = _raw(
        api, f"GET {path} HTTP/1.1\r\nHost: evil\r\nAuthorization: Bearer {key}\r\n{header}evil\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"evil" not in answer.partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "request_",
    [
        f"GET {ANOMALIES}?page=1\r\nSet-Cookie:x=1 HTTP/1.1\r\nHost: h\r\n",
        f"GET {ANOMALIES} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\n b\r\n",
        f"GET {ANOMALIES} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\x00b\r\n",
        f"GET {ANOMALIES}\xff HTTP/1.1\r\nHost: h\r\n",
        "GARBAGE\r\n",
    ],
)
def test_a_malformed_request_is_the_client_s_error(api: Api, request_: str) -> None:
    assert _raw(api, request_)[:10] == b"HTTP/1.1 4"


@pytest.mark.parametrize("path", LISTS)
def test_a_line_break_in_a_parameter_stays_out_of_the_headers(
    api: Api, key: str, path: str
) -> None:
    for name in NAMES[path]:
        response = api.get(f"{path}?{name}=1%0d%0aset-cookie:%20x=1", key)
        assert response.status_code in {200, 422}
        assert "set-cookie" not in response.headers


def _raw(api: Api, head: str) -> bytes:
    """Send a request as it is, and return the whole answer."""
    url = urlsplit(str(api.client.base_url))
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1"))
        connection.settimeout(30)
        return b"".join(iter(lambda: connection.recv(65_536), b""))
