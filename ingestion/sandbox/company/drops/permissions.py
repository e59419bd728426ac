"""Permissions that no server keeps: answers at the tills, and lists of forms, letters and calls.

Lists come from a stand at fairs and from the office that opens letters and takes calls. Only people
who bought before and will not ask to be forgotten are on them: nobody would tell those who keep the
lists. An act is about the address or number it was given with.
"""

import sqlite3
from collections.abc import Iterator

import numpy as np

from ingestion.sandbox.company.accounts import HOUR, address_at
from ingestion.sandbox.company.clock import NEVER, day_start
from ingestion.sandbox.company.draws import generator
from ingestion.sandbox.company.drops import kept, stores
from ingestion.sandbox.company.drops.kept import Line, Ref, as_int
from ingestion.sandbox.company.visiting import season
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

FEED = "consents"
_RATE = 0.0006
# Purpose, channel and action; how often each is said.
_SAID = (
    ("email_marketing", "email", "grant", 0.35),
    ("email_marketing", "email", "withdraw", 0.15),
    ("phone_marketing", "phone", "grant", 0.2),
    ("phone_marketing", "phone", "withdraw", 0.1),
    ("sms_marketing", "sms", "grant", 0.1),
    ("sms_marketing", "sms", "withdraw", 0.1),
)

Said = tuple[int, str, str, str, str, str, str, str, int]


def given(world: World, seed: int, day: int) -> list[Line]:
    """Return what was written on lists in one day."""
    rng = generator(seed, day, "lists of consents")
    people, now = world.people, day_start(day)
    able = np.flatnonzero(
        (people["arrival"] <= day)
        & (people["erased_at"] == NEVER)
        & (people["first_order_at"] < now)
        & (people["phone"] >= 0)
    )
    count = int(rng.poisson(len(able) * _RATE * season(day))) if len(able) else 0
    person = able[rng.integers(0, max(1, len(able)), count)] if count else able[:0]
    at = now + rng.integers(9 * HOUR, 17 * HOUR, count)
    mails = as_int(address_at(world, person, at))
    said = rng.choice(len(_SAID), count, p=[chance for *_, chance in _SAID])
    made = []
    for number, who in enumerate(as_int(person)):
        purpose, channel, action, _ = _SAID[int(said[number])]
        is_mail = channel == "email"
        doc = {
            "email": Ref("email", mails[number]) if is_mail else None,
            "phone": None if is_mail else Ref("phone", int(people["phone"][who])),
            "country": COUNTRIES[int(people["country"][who])].code,
            "purpose": purpose,
            "channel": channel,
            "action": action,
            "method": "paper form" if action == "grant" else "letter or call",
        }
        unit = "fairs" if action == "grant" else "office"
        made.append(Line(FEED, unit, f"P{day:05d}{number:05d}", int(at[number]), who, doc))
    return made


def acts(connection: sqlite3.Connection, now: int) -> Iterator[Said]:
    """Yield what was said at tills and on lists, in the columns of the truth (see there)."""
    for line in kept.lines(connection, stores.FEED, now):
        if line.person is not None and line.doc["offers"] is not None:
            action = "grant" if line.doc["offers"] else "deny"
            yield _act(line, line.doc["email"], "email_marketing", "email", action)
    for line in kept.lines(connection, FEED, now):
        doc = line.doc
        if line.person is not None:
            subject = doc["email"] or doc["phone"]
            yield _act(line, subject, doc["purpose"], doc["channel"], doc["action"])


def _act(line: Line, subject: str, purpose: str, channel: str, action: str) -> Said:
    person = -1 if line.person is None else line.person
    return (
        person, "contact_point", subject.lower(), "files", line.id, purpose, channel, action,
        line.at,
    )  # fmt: skip
