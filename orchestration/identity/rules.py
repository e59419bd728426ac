"""The rules that say which identifiers join people, as typed values.

Grain: one ``TypeRule`` per identifier type. The rows come from the seeds ``identity_*.csv`` (read
from the warehouse, or from the files when a change is previewed); ``rulefiles`` parses and checks
them. The order of ``RuleSet.types`` is the priority: a type's position is its code in all arrays,
and a smaller code is stronger evidence.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property


class IdentityError(RuntimeError):
    """The engine cannot go on; the message says what is wrong, where, and what to do."""


class Joins(StrEnum):
    """What sharing a value of a type says about two records."""

    ALWAYS = "always"
    """They are of one person."""
    TIMED = "timed"
    """The value belonged to whoever used it at that time (devices)."""
    NEVER = "never"
    """Nothing."""


@dataclass(frozen=True)
class TypeRule:
    """How one identifier type takes part. ``None`` means no limit; the window is in days."""

    identifier_type: str
    joins: Joins
    priority: int
    max_persons_per_value: int | None
    max_values_per_person: int | None
    window_days: int | None
    yields_to: str | None = None
    """Type whose word counts more: a shared value does not join two who each have one of those."""


@dataclass(frozen=True)
class Override:
    """An operator's decision about two subject keys; the later decision on a pair wins."""

    allow: bool
    left_key: str
    right_key: str
    author: str
    reason: str
    decided_at: datetime

    @property
    def pair(self) -> tuple[str, str]:
        """The two keys in one order, whichever way they were written down."""
        return (min(self.left_key, self.right_key), max(self.left_key, self.right_key))


@dataclass(frozen=True)
class BlockedValue:
    """A value that stands for nobody, in plain text as the seed has it."""

    identifier_type: str
    value: str


@dataclass(frozen=True)
class RuleSet:
    """Everything a resolution depends on besides the evidence."""

    types: tuple[TypeRule, ...]
    max_identifiers_per_person: int
    blocked_keys: frozenset[str] = frozenset()
    overrides: tuple[Override, ...] = ()
    source_trust: Mapping[str, int] = field(default_factory=dict)
    accept_probability: float = 1.0
    review_probability: float = 1.0

    @cached_property
    def codes(self) -> dict[str, int]:
        """Code of each type by name."""
        return {rule.identifier_type: code for code, rule in enumerate(self.types)}

    @cached_property
    def yields(self) -> dict[int, int]:
        """Code of each yielding type, and of the type it yields to."""
        return {
            code: self.codes[rule.yields_to]
            for code, rule in enumerate(self.types)
            if rule.yields_to is not None
        }

    @cached_property
    def decisions(self) -> dict[tuple[str, str], Override]:
        """The decision in force for each pair that has one."""
        ordered = sorted(self.overrides, key=lambda o: (o.decided_at, not o.allow))
        return {override.pair: override for override in ordered}

    @cached_property
    def fingerprint(self) -> str:
        """Version of the rules; overrides are left out because they are compared one by one."""
        parts = [repr(rule) for rule in self.types]
        parts += [str(self.max_identifiers_per_person), *sorted(self.blocked_keys)]
        parts += [f"{source}={trust}" for source, trust in sorted(self.source_trust.items())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
