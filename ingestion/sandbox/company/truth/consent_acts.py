"""Truth about permissions, first half: every act, by whom, about what, where and when.

A subject is what the permission was given for: a browser, an address, a number, an account. What
somebody says to the shop is about the address that the shop writes to at that moment; when the
account moves to another address, the one before stays known by the orders that show it, if any.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ingestion.sandbox.company.accounts import DOUBLE_OPT_IN, INVALID, NOT_SUBSCRIBED
from ingestion.sandbox.company.banner import ALL, ANALYTICS_ONLY
from ingestion.sandbox.company.draws import hashed
from ingestion.sandbox.company.drops.permissions import Said
from ingestion.sandbox.company.render.naming import Naming, contact_id, customer_id, visitor_ids
from ingestion.sandbox.company.world import World

GRANT, DENY = 1, 2
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
    "is_shown",
    "state",
    "at",
)


@dataclass
class Acts:
    """Acts, column by column; ``state`` is 0 where an act settles nothing yet.

    ``is_shown``: the vendor still shows the subject, on the record or on what hangs on it.
    """

    columns: dict[str, list[object]] = field(
        default_factory=lambda: {name: [] for name in _COLUMNS}
    )

    def extend(self, *columns: Sequence[object]) -> None:
        """Take acts, column by column."""
        for name, values in zip(_COLUMNS, columns, strict=True):
            self.columns[name].extend(values)

    def add(self, *values: object) -> None:
        """Take one act."""
        for name, value in zip(_COLUMNS, values, strict=True):
            self.columns[name].append(value)


def collected(world: World, naming: Naming, seed: int, now: int, elsewhere: Iterable[Said]) -> Acts:
    """Return all acts up to ``now``; ``elsewhere``: told by files."""
    acts = Acts()
    _web(acts, world, seed, now)
    _shop(acts, world, naming, now)
    _crm(acts, world, naming, now)
    for *said, when in elsewhere:
        acts.add(*said, True, GRANT if said[-1] == "grant" else DENY, when)
    return acts


def _web(acts: Acts, world: World, seed: int, now: int) -> None:
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
            [True] * len(rows),
            np.where(granted, GRANT, DENY).tolist(),
            at,
        )


def _shop(acts: Acts, world: World, naming: Naming, now: int) -> None:
    customers = world.customers
    columns = {name: customers[name].tolist() for name in customers.columns}
    orders = world.orders
    placed = orders["ordered_at"] <= now
    addressed = set(
        zip(orders["customer"][placed].tolist(), orders["email"][placed].tolist(), strict=True)
    )
    for row in np.flatnonzero(customers["created_at"] <= now).tolist():
        one = {name: column[row] for name, column in columns.items()}
        is_before_shown = one["next_email_at"] > now or (row, one["email"]) in addressed
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
                        at >= one["next_email_at"] or is_before_shown,
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
                    True,
                    state,
                    at,
                )


def _crm(acts: Acts, world: World, naming: Naming, now: int) -> None:
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
                    True,
                    state,
                    at,
                )
