"""The text of a message: grouped, bounded, and without markup of a tenant's."""

from collections import Counter
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from loopctl_pipelines.alerts.message import MOST_CHARACTERS, compose, message_id_of
from loopctl_pipelines.alerts.plain_text import plain_text
from loopctl_pipelines.alerts.report import AnomalyFinding, BudgetFinding, Findings, RunReport

_ID = UUID(int=7)
_UI = "https://dagster.example"
_RUN = "0f3c9a52-9b1d-4c55-8f0e-6d3f1f9f2f11"


def _finding(title: str = "a story", slug: str = "acme") -> AnomalyFinding:
    return AnomalyFinding(slug, date(2026, 4, 2), "high_cost", title, 900_000, Decimal("4.50"))


def test_a_message_groups_what_a_run_left_and_links_to_it() -> None:
    report = RunReport(
        _RUN,
        "daily_costs",
        is_failed=True,
        failed=Counter({"acme": 2, "beta": 3}),
        red_checks=Counter({("summaries_match_reports", "acme"): 1}),
    )
    budget = BudgetFinding("beta", "warning", "project", "importer", "83")
    findings = Findings(
        Counter({"high_cost": 2, "budget_exceeded": 1}),
        2,
        (_finding(),),
        Counter({"warning": 1, "exceeded": 1}),
        (budget,),
    )
    message = compose(_ID, [report], findings, _UI)
    assert message.title == (
        "loopctl: 2 failed tenants, 1 red check, 1 exceeded budget, 1 budget warning,"
        " 3 new anomalies"
    )
    assert message.text.splitlines() == [
        "Run 0f3c9a52 of daily_costs failed.",
        f"{_UI}/runs/{_RUN}",
        "Failed tenants: beta (3 partitions), acme (2 partitions)",
        "Red check summaries_match_reports: 1 partition of acme",
        "Budget of beta, project importer: is nearly used up, 83 %",
        "and 1 more budget",
        "3 new anomalies (2 high cost, 1 budget exceeded) of 2 tenants:",
        f"{_UI}/assets/cost_anomalies",
        "- acme 2026-04-02, high cost, $9.00, 4.50 times: a story",
        "and 2 more anomalies",
        f"Message {_ID}",
    ]


def test_a_run_that_failed_without_a_partition_is_said_to_have_failed() -> None:
    message = compose(_ID, [RunReport(_RUN, "weekly_retention", is_failed=True)], Findings(), _UI)
    assert message.title == "loopctl: 1 failed run"
    assert message.text.startswith("Run 0f3c9a52 of weekly_retention failed.")


def test_a_message_about_very_much_is_short_and_has_its_id() -> None:
    slugs = [f"{'tenant-' * 9}{n}" for n in range(1_000)]
    reports = [
        RunReport(
            _RUN,
            "a_job_with_a_long_name" * 5,
            is_failed=True,
            failed=Counter(slugs),
            red_checks=Counter({(f"check {n}" * 9, slug): 1 for n, slug in enumerate(slugs)}),
        )
    ] * 30
    shown = tuple(_finding("story " * 99, slug) for slug in slugs[:20])
    message = compose(_ID, reports, Findings(Counter({"high_cost": 10_000}), 900, shown), _UI)
    assert len(message.text) <= MOST_CHARACTERS
    assert len(message.title) < 120
    assert message.text.startswith("30 runs")
    assert message.text.endswith(f"(shortened)\nMessage {_ID}")


@pytest.mark.parametrize(
    "hostile",
    [
        "**bold** _it_ ~~no~~ `code` ||hidden||",
        "[click](https://evil.example/x) <https://evil.example|here>",
        "<!channel> @everyone <@U123> #general &lt;b&gt;",
        "<img src=x onerror=alert(1)>",
        "one\ntwo\r\n# three\x1b[31m\x00\u202e\u200b",
        "__init__ evil.example www.evil.example http://evil.example",
    ],
)
def test_nothing_that_a_tenant_wrote_acts_as_markup(hostile: str) -> None:
    shown = plain_text(hostile, 80)
    assert not set(shown) & set("*~`|<>[]()#@&\\!\n\r\x1b\x00\u202e\u200b")
    assert "://" not in shown
    assert "evil.example" not in shown
    assert not shown.startswith("_")
    assert " _" not in shown
    text = compose(_ID, [], Findings(Counter(high_cost=1), 1, (_finding(hostile),)), _UI).text
    assert shown in text.splitlines()[-2]


def test_ordinary_words_versions_and_names_stay_as_they_are() -> None:
    for text in ("gpt-4.1-mini", "my_tenant_x", "Fix login, part 2: done", "Größe 3.5 %"):
        assert plain_text(text, 80) == text


def test_the_message_about_a_run_has_always_the_same_id_and_another_run_another() -> None:
    assert message_id_of(_RUN) == message_id_of(_RUN)
    assert message_id_of(_RUN) != message_id_of("another")
