"""Builds tenants and their token usage for a test, and writes them as the demo does."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID, uuid5

from loopctl_pipelines.database.connection import Database
from loopctl_pipelines.demo.fill import fill
from loopctl_pipelines.demo.sample.rows import (
    AgentRow,
    EpicRow,
    ProjectRow,
    ReportRow,
    Sample,
    StoryRow,
    TenantRow,
)

LONG_AGO = datetime(2025, 1, 1)  # noqa: DTZ001 - loopctl's timestamps have no zone
_NAMESPACE = UUID("6c1f0b0e-6f1c-4b8e-9d5e-2f3c0a7b9d11")


def id_of(*path: str) -> UUID:
    """Return the id of the thing that these names lead to, such as ("acme", "story", "s1")."""
    return uuid5(_NAMESPACE, "/".join(path))


def at(day: date, hour: int = 12) -> datetime:
    """Return a naive UTC timestamp of the day."""
    return datetime.combine(day, time(hour))


@dataclass
class Usage:
    """What a test's tenants own. Each has the project `p` and the agents it reports with."""

    tenants: dict[str, TenantRow] = field(default_factory=dict)
    agents: dict[UUID, AgentRow] = field(default_factory=dict)
    projects: dict[UUID, ProjectRow] = field(default_factory=dict)
    epics: dict[UUID, EpicRow] = field(default_factory=dict)
    stories: dict[UUID, StoryRow] = field(default_factory=dict)
    reports: list[ReportRow] = field(default_factory=list)

    def tenant(self, slug: str, status: str = "active") -> UUID:
        """Add a tenant unless it is there, and return its id."""
        tenant = id_of(slug)
        if slug not in self.tenants:
            email = f"{tenant}@example.org"
            self.tenants[slug] = TenantRow(tenant, slug, slug, status, email, LONG_AGO)
            project = id_of(slug, "project")
            self.projects[project] = ProjectRow(project, tenant, "p", "p", LONG_AGO)
        return tenant

    def story(self, slug: str, name: str = "s", epic: str = "e") -> UUID:
        """Add a story of an epic unless it is there, and return its id."""
        tenant, project = self.tenant(slug), id_of(slug, "project")
        agent = self.agent(slug)
        epic_id, story = id_of(slug, "epic", epic), id_of(slug, "story", epic, name)
        number = len(self.epics) + 1
        if epic_id not in self.epics:
            self.epics[epic_id] = EpicRow(epic_id, tenant, project, number, epic, LONG_AGO)
        if story not in self.stories:
            place = len(self.stories) + 1
            self.stories[story] = StoryRow(
                story, tenant, project, epic_id, f"1.{place}", name, agent, place, LONG_AGO
            )
        return story

    def agent(self, slug: str, name: str = "a") -> UUID:
        """Add an agent unless it is there, and return its id."""
        agent = id_of(slug, "agent", name)
        self.agents.setdefault(
            agent, AgentRow(agent, self.tenant(slug), name, "implementer", LONG_AGO)
        )
        return agent

    def report(  # noqa: PLR0913 - a report has many parts, and a test names those it is about
        self,
        slug: str,
        when: date | datetime,
        cost: int,
        *,
        story: str = "s",
        epic: str = "e",
        agent: str = "a",
        model: str = "claude-opus-4-5",
        phase: str = "implementing",
        tokens: tuple[int, int] = (100, 10),
        deleted: bool = False,
        corrects: UUID | None = None,
    ) -> UUID:
        """Add a report of `cost` millicents, at noon if `when` is a day, and return its id."""
        moment = when if isinstance(when, datetime) else at(when)
        row = ReportRow(
            id=id_of(slug, "report", str(len(self.reports))),
            tenant_id=self.tenant(slug),
            story_id=self.story(slug, story, epic),
            agent_id=self.agent(slug, agent),
            project_id=id_of(slug, "project"),
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            model_name=model,
            cost_millicents=cost,
            phase=phase,
            tool_call_count=1,
            inserted_at=moment,
            deleted_at=moment if deleted else None,
            corrects_report_id=corrects,
        )
        self.reports.append(row)
        return row.id

    def epic_of(self) -> dict[tuple[UUID, UUID], UUID]:
        """Return the epic of every (tenant, story)."""
        return {(row.tenant_id, row.id): row.epic_id for row in self.stories.values()}

    def write(self, database: Database) -> None:
        """Write what is not there yet."""
        fill(
            database,
            Sample(
                tenants=tuple(self.tenants.values()),
                agents=tuple(self.agents.values()),
                projects=tuple(self.projects.values()),
                epics=tuple(self.epics.values()),
                stories=tuple(self.stories.values()),
                reports=tuple(self.reports),
                planted=(),
            ),
        )
