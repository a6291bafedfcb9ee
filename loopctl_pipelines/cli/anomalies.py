"""`loopctl-pipelines anomalies`."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final
from uuid import UUID

import typer

from loopctl_pipelines.actor import Actor
from loopctl_pipelines.cli.anomalies_plot import write_plot
from loopctl_pipelines.cli.json_output import AsJson, print_json
from loopctl_pipelines.cli.project import Project, open_project
from loopctl_pipelines.costs.anomalies.anomaly import AnomalyType
from loopctl_pipelines.costs.anomalies.resolution import resolve_anomaly
from loopctl_pipelines.costs.display.anomaly_lines import anomaly_lines, reference_name
from loopctl_pipelines.costs.display.anomaly_selection import (
    AnomalySelection,
    latest,
)
from loopctl_pipelines.costs.display.anomaly_text import describe_anomaly
from loopctl_pipelines.costs.display.stored_costs import (
    StoredAnomaly,
    list_anomalies,
)
from loopctl_pipelines.costs.display.stored_story import anomaly_details
from loopctl_pipelines.costs.display.story_plot import plot_story
from loopctl_pipelines.costs.errors import UnknownAnomalyError
from loopctl_pipelines.costs.operator_queries import tenant_of_anomaly
from loopctl_pipelines.costs.table_use import COST_TABLES
from loopctl_pipelines.database.preflight import check_database
from loopctl_pipelines.tenants.errors import UnknownTenantError
from loopctl_pipelines.tenants.operator_queries import list_tenants
from loopctl_pipelines.tenants.tenant import Tenant
from loopctl_pipelines.terminal import Terminal
from loopctl_pipelines.terminal_text import visible

# The actors of loopctl's audit log are keys, superadmins and the system. A command has no key, and
# who may run it has the database anyway: the actor is the system, and the label names the part.
ACTOR: Final = Actor.system("cli:anomalies")

anomalies = typer.Typer(help="Stories whose cost is far from their epic's average.")


@anomalies.callback(invoke_without_command=True)
def anomalies_list(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="Slug. Unset: all tenants.")] = None,
    *,
    first: Annotated[
        str | None, typer.Option("--from", help="Latest day of the anomaly on or after this one.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", help="Latest day of the anomaly on or before this one.")
    ] = None,
    anomaly_type: Annotated[
        AnomalyType | None, typer.Option("--type", help="Only anomalies of this type.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many, those with the latest days.")
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Resolved anomalies instead of open ones.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Open, resolved and archived anomalies.")
    ] = False,
    plot: Annotated[
        typer.FileBinaryWrite | None,
        typer.Option(
            help="PNG file for a plot of cost per day, model and tenant, with these anomalies."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the open anomalies, the latest day first."""
    if context.invoked_subcommand is not None:
        if any(context.params.values()):
            raise typer.BadParameter(
                "These options belong to the list: put --tenant after "
                f"`{context.invoked_subcommand}`."
            )
        return
    # what a script reads must be the JSON alone
    console, said = Terminal(), Terminal(stderr=as_json)
    selection = AnomalySelection.parse(first, last, anomaly_type)
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        chosen = _tenants(project, tenant)
        wanted = None if everything else resolved
        found = selection.of(
            {t: list_anomalies(project.database, t, resolved=wanted) for t in chosen}
        )
        matching = sum(map(len, found.values()))
        found = found if limit is None else latest(found, limit)
        plotted = write_plot(project, plot, found) if plot else None
    kind = "" if everything else "resolved " if resolved else "open "
    rows = [(t.slug, a, _state(a)) for t, many in found.items() for a in many]
    if as_json:
        print_json([_as_json(slug, anomaly) for slug, anomaly, _ in rows])
    elif rows:
        title = f"{len(rows)} {kind}anomal{'y' if len(rows) == 1 else 'ies'}"
        console.print(title)
        for line in anomaly_lines(rows):
            console.print(line, soft_wrap=True)
    else:
        console.print(f"No {kind}anomalies.")
    if len(rows) < matching:
        said.print(f"The latest {len(rows)} of {matching}; --limit leaves out the others.")
    if plotted:
        said.print(plotted)


@anomalies.command("show")
def anomalies_show(
    anomaly: Annotated[UUID, typer.Argument(metavar="ID", help="Id, as the list shows it.")],
    tenant: Annotated[
        str | None, typer.Option(help="Slug: fail if the anomaly belongs to another tenant.")
    ] = None,
    *,
    plot: Annotated[
        typer.FileBinaryWrite | None,
        typer.Option(help="PNG file for a plot of its story beside the others of its epic."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show an anomaly: its story beside the other stories of its epic."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        owner = _owner(project, anomaly, tenant)
        rule = project.settings.anomaly_rule
        found = anomaly_details(project.database, owner, anomaly, rule)
    if found is None:
        raise UnknownAnomalyError(anomaly, tenant)
    details, story = found
    if plot:
        plot.write(plot_story(story))
    if as_json:
        stored = {**_as_json(owner.slug, details), "metadata": details.metadata}
        compared = asdict(story) | {"threshold": story.threshold}
        print_json({**stored, "compared": compared})
    else:
        Terminal().print(describe_anomaly(owner.slug, details, story), soft_wrap=True)
    if plot:
        Terminal(stderr=as_json).print(f"Plot of the story: {visible(plot.name)}")


@anomalies.command("resolve")
def anomalies_resolve(
    anomaly: Annotated[UUID, typer.Argument(metavar="ID", help="Id, as the list shows it.")],
    tenant: Annotated[
        str | None, typer.Option(help="Slug: fail if the anomaly belongs to another tenant.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Resolve an anomaly and audit it; it is not reported again for its day. Safe to repeat."""
    with open_project() as project:
        check_database(project.database, COST_TABLES)
        asked = _owner(project, anomaly, tenant)
        with project.database.tenant_transaction(asked.id) as connection:
            done = resolve_anomaly(connection, asked.id, anomaly, ACTOR)
    if done is None:
        raise UnknownAnomalyError(anomaly, tenant)
    if as_json:
        print_json({"id": anomaly, "tenant": asked.slug, **asdict(done)})
        return
    when = f"{done.updated_at:%Y-%m-%d %H:%M:%S} UTC"
    Terminal().print(
        f"Anomaly {anomaly} of tenant {asked.slug!r} is resolved, and audited."
        if done.newly
        else f"Anomaly {anomaly} of tenant {asked.slug!r} was resolved before, at {when}.",
    )


def _owner(project: Project, anomaly: UUID, slug: str | None) -> Tenant:
    """Return the tenant of an anomaly, which must be the one with this slug, if there is one.

    Raises:
        UnknownAnomalyError: if no such tenant has it.
    """
    owner = tenant_of_anomaly(project.database, anomaly)
    asked = {t.id: t for t in _tenants(project, slug)}.get(owner) if owner else None
    if asked is None:
        raise UnknownAnomalyError(anomaly, slug)
    return asked


def _tenants(project: Project, slug: str | None) -> Sequence[Tenant]:
    """Return the tenant with this slug, or all: anomalies of inactive tenants are kept."""
    known = list_tenants(project.database)
    if slug is None:
        return list(known.values())
    if slug not in known:
        raise UnknownTenantError(slug)
    return [known[slug]]


def _state(anomaly: StoredAnomaly) -> str:
    return "archived" if anomaly.archived else "resolved" if anomaly.resolved else ""


def _as_json(slug: str, anomaly: StoredAnomaly) -> dict[str, object]:
    return {
        "id": anomaly.id,
        "tenant": slug,
        "day": anomaly.day,
        "story_id": anomaly.story_id,
        "story_title": anomaly.story_title,
        "anomaly_type": anomaly.anomaly_type,
        "story_cost_millicents": anomaly.story_cost_millicents,
        "reference_avg_millicents": anomaly.reference_avg_millicents,
        "reference": reference_name(anomaly.anomaly_type, anomaly.baseline),
        "deviation_factor": anomaly.deviation_factor,
        "resolved": anomaly.resolved,
        "archived": anomaly.archived,
    }
