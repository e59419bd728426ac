"""Compares consent states with the sandbox company's ground truth, at every instant that matters.

Grain: one comparison per subject (or person), purpose and instant; instants are all moments at
which either side changes, and the second after each, up to the hub's present. A difference
*towards allow* is the hub permitting what the truth does not; *towards deny* is the opposite, and
has honest causes: a vendor tells its present state, not the past, and some news never arrives.
*No longer shown* is counted apart: permitted by all that any vendor still shows, but refused to a
shop about an address that its account has left and none of its orders carries. Only a hub that
loaded before the address changed can know.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from orchestration.consent.errors import ConsentError

Interval = tuple[datetime, datetime, str]
Topic = tuple[str, str]
_TYPES = {("device", "web"): "anonymous_id", ("contact_point", "email"): "email"}
_TYPES |= {("contact_point", "sms"): "phone", ("contact_point", "phone"): "phone"}
_SUBJECTS = """
select subject_key, purpose, valid_from, valid_to, state
from intermediate.int_consent__subject_intervals
"""
# Defaults are policy, not something that anybody said: the truth knows no policies.
_PERSONS = """
select person_id, purpose, valid_from, valid_to,
    case when reason in ('default', 'lapsed') then 'unknown' else state end
from core.consent_history
"""
_LINKS = "select subject_key, person_id, valid_from, valid_to from identity.person_links"


@dataclass
class Compared:
    """Result of one comparison."""

    instants: int = 0
    agreed: int = 0
    towards_allow: int = 0
    towards_deny: int = 0
    no_longer_shown: int = 0
    allowed_wrongly: set[Topic] = field(default_factory=set)

    def add(self, hub: str, truth: str, shown: str, topic: Topic) -> None:
        """Count one instant; ``shown`` is the truth as far as vendors still show it."""
        self.instants += 1
        if hub == truth or "granted" not in (hub, truth):
            self.agreed += 1
        elif hub == shown == "granted":
            self.no_longer_shown += 1
        elif hub == "granted":
            self.towards_allow += 1
            self.allowed_wrongly.add(topic)
        else:
            self.towards_deny += 1

    def counts(self) -> dict[str, int]:
        """Return the figures, without any key."""
        return {
            "instants": self.instants,
            "agreed": self.agreed,
            "towards_allow": self.towards_allow,
            "towards_deny": self.towards_deny,
            "no_longer_shown": self.no_longer_shown,
            "wrongly_allowed": len(self.allowed_wrongly),
        }


def evaluate(url: str, truth: Path) -> dict[str, Compared]:
    """Compare the built states with the truth in a folder.

    ``subjects`` compares what each browser, address and number said. ``persons`` compares what may
    be done with whoever the hub believes to be behind it, against what all subjects of that one
    person truly said.

    Raises:
        ConsentError: when there is no truth there.
    """
    if not (truth / "consent_subjects.parquet").exists():
        raise ConsentError("there is no ground truth: only the sandbox company has one")
    true_subjects = _truth(truth / "consent_subjects.parquet")
    shown_subjects = _truth(truth / "consent_shown.parquet")
    with psycopg.connect(url) as connection:
        row = connection.execute("select as_of from ops.clock").fetchone()
        until: datetime = row[0] if row else datetime.max  # noqa: DTZ901
        hub_subjects = _grouped(connection.execute(_SUBJECTS))
        hub_persons = _grouped(connection.execute(_PERSONS))
        holders: dict[str, list[tuple[str, datetime, datetime]]] = defaultdict(list)
        for key, person, start, end in connection.execute(_LINKS):
            holders[key].append((person, start, end))
    subjects = Compared()
    for topic in true_subjects.keys() | hub_subjects.keys():
        sides = [true_subjects[topic]], [shown_subjects[topic]]
        _compare(subjects, topic, hub_subjects[topic], *sides, until)
    said, shown = _by_holder(true_subjects, holders), _by_holder(shown_subjects, holders)
    persons = Compared()
    for topic in said.keys() | hub_persons.keys():
        _compare(persons, topic, hub_persons[topic], said[topic], shown[topic], until)
    return {"subjects": subjects, "persons": persons}


def _by_holder(
    subjects: Mapping[Topic, list[Interval]], holders: Mapping[str, list[tuple[str, Any, Any]]]
) -> defaultdict[Topic, list[list[Interval]]]:
    """Return what the subjects of each person said while they were that person's."""
    found: defaultdict[Topic, list[list[Interval]]] = defaultdict(list)
    for (key, purpose), intervals in subjects.items():
        for person, start, end in holders.get(key, ()):
            found[person, purpose].append(_clipped(intervals, start, end))
    return found


def _truth(file: Path) -> defaultdict[Topic, list[Interval]]:
    """Return what each subject truly said, by subject key."""
    from pyarrow import parquet

    from ingestion.guard.keys import Keyer, KeyRing, normalised

    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    found: defaultdict[Topic, list[Interval]] = defaultdict(list)
    for row in parquet.read_table(file).to_pylist():
        kind = _TYPES[row["subject_type"], row["channel"]]
        key = keyer.key(kind, normalised(kind, row["subject"]))
        if key is not None:
            interval = (row["valid_from"], row["valid_to"], row["state"])
            found[key, row["purpose"]].append(interval)
    return found


def _grouped(rows: Iterable[Any]) -> defaultdict[Topic, list[Interval]]:
    found: defaultdict[Topic, list[Interval]] = defaultdict(list)
    for holder, purpose, start, end, state in rows:
        found[holder, purpose].append((start, end, state))
    return found


def _clipped(intervals: list[Interval], start: datetime, end: datetime) -> list[Interval]:
    """Return what was said while a key belonged to somebody; a refusal outlasts that."""
    return [
        (begin, finish if state == "denied" else min(finish, end), state)
        for begin, finish, state in intervals
        if start <= begin < end
    ]


def _compare(
    into: Compared,
    topic: Topic,
    hub: list[Interval],
    truth: list[list[Interval]],
    shown: list[list[Interval]],
    until: datetime,
) -> None:
    edges = {edge for one in (hub, *truth) for start, end, _ in one for edge in (start, end)}
    for edge in edges:
        for at in (edge, edge + timedelta(seconds=1)) if edge <= until else ():
            into.add(_state(hub, at), _strictest(truth, at), _strictest(shown, at), topic)


def _strictest(subjects: list[list[Interval]], at: datetime) -> str:
    states = {_state(each, at) for each in subjects}
    return next((s for s in ("denied", "granted") if s in states), "unknown")


def _state(intervals: list[Interval], at: datetime) -> str:
    found = {state for start, end, state in intervals if start <= at < end}
    return next((s for s in ("denied", "granted") if s in found), "unknown")
