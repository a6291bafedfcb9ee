"""The OpenAPI document is true: requests made from it, wrong ones too, get the answers it tells."""

from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, CheckFunction, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from loopctl_pipelines_tests.api.routes.searched_articles import SEARCH
from loopctl_pipelines_tests.api.rows import (
    add_anomaly,
    add_document,
    add_summary,
    add_usage_event,
    set_chat_key,
)
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
)

ARTICLES = "/api/v1/articles"
ONE = f"{ARTICLES}/{{article_id}}"
OF_PROJECT = "/api/v1/projects/{project_id}/articles"

ROLES = {
    (ANOMALIES, "get"): "user",
    (f"{ANOMALIES}/{{anomaly_id}}", "patch"): "user",
    (SUMMARIES, "get"): "user",
    (SEARCH, "get"): "agent",
    (ARTICLES, "get"): "agent",
    (ARTICLES, "post"): "agent",
    (OF_PROJECT, "post"): "agent",
    (ONE, "get"): "agent",
    (ONE, "patch"): "user",
    (ONE, "delete"): "user",
    (f"{ONE}/publish", "post"): "orchestrator",
    (f"{ONE}/unpublish", "post"): "user",
    (f"{ONE}/archive", "post"): "user",
    (INGEST, "post"): "orchestrator",
    (BATCH, "post"): "orchestrator",
    (JOBS, "get"): "orchestrator",
    (LLM_USAGE, "get"): "orchestrator",
    (PIPELINE, "get"): "orchestrator",
    (LLM_CONFIG, "get"): "user",
    (LLM_CONFIG, "patch"): "user",
}
OF_A_TENANT = list(ROLES)
ARTICLE_ROUTES = {path for path, _ in ROLES if path.endswith("/articles") or ONE in path}
OF_ALL = [("/health", "get"), ("/ready", "get")]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def document(shared_api: Api) -> dict[str, Any]:
    found: dict[str, Any] = shared_api.client.get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def schema(shared_api: Api, shared_key: str) -> BaseSchema:
    for slug in ("acme", "other"):
        add_summary(shared_api.database, slug)
        add_anomaly(shared_api.database, slug)
        add_document(shared_api.database, slug)
        add_usage_event(shared_api.database, slug)
        set_chat_key(shared_api.database, slug)
    key = {"auth": {"openapi": {"API key": {"bearer": shared_key}}}}
    config = schemathesis.Config.from_dict(key)
    return schemathesis.openapi.from_url(
        f"{shared_api.client.base_url}/openapi.json", config=config
    )


@pytest.mark.parametrize(
    ("route", "mode"),
    [*product(OF_A_TENANT, MODES), *product(OF_ALL, (GenerationMode.POSITIVE,))],
)
def test_an_answer_is_one_that_the_document_describes(
    schema: BaseSchema, route: tuple[str, str], mode: GenerationMode
) -> None:
    path, method = route
    operation = schema[path][method]

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(operation.as_strategy(generation_mode=mode))
    def answer(case: Case[Any]) -> None:
        # loopctl reads `page=abc` as page 1, so that is no error here either
        excluded: list[CheckFunction] = [negative_data_rejection]
        if path in {INGEST, BATCH, SEARCH, *ARTICLE_ROUTES} or _is_reversed(case):
            # no schema can say which documents are taken, that a search has a text or a filter,
            # what an article's texts are, nor which of two days is the later one
            excluded.append(positive_data_acceptance)
        case.call_and_validate(excluded_checks=excluded)

    answer()


def _is_reversed(case: Case[Any]) -> bool:
    first, last = (str(case.query.get(name, "")) for name in ("from", "to"))
    return "" < last < first


def test_every_route_is_described_and_tried(document: dict[str, Any]) -> None:
    described = [(path, method) for path, item in document["paths"].items() for method in item]
    assert sorted(described) == sorted(OF_A_TENANT + OF_ALL)


def test_the_names_of_the_operations_are_these(document: dict[str, Any]) -> None:
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    assert sorted(operation["operationId"] for operation in operations) == [
        "archive_article",
        "create_article",
        "create_project_article",
        "delete_article",
        "health",
        "ingest_document",
        "ingest_documents",
        "list_articles",
        "list_cost_anomalies",
        "list_cost_summaries",
        "list_ingestion_jobs",
        "list_llm_usage",
        "publish_article",
        "ready",
        "resolve_cost_anomaly",
        "search_knowledge",
        "show_article",
        "show_llm_config",
        "show_pipeline",
        "unpublish_article",
        "update_article",
        "update_llm_config",
    ]


@pytest.mark.parametrize(("path", "method"), OF_A_TENANT)
def test_a_route_tells_its_role_its_key_and_all_its_errors(
    document: dict[str, Any], path: str, method: str
) -> None:
    operation = document["paths"][path][method]
    assert f"Role: {ROLES[path, method]}" in operation["description"]
    assert operation["security"] == [{"API key": []}]
    assert {"200", "400", "401", "403", "404", "422", "429", "503"} <= operation["responses"].keys()
    assert ("requestBody" in operation) == ("413" in operation["responses"])
    for status, response in operation["responses"].items():
        content = response["content"]["application/json"]
        if not status.startswith("2"):
            assert content["example"]["error"]["status"] == int(status)
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}


def test_errors_with_a_code_are_shown(document: dict[str, Any]) -> None:
    shown = ((INGEST, "post", "422"), (BATCH, "post", "422"), (LLM_CONFIG, "patch", "503"))
    codes = [
        document["paths"][path][method]["responses"][status]["content"]["application/json"][
            "example"
        ]["error"]["code"]
        for path, method, status in shown
    ]
    assert codes == ["no_api_key", "no_api_key", "no_cloak_key"]


def test_the_factor_is_described_as_the_string_that_it_is(document: dict[str, Any]) -> None:
    item = document["components"]["schemas"]["CostAnomaly"]["properties"]
    assert item["deviation_factor"]["type"] == "string"
    assert {"story_title", "agent_name"} <= item.keys()


def test_every_field_of_an_answer_has_an_example_or_a_type(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            assert field.keys() & {"type", "anyOf", "examples", "enum", "$ref"}
