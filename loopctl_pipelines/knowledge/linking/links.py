"""Which links the articles of a run should have, against those that are stored. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from loopctl_pipelines.knowledge.search.articles import Neighbour

RELATES_TO: Final = "relates_to"
POTENTIAL_CONFLICT: Final = "potential_conflict"

Pair = tuple[UUID, UUID]
"""Two articles, the smaller id first: a pair is linked once, whatever the direction."""


def pair_of(one: UUID, other: UUID) -> Pair:
    """Return the pair of two articles."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """From which similarity on two articles are linked, and as what.

    Attributes:
        link_similarity: from here on, `relates_to`.
        conflict_similarity: from here on, `potential_conflict` as well.
        neighbours: how many of its nearest articles an article is linked to.
    """

    link_similarity: float = 0.6
    conflict_similarity: float = 0.93
    neighbours: int = 10

    def types(self, similarity: float | None) -> tuple[str, ...]:
        """Return the types of the links of two articles; None: they cannot be compared."""
        if similarity is None or similarity < self.link_similarity:
            return ()
        if similarity < self.conflict_similarity:
            return (RELATES_TO,)
        return (RELATES_TO, POTENTIAL_CONFLICT)


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link of a type that this rule makes.

    Attributes:
        id: the link.
        source: the article it goes out from.
        target: the article it leads to.
        type: its `relationship_type`.
        is_system: it was made from a similarity, not by a person or an agent.
        similarity: as stored with a system link, if it is a number.
    """

    id: UUID
    source: UUID
    target: UUID
    type: str
    is_system: bool
    similarity: object = None

    @property
    def pair(self) -> Pair:
        """The two articles."""
        return pair_of(self.source, self.target)


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A link to add or, where its pair has one, the similarity to store with it."""

    source: UUID
    target: UUID
    type: str
    similarity: float


@dataclass(slots=True)
class LinkChanges:
    """What to write, so that the stored links become the wanted ones."""

    added: list[WantedLink] = field(default_factory=list)
    updated: dict[UUID, float] = field(default_factory=dict)
    removed: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike a pair is, and which of the two was searched for."""

    source: UUID
    target: UUID
    value: float | None


def searched_for(neighbours: Mapping[UUID, Sequence[Neighbour]]) -> dict[UUID, list[UUID]]:
    """Return of which articles each article is one of the nearest."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for article, nearest in neighbours.items():
        for near in nearest:
            found[near.id].append(article)
    return found


def wanted_pairs(
    batch: Collection[UUID],
    neighbours: Mapping[UUID, Sequence[Neighbour]],
    nearest_of: Mapping[UUID, Sequence[UUID]],
) -> dict[Pair, Similarity]:
    """Return the pairs of an article of `batch` with one that either of the two is nearest to.

    Args:
        batch: articles.
        neighbours: the nearest articles of every article of the run.
        nearest_of: what `searched_for` returned for these.
    """
    wanted: dict[Pair, Similarity] = {}
    for article in sorted(batch):
        # its own first: a link goes out from the article that is being linked
        for near in neighbours.get(article, ()):
            found = Similarity(article, near.id, near.similarity)
            wanted.setdefault(pair_of(article, near.id), found)
    for article in sorted(batch):
        for other in nearest_of.get(article, ()):
            pair = pair_of(article, other)
            if pair not in wanted:
                [value] = [near.similarity for near in neighbours[other] if near.id == article]
                wanted[pair] = Similarity(other, article, value)
    return wanted


def to_compare(
    stored: Iterable[StoredLink], wanted: Collection[Pair], searched: Collection[UUID]
) -> list[StoredLink]:
    """Return the system links whose similarity has changed, though neither article searched it.

    They come from articles that are not searched in this run, so they are among the nearest of
    those, as far as is known.
    """
    return [
        link
        for link in stored
        if link.is_system and link.pair not in wanted and link.source not in searched
    ]


def plan_changes(
    rule: LinkRule,
    batch: Collection[UUID],
    stored: Iterable[StoredLink],
    similarities: Mapping[Pair, Similarity],
    judged: Collection[Pair],
) -> LinkChanges:
    """Return how to change the stored links of the articles of `batch`.

    A pair has one link of a type. If that is a person's, there is no system link beside it. The
    `potential_conflict` link of a judged pair stays as it is: the verdict refers to it, and a new
    one would ask the same question again.

    Args:
        rule: the thresholds.
        batch: the articles.
        stored: all links of the two types that begin or end at one of them.
        similarities: of the wanted pairs, and of pairs that were compared again.
        judged: pairs with a verdict in `conflict_resolutions`.
    """
    by_pair: dict[Pair, dict[str, list[StoredLink]]] = defaultdict(lambda: defaultdict(list))
    for link in stored:
        by_pair[link.pair][link.type].append(link)
    changes = LinkChanges()
    for pair in sorted({*by_pair, *similarities}):
        found = similarities.get(pair)
        if found is None and not any(
            link.source in batch for links in by_pair[pair].values() for link in links
        ):
            continue  # the run links the other article later, or it is not the run's
        types = rule.types(found.value) if found else ()
        for kind in (RELATES_TO, POTENTIAL_CONFLICT):
            if kind == POTENTIAL_CONFLICT and pair in judged:
                continue
            _plan_type(changes, kind, found if kind in types else None, by_pair[pair][kind])
    return changes


def _plan_type(
    changes: LinkChanges, kind: str, found: Similarity | None, stored: Sequence[StoredLink]
) -> None:
    system = sorted((link for link in stored if link.is_system), key=lambda link: link.id)
    is_personal = len(system) < len(stored)
    if found is None or found.value is None or is_personal:
        changes.removed += [link.id for link in system]
        return
    if not system:
        changes.added.append(WantedLink(found.source, found.target, kind, found.value))
        return
    kept, *others = system
    changes.removed += [link.id for link in others]
    if kept.similarity != found.value:
        changes.updated[kept.id] = found.value
