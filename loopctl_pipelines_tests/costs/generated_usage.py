"""Usage that Hypothesis generates, from small pools so that the parts interact."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from loopctl_pipelines.demo.sample.rows import ProjectRow
from loopctl_pipelines_tests.usage import LONG_AGO, Usage, id_of

FIRST = date(2026, 2, 27)
LAST = date(2026, 3, 1)
DAYS = {FIRST, date(2026, 2, 28), LAST}
SLUGS = ("a", "b", "c")
EPICS = ("e", "f")
STORIES = ("s", "t", "u", "v", "w")

_MODELS = (
    "claude-opus-4-5",
    "GPT-5",
    "gpt-5",
    'say "hi"',
    "back\\slash\\u0041",
    "',{}[]:--;%s%(x)s",
    "línea\n\t\x01\x7f ☃ 🦉 \u202e",
    "é",
    "e\u0301",
    " ",
    "null",
    "m" * 255,
    "🦉" * 255,
)
_any_model = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=255
)
_models = st.sampled_from(_MODELS) | _any_model
_phases = st.sampled_from(("planning", "implementing", "reviewing", "other"))
# days before and after the range too: what lies there must not be counted
_days = st.integers(-1, 3).map(lambda n: FIRST + timedelta(days=n))
_times = st.sampled_from((time.min, time(0, 0, 0, 1), time(12), time.max)) | st.times()
_moments = st.builds(datetime.combine, _days, _times)
amounts = st.integers(-200, 200) | st.integers(-(2**20), 2**40) | st.just(0)


@dataclass(frozen=True)
class Drawn:
    """A report as drawn; `corrects` and `foreign` pick from what there is."""

    slug: str
    epic: str
    story: str
    agent: str
    project: str
    model: str
    phase: str
    moment: datetime
    cost: int
    tokens: tuple[int, int]
    deleted: bool
    corrects: int | None
    foreign: bool


def _one_in(n: int) -> st.SearchStrategy[bool]:
    return st.integers(1, n).map(lambda drawn: drawn == n)


drawn_reports = st.lists(
    st.builds(
        Drawn,
        slug=st.sampled_from(SLUGS),
        epic=st.sampled_from(EPICS),
        story=st.sampled_from(STORIES),
        agent=st.sampled_from(("x", "y")),
        project=st.sampled_from(("p", "q")),
        model=_models,
        phase=_phases,
        moment=_moments,
        cost=amounts,
        tokens=st.tuples(amounts, amounts),
        deleted=_one_in(5),
        corrects=st.none() | st.integers(0, 60),
        foreign=_one_in(8),
    ),
    max_size=40,
)


def usage_of(reports: list[Drawn]) -> Usage:
    """Build the tenants, their stories and these reports."""
    usage = Usage()
    for slug in SLUGS:
        usage.tenant(slug)
        for epic in EPICS:
            for story in STORIES:
                usage.story(slug, story, epic)
        project = id_of(slug, "project", "q")
        usage.projects[project] = ProjectRow(project, id_of(slug), "q", "q", LONG_AGO)
    for drawn in reports:
        _add(usage, drawn)
    return usage


def _add(usage: Usage, drawn: Drawn) -> None:
    own = [row.id for row in usage.reports if row.tenant_id == id_of(drawn.slug)]
    original = own[drawn.corrects % len(own)] if own and drawn.corrects is not None else None
    usage.report(
        drawn.slug,
        drawn.moment,
        drawn.cost,
        story=drawn.story,
        epic=drawn.epic,
        agent=drawn.agent,
        model=drawn.model,
        phase=drawn.phase,
        tokens=drawn.tokens,
        deleted=drawn.deleted,
        corrects=original,
    )
    row = usage.reports[-1]
    if drawn.project != "p":
        row = replace(row, project_id=id_of(drawn.slug, "project", drawn.project))
    if drawn.foreign and drawn.slug != SLUGS[0]:
        # written earlier than this tenant's rows; no epic of this tenant has it
        row = replace(row, story_id=id_of(SLUGS[0], "story", drawn.epic, drawn.story))
    usage.reports[-1] = row
