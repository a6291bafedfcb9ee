"""The page `/docs`: everything that it loads is on this server, and no key leaves its memory."""

import re
from urllib.parse import urljoin

from loopctl_pipelines_tests.api.serving import Api


def _loaded(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)


def test_the_page_loads_its_scripts_and_styles_from_this_server(shared_api: Api) -> None:
    page = shared_api.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert len(_loaded(page.text)) == 3
    for name in _loaded(page.text):
        assert not re.match("[a-z]*:?//", name)
        asset = shared_api.client.get(urljoin("/docs", name))
        assert asset.is_success
        assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))


def test_the_browser_may_load_and_ask_nothing_elsewhere(shared_api: Api) -> None:
    policy = shared_api.client.get("/docs").headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert "http" not in policy


def test_the_page_shows_this_document_and_keeps_no_key(shared_api: Api) -> None:
    start = shared_api.client.get("/docs/start.js").text
    assert 'url: "openapi.json"' in start
    assert "persistAuthorization: false" in start
    # the default asks a validator on another host
    assert "validatorUrl: null" in start
