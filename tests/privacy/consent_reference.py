"""The consent rules once more, slowly and without SQL: the state of one person at one instant.

No intervals, no windows: every question goes through the events again. Property tests compare the
marts' SQL with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

BEGINNING = datetime(1900, 1, 1)  # noqa: DTZ001
END = datetime(9999, 12, 31)  # noqa: DTZ001
STATES = {
    "grant": "granted", "confirm": "granted", "pending": "pending", "deny": "denied",
    "withdraw": "denied", "object": "denied", "gpc": "denied",
}  # fmt: skip
STRICTNESS = {
    "grant": 10, "confirm": 10, "pending": 30, "deny": 40, "withdraw": 40, "object": 50, "gpc": 50,
}  # fmt: skip
STICKY = {"object", "gpc"}
IMPLIED = {"implied_purchase", "soft_opt_in"}


@dataclass(frozen=True)
class Event:
    """One row of the ledger."""

    event_id: str
    subject_key: str
    action: str
    received_at: datetime
    occurred_at: datetime | None = None
    expires_at: datetime | None = None
    kind: str = "act"
    source: str = "tandem"
    capture_method: str = "form"
    subject_scope: str = "contact_point"
    is_authenticated: bool = False
    legal_basis: str = "consent"
    purpose: str = "email_marketing"
    channel: str = "email"
    jurisdiction: str | None = "DE"
    notice_version: str | None = None
    age_band: str | None = None

    @property
    def state(self) -> str:
        return STATES[self.action]

    @property
    def effective_at(self) -> datetime | None:
        if self.occurred_at is None:
            return None if self.state == "granted" else self.received_at
        return min(self.occurred_at, self.received_at)

    @property
    def is_implied(self) -> bool:
        return self.legal_basis in IMPLIED and self.state == "granted"

    @property
    def is_personal_grant(self) -> bool:
        return self.is_authenticated and self.subject_scope == "person" and self.state == "granted"

    @property
    def lapses_at(self) -> datetime:
        if self.state != "granted" or self.expires_at is None:
            return END
        return self.expires_at

    @property
    def place(self) -> tuple[datetime, int, timedelta, datetime, str]:
        assert self.effective_at is not None
        shortness = END - self.lapses_at
        strictness = STRICTNESS[self.action]
        return self.effective_at, strictness, shortness, self.received_at, self.event_id


@dataclass(frozen=True)
class Link:
    """A key that belongs to a person for some time."""

    subject_key: str
    person_id: str
    valid_from: datetime = BEGINNING
    valid_to: datetime = END


def effective(events: Iterable[Event]) -> list[Event]:
    """Events that change something, in the order in which they count."""
    timed = sorted(
        (event for event in events if event.effective_at is not None), key=lambda event: event.place
    )
    timed = [event for event in timed if not event.is_implied or event.expires_at is not None]
    kept = []
    for position, event in enumerate(timed):
        earlier = [other for other in timed[:position] if other.subject_key == event.subject_key]
        same_source = [
            other
            for other in earlier
            if (other.source, other.capture_method) == (event.source, event.capture_method)
        ]
        repeats = bool(same_source) and same_source[-1].action == event.action
        if event.kind == "state_observation" and repeats:
            continue
        assert event.effective_at is not None
        answers = [other for other in earlier if not other.is_implied]
        if event.is_implied and any(other.lapses_at > event.effective_at for other in answers):
            continue
        kept.append(event)
    return kept


def state_at(
    person_id: str,
    at: datetime,
    events: Sequence[Event],
    links: Sequence[Link],
    default: str = "unknown",
) -> str:
    """What may be done with one person for one purpose at one instant.

    ``events`` are what ``effective`` left of a stream.
    """
    mine = _attributed(person_id, events, links)
    past = [(event, until) for event, until in mine if _at(event) <= at]
    lifted_at = max((_at(event) for event, _ in past if _lifts(event, past)), default=None)
    verdicts = set()
    for key in {event.subject_key for event, _ in past}:
        own = [(event, until) for event, until in past if event.subject_key == key]
        verdicts.add(_verdict(own, at, lifted_at))
    for verdict, state in (("denied", "denied"), ("pending", "unknown"), ("granted", "granted")):
        if verdict in verdicts:
            return state
    return default


def _at(event: Event) -> datetime:
    assert event.effective_at is not None
    return event.effective_at


def _attributed(
    person_id: str, events: list[Event], links: Sequence[Link]
) -> list[tuple[Event, datetime]]:
    """A grant speaks for who held the key; a refusal also for who held it next."""
    found = []
    for event in events:
        holders = sorted(
            (link for link in links if link.subject_key == event.subject_key),
            key=lambda link: link.valid_from,
        )
        for link in holders:
            if _at(event) < link.valid_to:
                held = link.valid_from <= _at(event)
                if link.person_id == person_id and (held or event.state != "granted"):
                    found.append((event, link.valid_to))
                break
    return found


def _lifts(event: Event, past: list[tuple[Event, datetime]]) -> bool:
    """An authenticated act of the person, and what counts of all that its key said then."""
    if not event.is_personal_grant or event.lapses_at <= _at(event):
        return False
    rivals = [
        other for other, _ in past
        if other.subject_key == event.subject_key and _at(other) == _at(event)
    ]  # fmt: skip
    return max(rivals, key=lambda other: other.place) is event


def _verdict(
    own: list[tuple[Event, datetime]], at: datetime, lifted_at: datetime | None
) -> str | None:
    last, held_until = own[-1]
    objections = [_at(event) for event, _ in own if event.action in STICKY]
    personal = [_at(event) for event, _ in own if event.is_personal_grant]
    overruled = (
        last.state != "denied"
        and bool(objections)
        and (not personal or max(personal) <= max(objections))
    )
    said = last.state
    if said == "granted" and not (at < last.lapses_at and at < held_until):
        said = ""
    if last.state == "denied" or overruled:
        denied_at = max(objections) if overruled else _at(last)
        if lifted_at is None or denied_at >= lifted_at:
            return "denied"
        return said if overruled else None
    return said


def instants(events: Sequence[Event], links: Sequence[Link]) -> list[datetime]:
    """Every moment at which anything could change, and the microsecond before and after it."""
    moments = {link.valid_from for link in links} | {link.valid_to for link in links}
    for event in events:
        if event.effective_at is not None:
            moments.add(event.effective_at)
        if event.expires_at is not None:
            moments.add(event.expires_at)
    tick = timedelta(microseconds=1)
    near = {
        moment + step for moment in moments - {BEGINNING, END} for step in (-tick, tick, 0 * tick)
    }
    return sorted(near | {BEGINNING})
