"""`loopctl-pipelines load`."""

from pathlib import Path
from typing import Annotated

import typer

from loopctl_pipelines.cli.project import open_project
from loopctl_pipelines.loading.load import load
from loopctl_pipelines.loading.usage_columns import UsageColumns
from loopctl_pipelines.terminal import Terminal


def load_file(
    file: Annotated[Path, typer.Argument(help="CSV, plain or gzipped.")],
    tenant_column: Annotated[str | None, typer.Option(help="Column of the tenant.")] = None,
    project_column: Annotated[str | None, typer.Option(help="Column of the project.")] = None,
    epic_column: Annotated[str | None, typer.Option(help="Column of the epic.")] = None,
    story_column: Annotated[str | None, typer.Option(help="Column of the story.")] = None,
    agent_column: Annotated[str | None, typer.Option(help="Column of the agent.")] = None,
    model_column: Annotated[str | None, typer.Option(help="Column of the model.")] = None,
    at_column: Annotated[str | None, typer.Option(help="Column of the time, ISO 8601.")] = None,
    cost_column: Annotated[str | None, typer.Option(help="Column of the cost, dollars.")] = None,
) -> None:
    """Load usage from a file; create the tenants, projects and stories that it names."""
    columns = UsageColumns(
        tenant=tenant_column,
        project=project_column,
        epic=epic_column,
        story=story_column,
        agent=agent_column,
        model=model_column,
        at=at_column,
        cost=cost_column,
    )
    with open_project() as project:
        project.upgrade_embedded()
        loaded = load(project.database, file, columns)
    Terminal().print(
        f"{loaded.rows:,} rows with a cost ({loaded.without_cost:,} without were left out): "
        f"{loaded.reports:,} new reports, {loaded.tenants} new tenants, {loaded.stories:,} stories."
    )
