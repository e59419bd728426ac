"""Truth about permissions: every act, and the state of each subject and person at each instant.

A subject is what the permission was given for: a browser, an address, a number, an account. What
somebody says to the shop is about the address that the shop writes to at that moment. Per subject
the latest act counts. A person is denied where any subject is denied, granted where none is and at
least one is granted, unknown otherwise. An erasure ends everything said by the person, and by the
addresses and numbers it names; a browser's own answer stands until it is changed there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.accounts import DOUBLE_OPT_IN, INVALID, NOT_SUBSCRIBED
from ingestion.sandbox.company.banner import ALL, ANALYTICS_ONLY
from ingestion.sandbox.company.clock import NEVER
from ingestion.sandbox.company.draws import Ints, hashed
from ingestion.sandbox.company.drops.permissions import Said
from ingestion.sandbox.company.render.naming import Naming, contact_id, customer_id, visitor_ids
from ingestion.sandbox.company.truth.columns import bounds, instants
from ingestion.sandbox.company.world import World

GRANT, DENY = 1, 2
STATES = ("unknown", "granted", "denied")
_WEB = (
    ("analytics", ANALYTICS_ONLY),
    ("ads", ALL),
    ("ad_data_sharing", ALL),
    ("personalisation", ALL),
)
_COLUMNS = (
    "person_id",
    "subject_type",
    "subject",
    "source",
    "source_key",
    "purpose",
    "channel",
    "action",
    "state",
    "at",
)


@dataclass
class _Acts:
    """Acts while they are being collected, column by column."""

    columns: dict[str, list[object]] = field(
        default_factory=lambda: {name: [] for name in _COLUMNS}
    )

    def extend(self, *columns: Sequence[object]) -> None:
        for name, values in zip(_COLUMNS, columns, strict=True):
            self.columns[name].extend(values)

    def add(self, *values: object) -> None:
        for name, value in zip(_COLUMNS, values, strict=True):
            self.columns[name].append(value)


def tables(
    world: World, naming: Naming, seed: int, now: int, elsewhere: Iterable[Said] = ()
) -> dict[str, pa.Table]:
    """Return acts, subject states and person states up to ``now``; ``elsewhere``: told by files."""
    acts = _Acts()
    _web(acts, world, seed, now)
    _shop(acts, world, naming, now)
    _crm(acts, world, naming, now)
    for *said, when in elsewhere:
        acts.add(*said, GRANT if said[-1] == "grant" else DENY, when)
    at = np.array(acts.columns.pop("at"), dtype=np.int64)
    state = np.array(acts.columns.pop("state"), dtype=np.int64)
    person = np.array(acts.columns["person_id"], dtype=np.int64)
    order = np.argsort(at, kind="stable")
    table = pa.table({**acts.columns, "occurred_at": instants(at)}).take(pa.array(order))
    topics = [
        f"{p}|{c}" for p, c in zip(acts.columns["purpose"], acts.columns["channel"], strict=True)
    ]
    subjects = pa.array(
        [
            f"{topic}|{subject}"
            for topic, subject in zip(topics, acts.columns["subject"], strict=True)
        ]
    )
    encoded = pa.array(topics).dictionary_encode()
    topic = encoded.indices.to_numpy().astype(np.int64)
    subject = subjects.dictionary_encode().indices.to_numpy().astype(np.int64)
    rows, ends = _intervals(subject, at, state)
    mortal = np.minimum(ends, world.people["erased_at"][person[rows]])
    is_device = np.array(acts.columns["subject_type"])[rows] == "device"
    told = np.where(is_device, ends, mortal)
    living = np.flatnonzero(mortal > at[rows])
    states = _persons(
        person[rows[living]],
        topic[rows[living]],
        state[rows[living]],
        at[rows[living]],
        mortal[living],
    )
    lasting = np.flatnonzero(told > at[rows])
    rows, told = rows[lasting], told[lasting]
    subject_table = pa.table(
        {
            **{
                name: pa.array([acts.columns[name][row] for row in rows.tolist()])
                for name in ("person_id", "subject_type", "subject", "purpose", "channel")
            },
            "state": [STATES[value] for value in state[rows].tolist()],
            "valid_from": instants(at[rows]),
            "valid_to": bounds(told),
        }
    )
    names = [name.split("|") for name in encoded.dictionary.to_pylist()]
    person_table = pa.table(
        {
            "person_id": states[0],
            "purpose": [names[value][0] for value in states[1].tolist()],
            "channel": [names[value][1] for value in states[1].tolist()],
            "state": [STATES[value] for value in states[2].tolist()],
            "valid_from": instants(states[3]),
            "valid_to": bounds(states[4]),
        }
    )
    return {
        "consent_acts": table,
        "consent_subjects": subject_table,
        "consent_states": person_table,
    }


def _intervals(subject: Ints, at: Ints, state: Ints) -> tuple[Ints, Ints]:
    """Return, per act that sets a state, its row and when the subject's next act ends it."""
    rows = np.flatnonzero(state > 0)
    rows = rows[np.lexsort((state[rows], at[rows], subject[rows]))]
    ends = np.full(len(rows), NEVER)
    same = subject[rows[1:]] == subject[rows[:-1]]
    ends[:-1][same] = at[rows[1:]][same]
    keep = ends > at[rows]
    return rows[keep], ends[keep]


def _persons(
    person: Ints, topic: Ints, state: Ints, begin: Ints, end: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Union the subjects of each person: denied if any is, else granted if any is."""
    key = person * 64 + topic
    keys, moments = np.concatenate([key, key]), np.concatenate([begin, end])
    grants = np.concatenate([state == GRANT, -(state == GRANT).astype(np.int64)]).astype(np.int64)
    denials = np.concatenate([state == DENY, -(state == DENY).astype(np.int64)]).astype(np.int64)
    order = np.lexsort((moments, keys))
    keys, moments = keys[order], moments[order]
    granted, denied = np.cumsum(grants[order]), np.cumsum(denials[order])
    last = np.ones(len(keys), dtype=np.bool_)
    last[:-1] = (keys[1:] != keys[:-1]) | (moments[1:] != moments[:-1])
    keys, moments = keys[last], moments[last]
    value = np.where(denied[last] > 0, DENY, np.where(granted[last] > 0, GRANT, 0))
    change = np.ones(len(keys), dtype=np.bool_)
    change[1:] = (keys[1:] != keys[:-1]) | (value[1:] != value[:-1])
    keys, moments, value = keys[change], moments[change], value[change]
    ends = np.full(len(keys), NEVER)
    same = keys[1:] == keys[:-1]
    ends[:-1][same] = moments[1:][same]
    real = moments < NEVER
    return keys[real] // 64, keys[real] % 64, value[real], moments[real], ends[real]


def _web(acts: _Acts, world: World, seed: int, now: int) -> None:
    """Banner answers; a browser that refuses analytics has no id, so nobody can tell it again."""
    table = world.banner_acts
    rows = np.flatnonzero((table["at"] <= now) & (table["state"] >= ANALYTICS_ONLY))
    browser = table["device"][rows].astype(np.int64) * 4_096 + table["generation"][rows]
    names = visitor_ids(hashed(browser, seed * 2 + 1))
    person, at = table["person"][rows].tolist(), table["at"][rows].tolist()
    for purpose, needed in _WEB:
        gpc = table["has_gpc"][rows] & (purpose != "analytics")
        granted = (table["state"][rows] >= needed) & ~gpc
        action = np.where(gpc, "gpc", np.where(granted, "grant", "deny"))
        acts.extend(
            person,
            ["device"] * len(rows),
            names,
            ["matomo"] * len(rows),
            names,
            [purpose] * len(rows),
            ["web"] * len(rows),
            action.tolist(),
            np.where(granted, GRANT, DENY).tolist(),
            at,
        )


def _shop(acts: _Acts, world: World, naming: Naming, now: int) -> None:
    customers = world.customers
    columns = {name: customers[name].tolist() for name in customers.columns}
    for row in np.flatnonzero(customers["created_at"] <= now).tolist():
        one = {name: column[row] for name, column in columns.items()}
        key = str(customer_id(row))
        if one["email_state"] not in (NOT_SUBSCRIBED, INVALID):
            before = (naming.email(one["email"], one["email_form"]) or "").lower()
            after = (naming.email(one["next_email"]) or "").lower()
            double = one["email_state"] == DOUBLE_OPT_IN
            steps = [("pending", 0, one["email_at"])] if double else []
            steps.append(("confirm" if double else "grant", GRANT, one["email_confirm_at"]))
            steps.append(("withdraw", DENY, one["email_unsubscribe_at"]))
            for action, state, at in steps:
                if at <= now:
                    acts.add(
                        one["person"],
                        "contact_point",
                        after if at >= one["next_email_at"] else before,
                        "shopify",
                        key,
                        "email_marketing",
                        "email",
                        action,
                        state,
                        at,
                    )
        number = naming.phone(one["phone"])
        for action, state, at in (
            ("grant", GRANT, one["sms_at"]),
            ("withdraw", DENY, one["sms_unsubscribe_at"]),
        ):
            if number and at <= now:
                acts.add(
                    one["person"],
                    "contact_point",
                    number,
                    "shopify",
                    key,
                    "sms_marketing",
                    "sms",
                    action,
                    state,
                    at,
                )


def _crm(acts: _Acts, world: World, naming: Naming, now: int) -> None:
    contacts = world.contacts
    columns = {
        name: contacts[name].tolist()
        for name in (
            "person",
            "email",
            "email_form",
            "subscribe_at",
            "confirm_at",
            "unsubscribe_at",
        )
    }
    for row in np.flatnonzero(contacts["created_at"] <= now).tolist():
        one = {name: column[row] for name, column in columns.items()}
        email = naming.email(one["email"], one["email_form"])
        if email is None:
            continue
        steps = [("confirm", GRANT, one["confirm_at"]), ("withdraw", DENY, one["unsubscribe_at"])]
        if one["subscribe_at"] < one["confirm_at"]:
            steps.insert(0, ("pending", 0, one["subscribe_at"]))
        for action, state, at in steps:
            if at <= now:
                acts.add(
                    one["person"],
                    "contact_point",
                    email.lower(),
                    "hubspot",
                    str(contact_id(row)),
                    "email_marketing",
                    "email",
                    action,
                    state,
                    at,
                )
