"""Calls and tickets: what customers ring about, and what they write to the help desk.

They come after real orders: parcels late or lost, goods going back, questions. Callers are known by
their number, sometimes by the customer number they read out; writers by the address they write
from.
"""

import numpy as np

from ingestion.sandbox.company.accounts import HOUR
from ingestion.sandbox.company.clock import DAY, NEVER, day_start, iso
from ingestion.sandbox.company.draws import generator
from ingestion.sandbox.company.drops.kept import Line, Ref, as_int
from ingestion.sandbox.company.render.naming import customer_id, order_id
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

CALLS, TICKETS = "calls", "tickets"
_REASONS = ("delivery", "return", "product", "invoice", "account")
_QUEUES = ("service", "service", "service", "billing", "service")
_SUBJECTS = {
    "delivery": "Where is my parcel?",
    "return": "Sending something back",
    "product": "Which size do I need?",
    "invoice": "My invoice",
    "account": "I cannot log in",
}


def answer(world: World, seed: int, day: int) -> list[Line]:
    """Return the calls and tickets that one day's orders lead to, later ones included."""
    rng = generator(seed, day, "service")
    orders, start = world.orders, day_start(day)
    today = np.flatnonzero(
        (orders["ordered_at"] >= start)
        & (orders["ordered_at"] < start + DAY)
        & (orders["person"] >= 0)
    )
    late = (orders["deliver_at"][today] > orders["promised_at"][today]) & (
        orders["promised_at"][today] < NEVER
    )
    back = orders["refund_at"][today] < NEVER
    draw = rng.random(len(today))
    asks = draw < np.where(late, 0.6, np.where(back, 0.35, 0.05))
    rows = today[asks]
    reason = np.where(late[asks], 0, np.where(back[asks], 1, rng.integers(2, 5, len(rows))))
    by_phone = (rng.random(len(rows)) < 0.45) & (world.people["phone"][orders["person"][rows]] >= 0)
    wait = rng.integers(1, 5, len(rows)) * DAY + rng.integers(8 * HOUR, 18 * HOUR, len(rows))
    at = (orders["ordered_at"][rows] // DAY) * DAY + wait
    made = []
    for number, row in enumerate(as_int(rows)):
        person = int(orders["person"][row])
        facts = (f"{day:05d}{number:04d}", int(at[number]), person, row, _REASONS[reason[number]])
        if by_phone[number]:
            made.append(_call(world, rng, facts))
        else:
            made.append(_ticket(world, rng, facts))
    return made


Facts = tuple[str, int, int, int, str]


def _call(world: World, rng: np.random.Generator, facts: Facts) -> Line:
    number, at, person, row, reason = facts
    customer = int(world.orders["customer"][row])
    said_number = customer >= 0 and rng.random() < 0.4
    seconds = int(rng.integers(40, 900))
    answered = rng.random() < 0.92
    doc = {
        "direction": "inbound",
        "queue": _QUEUES[_REASONS.index(reason)],
        "agent": f"agent-{int(rng.integers(1, 9))}",
        "number": Ref("phone", int(world.people["phone"][person]), int(rng.integers(0, 2))),
        "country": COUNTRIES[int(world.people["country"][person])].code,
        "customer_no": str(customer_id(customer)) if said_number else None,
        "seconds": seconds if answered else 0,
        "outcome": "answered" if answered else "abandoned",
        "reason": reason if answered else None,
    }
    return Line(CALLS, "callcentre", f"C{number}", at, person, doc)


def _ticket(world: World, rng: np.random.Generator, facts: Facts) -> Line:
    number, at, person, row, reason = facts
    reply = at + int(rng.gamma(2, 4) * HOUR) + 600
    solved = reply + int(rng.gamma(1.5, 14) * HOUR) + 600
    doc = {
        "channel": ("email", "web_form", "chat")[int(rng.integers(0, 3))],
        "email": Ref("email", int(world.orders["email"][row])),
        "name": Ref("name", person),
        "order": str(order_id(row)) if rng.random() < 0.7 else None,
        "subject": _SUBJECTS[reason],
        "category": reason,
        "priority": "high" if reason == "delivery" else "normal",
        "agent": f"agent-{int(rng.integers(1, 9))}",
        "replied": reply,
        "solved": solved if rng.random() < 0.95 else NEVER,
        "score": int(rng.integers(1, 6)) if rng.random() < 0.3 else None,
    }
    return Line(TICKETS, "helpdesk", f"T{number}", at, person, doc)


def as_ticket(line: Line, now: int) -> dict[str, object]:
    """Return a ticket as the help desk shows it at an instant."""
    doc = line.doc
    replied, solved = doc["replied"] < now, doc["solved"] < now
    changed = doc["solved"] if solved else doc["replied"] if replied else line.at
    return {
        "ticket_id": line.id,
        "created_at": iso(line.at),
        "updated_at": iso(max(changed, doc.get("touched", 0))),
        "solved_at": iso(doc["solved"]) if solved else None,
        "first_reply_at": iso(doc["replied"]) if replied else None,
        "channel": doc["channel"],
        "requester_email": doc["email"],
        "requester_name": doc["name"],
        "order_number": doc["order"],
        "subject": doc["subject"],
        "category": doc["category"],
        "status": "solved" if solved else "pending" if replied else "new",
        "priority": doc["priority"],
        "satisfaction": doc["score"] if solved else None,
        "agent": doc["agent"],
    }
