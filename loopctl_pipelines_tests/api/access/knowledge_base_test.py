"""Without pgvector the routes of articles answer 503, and those of costs serve."""

from contextlib import closing

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.database.upgrade import upgrade
from loopctl_pipelines_tests.api.matrix_test import LISTS, ROUTES
from loopctl_pipelines_tests.api.rows import add_key, add_tenants
from loopctl_pipelines_tests.api.serving import LLM_CONFIG, LLM_USAGE, PIPELINE, message, serving
from loopctl_pipelines_tests.database.hidden_vectors import show_vectors, upgrade_without_vectors

_NO_KNOWLEDGE_BASE = "This installation has no knowledge base"


def test_routes_of_articles_answer_503_until_an_upgrade_has_created_them(
    empty_database: str,
) -> None:
    upgrade_without_vectors(empty_database)
    with closing(Database(empty_database, "loopctl_app")) as database:
        add_tenants(database, "acme")
        key = add_key(database, "acme")
        with serving(database) as api:
            for path in (*LISTS, LLM_USAGE, LLM_CONFIG):
                assert api.get(path, key).status_code == 200
            for (method, path), (_, body, _) in ROUTES.items():
                if path in {LLM_USAGE, LLM_CONFIG}:
                    continue
                answer = api.post(path, key, body, method=method)
                status, text = message(answer)
                assert (status, text.partition(":")[0]) == (503, _NO_KNOWLEDGE_BASE), path
                assert answer.json()["error"]["code"] == "no_knowledge_base"
                assert answer.headers["retry-after"] == "600"
            # who has no key learns nothing
            assert api.get(PIPELINE, None).status_code == 401
            show_vectors(empty_database)
            upgrade(empty_database)
    with closing(Database(empty_database, "loopctl_app")) as database, serving(database) as api:
        assert api.get(PIPELINE, key).status_code == 200
