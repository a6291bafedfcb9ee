"""Column schemas of the costs tables, as the Dagster UI shows them."""

from typing import Final

from dagster import TableColumn, TableSchema

SUMMARY_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("tenant_id", "uuid", "the tenant that row-level security keeps the row to"),
        TableColumn("scope_type", "text", "agent, epic or project"),
        TableColumn("scope_id", "uuid", "the agent, epic or project"),
        TableColumn("period_start", "date", "the UTC day"),
        TableColumn("period_end", "date", "the same day"),
        TableColumn("total_input_tokens", "bigint", "tokens"),
        TableColumn("total_output_tokens", "bigint", "tokens"),
        TableColumn("total_cost_millicents", "bigint", "1/1000 cent; negative if corrections are"),
        TableColumn("report_count", "integer", "live reports, corrections included"),
        TableColumn(
            "model_breakdown",
            "jsonb",
            "{model: {phase: {input_tokens, output_tokens, cost_millicents}}}",
        ),
        TableColumn(
            "avg_cost_per_story_millicents",
            "bigint",
            "cost per distinct story, truncated toward zero; null for agents",
        ),
        TableColumn("stale", "boolean", "a report of it was deleted or corrected since"),
    ]
)

ANOMALY_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("tenant_id", "uuid", "the tenant that row-level security keeps the row to"),
        TableColumn("story_id", "uuid", "the story that deviates"),
        TableColumn("anomaly_type", "text", "high_cost, suspiciously_low or budget_exceeded"),
        TableColumn("story_cost_millicents", "bigint", "1/1000 cent"),
        TableColumn(
            "reference_avg_millicents", "bigint", "what it is compared with, in whole millicents"
        ),
        TableColumn("deviation_factor", "numeric", "cost / reference, exact, half up to 2 places"),
        TableColumn("resolved", "boolean", "false: open; a story has one open row of a type"),
        TableColumn(
            "metadata",
            "jsonb",
            "period, earlier, baseline, days, epic, stories, reason, budget",
        ),
    ]
)

BASELINE_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("tenant_id", "uuid", "the tenant that row-level security keeps the row to"),
        TableColumn("day", "date", "the UTC day; it rests on days before it only"),
        TableColumn("days", "integer", "days that a story's cost adds up; 0: its lifetime"),
        TableColumn("stories", "bigint", "stories of the days before"),
        TableColumn("usual", "double", "logarithm of the median cost (millicents)"),
        TableColumn("high_factor", "double", "a story above this multiple is high_cost"),
        TableColumn("low_factor", "double", "a story below this multiple is suspiciously_low"),
        TableColumn("high_source", "text", "whose stories the factor rests on"),
    ]
)

REPORT_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("tenant_id", "uuid", "the tenant"),
        TableColumn("story_id", "uuid", "the story worked on"),
        TableColumn("agent_id", "uuid", "the agent that reports"),
        TableColumn("project_id", "uuid", "the project"),
        TableColumn("input_tokens", "bigint", "tokens"),
        TableColumn("output_tokens", "bigint", "tokens"),
        TableColumn("model_name", "text", "as the agent reports it"),
        TableColumn("cost_millicents", "bigint", "1/1000 cent"),
        TableColumn("phase", "text", "planning, implementing, reviewing or other"),
        TableColumn("inserted_at", "timestamp", "UTC; the day it counts for"),
        TableColumn("deleted_at", "timestamp", "set: no longer counted"),
        TableColumn("corrects_report_id", "uuid", "the report that this one corrects"),
    ]
)

DIFFERENCE_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("scope", "string", "agent, epic or project"),
        TableColumn("model", "string", "empty: all models together"),
        TableColumn("phase", "string"),
        TableColumn("figure", "string"),
        TableColumn("stored", "string", "what the summary says"),
        TableColumn("reports_say", "string", "what the live reports add up to"),
    ]
)

ANOMALY_DIFFERENCE_COLUMNS: Final = TableSchema(
    columns=[
        TableColumn("story", "string"),
        TableColumn("anomaly", "string", "high_cost or suspiciously_low"),
        TableColumn("stored", "string", "the open anomaly"),
        TableColumn("should_be", "string", "by the rule"),
    ]
)
