"""The interval SQL against the slow reference, on random streams of events and links."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Warehouse
from tests.privacy.consent_reference import (
    BEGINNING,
    END,
    Event,
    Link,
    effective,
    instants,
    state_at,
)
from tests.privacy.consent_world import person_history, state_in

START = datetime(2026, 1, 1)  # noqa: DTZ001
# Few keys, persons and moments, so that ties, contradictions and crossings are common.
KEYS = ("a", "b", "c")
PERSONS = ("p", "q")
MOMENTS = st.integers(0, 5).map(lambda step: START + timedelta(hours=step))
# Grants, and what only a personal grant lifts, meet most often.
ACTIONS = ["grant"] * 6 + ["confirm", "pending", "deny", "withdraw", "object", "object", "gpc"]
SETTINGS = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# People asked about in one query; the reference needs about 10 ms for each.
WORLDS = 400
ONE_PERSON = [Link("a", "p"), Link("b", "p"), Link("c", "p")]


@st.composite
def crowds(draw: st.DrawFn) -> list[Event]:
    """Two keys, four moments, and only what meets in lifting an objection."""
    drawn = []
    for number in range(draw(st.integers(3, 8))):
        at = START + timedelta(hours=draw(st.integers(0, 3)))
        personal = draw(st.booleans())
        drawn.append(
            Event(
                event_id=f"e{number}",
                subject_key=draw(st.sampled_from(KEYS[:2])),
                action=draw(st.sampled_from(["grant", "grant", "object"])),
                occurred_at=at,
                received_at=at,
                expires_at=draw(st.one_of(st.none(), MOMENTS)),
                subject_scope="person" if personal else "contact_point",
                is_authenticated=personal,
            )
        )
    return drawn


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    drawn = []
    for number in range(draw(st.integers(2, 14))):
        action = draw(st.sampled_from(ACTIONS))
        personal = draw(st.booleans())
        implied = not personal and draw(st.integers(0, 3)) == 0
        drawn.append(
            Event(
                event_id=f"e{number}",
                subject_key=draw(st.sampled_from(KEYS)),
                action=action,
                occurred_at=draw(st.one_of(st.none(), MOMENTS, MOMENTS, MOMENTS)),
                received_at=draw(MOMENTS),
                expires_at=draw(MOMENTS)
                if implied
                else draw(st.one_of(st.none(), st.none(), MOMENTS)),
                kind=draw(st.sampled_from(["act", "state_observation"])),
                source=draw(st.sampled_from(["crm", "shop"])),
                subject_scope="person" if personal else "contact_point",
                is_authenticated=personal,
                legal_basis="implied_purchase" if implied else "consent",
            )
        )
    return drawn


@st.composite
def links(draw: st.DrawFn) -> list[Link]:
    drawn = []
    for key in KEYS:
        if draw(st.booleans()):
            drawn.append(Link(key, draw(st.sampled_from(PERSONS))))
            continue
        cuts = sorted({draw(MOMENTS) for _ in range(draw(st.integers(1, 3)))})
        edges = [
            draw(st.sampled_from([BEGINNING, cuts[0]])),
            *cuts,
            draw(st.sampled_from([END, cuts[-1]])),
        ]
        for start, end in pairwise(edges):
            if start < end and draw(st.integers(0, 4)):
                drawn.append(Link(key, draw(st.sampled_from(PERSONS)), start, end))
    return drawn


def said(number: int, key: str, action: str, hour: int, **rest: object) -> Event:
    """One act at an hour; ``personal=True`` for an authenticated one."""
    at = START + timedelta(hours=hour)
    personal = rest.pop("personal", False) is True
    return Event(
        f"e{number}",
        key,
        action,
        at,
        at,
        subject_scope="person" if personal else "contact_point",
        is_authenticated=personal,
        **rest,  # type: ignore[arg-type]
    )


# Rare meetings that random streams do not always find.
CONTRADICTED_LIFT = [
    said(0, "a", "object", 0),
    said(1, "a", "grant", 0, personal=True),
    said(2, "a", "grant", 1),
]
LAPSED_LIFT = [
    said(0, "a", "object", 0),
    said(1, "a", "grant", 1, expires_at=START + timedelta(hours=4)),
    said(2, "b", "grant", 2, personal=True, expires_at=START + timedelta(hours=3)),
]
# Two authenticated grants in one instant: the one that was void at once is the stricter.
VOID_LIFT = [
    said(0, "b", "object", 0),
    said(1, "a", "grant", 0),
    said(2, "a", "grant", 1, personal=True),
    said(3, "a", "grant", 1, personal=True, expires_at=START),
]
# An unconfirmed opt-in under a lifted objection still waits, also when its key changed hands.
LIFTED_PENDING = [
    said(0, "c", "object", 0),
    said(1, "c", "pending", 1),
    said(2, "a", "grant", 3, personal=True),
]
# What a key said after its objection was lifted, and that was void by itself, opens nothing.
LIFTED_BEFORE = [
    said(0, "c", "object", 0),
    said(1, "a", "grant", 1, personal=True),
    said(2, "c", "grant", 4, expires_at=START + timedelta(hours=1)),
]
HANDED_ON = [
    Link("a", "p"),
    Link("c", "p", valid_to=START + timedelta(hours=2)),
    Link("c", "p", valid_from=START + timedelta(hours=2)),
]


@SETTINGS
@given(st.one_of(events(), crowds()), st.one_of(links(), st.just(ONE_PERSON)))
@example(CONTRADICTED_LIFT, ONE_PERSON)
@example(VOID_LIFT, ONE_PERSON)
@example(LIFTED_PENDING, HANDED_ON)
@example([*VOID_LIFT[:2], replace(VOID_LIFT[3], event_id="e0v")], ONE_PERSON)
@example([*VOID_LIFT[:3], replace(VOID_LIFT[3], event_id="e0v")], ONE_PERSON)
@example(LAPSED_LIFT, ONE_PERSON)
@example(LIFTED_BEFORE, ONE_PERSON)
def test_the_marts_say_what_the_reference_says_at_every_instant(
    warehouse: Warehouse, stream: list[Event], holders: list[Link]
) -> None:
    with warehouse.connect() as connection:
        found = person_history(connection, stream, holders)
    counting = effective(stream)
    for person in PERSONS:
        for at in instants(stream, holders):
            expected = state_at(person, at, counting, holders)
            assert state_in(found.get(person, []), at) == expected, (person, at)


@SETTINGS
@given(events(), links(), st.randoms())
def test_any_order_of_arrival_gives_the_same_history(
    warehouse: Warehouse, stream: list[Event], holders: list[Link], random: Random
) -> None:
    shuffled = list(stream)
    random.shuffle(shuffled)
    with warehouse.connect() as connection:
        assert person_history(connection, stream, holders) == person_history(
            connection, shuffled, holders
        )


def _random_world(random: Random, prefix: str) -> tuple[list[Event], list[Link]]:
    """Events and links of two people of their own, told from other worlds by a prefix."""

    def moment() -> datetime:
        return START + timedelta(hours=random.randrange(6))

    stream = []
    for number in range(random.randint(2, 12)):
        personal = random.random() < 0.5
        implied = not personal and random.random() < 0.25
        expires = implied or random.random() < 0.3
        stream.append(
            Event(
                event_id=f"{prefix}e{number}",
                subject_key=prefix + random.choice(KEYS),
                action=random.choice(ACTIONS),
                occurred_at=moment() if random.random() < 0.8 else None,
                received_at=moment(),
                expires_at=moment() if expires else None,
                kind=random.choice(["act", "state_observation"]),
                source=random.choice(["crm", "shop"]),
                subject_scope="person" if personal else "contact_point",
                is_authenticated=personal,
                legal_basis="implied_purchase" if implied else "consent",
            )
        )
    holders = []
    for key in KEYS:
        cuts = sorted({moment() for _ in range(random.randint(0, 3))})
        for start, end in pairwise([BEGINNING, *cuts, END]):
            if random.random() < 0.8:
                holders.append(Link(prefix + key, prefix + random.choice(PERSONS), start, end))
    return stream, holders


def test_many_people_at_once_say_what_the_reference_says(warehouse: Warehouse) -> None:
    seed = 7 if os.environ.get("CI") else Random().randrange(10**6)  # noqa: S311
    random = Random(seed)  # noqa: S311
    worlds = [_random_world(random, f"w{number}-") for number in range(WORLDS)]
    with warehouse.connect() as connection:
        found = person_history(
            connection,
            [event for stream, _ in worlds for event in stream],
            [link for _, holders in worlds for link in holders],
        )
    for number, (stream, holders) in enumerate(worlds):
        counting = effective(stream)
        for person in PERSONS:
            name = f"w{number}-{person}"
            for at in instants(stream, holders):
                expected = state_at(name, at, counting, holders)
                assert state_in(found.get(name, []), at) == expected, (seed, name, at)
