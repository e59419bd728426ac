"""What a zone has to build: nodes whose SQL or inputs changed, and the tests on them.

A node's content is a digest of its definition and of its parents' contents, down to the versions
of source tables; a node whose content and relation are as recorded is left alone. A view is made
anew only when its definition changed, it is gone, or a relation that it reads is swapped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.building.project import Project, digest
from orchestration.building.records import Record
from orchestration.building.versions import Relation

# A relation of unknown content: equal to nothing, so that what reads it is built.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class State:
    """What there is: relations by schema and name, and what was recorded by node."""

    relations: Mapping[tuple[str, str], Relation]
    records: Mapping[str, Record]
    told: Mapping[str, str]
    """Source -> digest of its rows, where those were compared."""


@dataclass(frozen=True)
class Plan:
    """What to do in one zone, for the nodes chosen."""

    project: Project
    zone: str
    state: State
    chosen: Collection[str]
    """Models and seeds to bring up to date."""
    is_forced: bool = False
    """Build what is chosen although it did not change."""
    is_anew: bool = False
    """Make tables anew that dbt would only add to."""
    _contents: dict[str, str] = field(default_factory=dict)

    @cached_property
    def stale(self) -> Sequence[str]:
        """Return models and seeds to build, parents first."""
        found: dict[str, None] = {}
        for unique_id in self.ordered:
            if self.is_forced or self._is_stale(unique_id, found):
                found[unique_id] = None
        return list(found)

    @cached_property
    def tests(self) -> Sequence[str]:
        """Return tests whose parents changed since they held, those parents chosen or not."""
        return [test for test in self._candidates if self.is_forced or not self._holds(test)]

    @cached_property
    def held(self) -> Sequence[str]:
        """Return the other tests of the zone: what they are about is as it was when they held."""
        return [test for test in self._candidates if test not in set(self.tests)]

    @cached_property
    def _candidates(self) -> Sequence[str]:
        tests = self.project.tests_of(self.zone)
        if set(self.chosen) < self.project.zones[self.zone]:
            touched = set(self.chosen)
            return [test for test in tests if touched.intersection(self.project.parents(test))]
        return tests

    @cached_property
    def needs_full_refresh(self) -> bool:
        """Whether a table that dbt only adds to was defined otherwise when it was made."""
        return self.is_anew or any(
            (known := self.state.records.get(unique_id)) is not None
            and known.definition != self.project.definition(unique_id)
            for unique_id in self.stale
            if self.project.kind(unique_id) in ("incremental", "seed")
        )

    def record(self, unique_id: str, relations: Mapping[tuple[str, str], Relation]) -> Record:
        """Return what to remember of a node that was built, or of a test that held."""
        relation = relations.get(self.project.relation(unique_id))
        return Record(
            unique_id,
            self.project.definition(unique_id),
            self.content(unique_id),
            relation.identity if relation else "",
        )

    def content(self, unique_id: str) -> str:
        """Return the content of a node as it is once this zone is built."""
        if unique_id not in self._contents:
            self._contents[unique_id] = self._content(unique_id)
        return self._contents[unique_id]

    def _content(self, unique_id: str) -> str:
        kind = self.project.kind(unique_id)
        if kind == "source":
            return self._version(unique_id)
        if unique_id not in self.chosen and kind not in ("view", "test", "ephemeral"):
            known = self.state.records.get(unique_id)
            return known.content if known and self._is_there(unique_id, known) else UNKNOWN
        parents = sorted(self.project.parents(unique_id))
        told: list[object] = [self.project.definition(unique_id)]
        told += [(parent, self.content(parent)) for parent in parents]
        if kind == "seed":
            told.append(self.project.file(unique_id).read_text(encoding="utf-8"))
        if any(self.content(parent) == UNKNOWN for parent in parents):
            return UNKNOWN
        return digest(told)

    def _version(self, source: str) -> str:
        if source in self.state.told:
            return self.state.told[source]
        relation = self.state.relations.get(self.project.relation(source))
        return relation.version or UNKNOWN if relation else "missing"

    def _is_stale(self, unique_id: str, stale: Collection[str]) -> bool:
        known = self.state.records.get(unique_id)
        if known is None or not self._is_there(unique_id, known):
            return True
        if self.project.kind(unique_id) == "view":
            is_same = known.definition == self.project.definition(unique_id)
            return not is_same or any(parent in stale for parent in self.project.parents(unique_id))
        content = self.content(unique_id)
        return content == UNKNOWN or content != known.content

    def _is_there(self, unique_id: str, known: Record) -> bool:
        relation = self.state.relations.get(self.project.relation(unique_id))
        return relation is not None and relation.identity == known.identity

    def _holds(self, test: str) -> bool:
        known = self.state.records.get(test)
        content = self.content(test)
        return known is not None and content != UNKNOWN and content == known.content

    @cached_property
    def ordered(self) -> Sequence[str]:
        """Return what is chosen, parents first."""
        ordered: dict[str, None] = {}

        def visit(unique_id: str) -> None:
            if unique_id in ordered:
                return
            for parent in sorted(self.project.parents(unique_id)):
                if parent in self.chosen:
                    visit(parent)
            ordered[unique_id] = None

        for unique_id in sorted(self.chosen):
            visit(unique_id)
        return list(ordered)
