"""Truth about people and their way: who they are, the stages they reached, the leads won."""

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clock import DAY, NEVER, START
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.naming import contact_id, deal_id
from ingestion.sandbox.company.truth.columns import bounds, instants
from ingestion.sandbox.company.words import COUNTRIES
from ingestion.sandbox.company.world import World

_CODES = np.array([country.code for country in COUNTRIES])
STAGES = ("awareness", "consideration", "purchase", "advocacy")


def people(world: World, now: int) -> pa.Table:
    """One row per person who has come to be around by ``now``."""
    table = world.people
    rows = np.flatnonzero(START + table["arrival"].astype(np.int64) * DAY <= now)
    return pa.table(
        {
            "person_id": rows,
            "country_code": _CODES[table["country"][rows]],
            "birth_year": table["birth_year"][rows],
            "household_id": table["household"][rows],
            "account_id": pa.array(table["account"][rows], mask=table["account"][rows] < 0),
            "arrived_at": instants(START + table["arrival"][rows].astype(np.int64) * DAY),
            "first_visit_at": instants(table["first_visit_at"][rows], now),
            "first_order_at": instants(table["first_order_at"][rows], now),
            "erased_at": instants(table["erased_at"][rows], now),
        }
    )


def _order_times(world: World, now: int) -> tuple[Ints, Ints, Ints]:
    """Return person, time and ordinal of every real order by ``now``."""
    orders = world.orders
    real = (orders["person"] >= 0) & ~orders["is_test"] & (orders["ordered_at"] <= now)
    rows = np.flatnonzero(real)
    rows = rows[np.lexsort((orders["ordered_at"][rows], orders["person"][rows]))]
    person = orders["person"][rows].astype(np.int64)
    starts = np.searchsorted(person, person, side="left")
    return person, orders["ordered_at"][rows], np.arange(len(rows)) - starts + 1


def tables(world: World, now: int) -> dict[str, pa.Table]:
    """Return stage events, stage history and leads."""
    contacts, customers = world.contacts, world.customers
    count = len(world.people)
    persons = np.arange(count)
    events: list[tuple[str, Ints, Ints]] = [
        ("first_visit", persons, world.people["first_visit_at"]),
        ("account_opened", customers["person"].astype(np.int64), customers["created_at"]),
        ("contact_created", contacts["person"].astype(np.int64), contacts["created_at"]),
    ]
    for kind, column in (
        ("lead", "lead_at"),
        ("mql", "mql_at"),
        ("sql", "sql_at"),
        ("opportunity", "opportunity_at"),
        ("unqualified", "unqualified_at"),
    ):
        events.append((kind, contacts["person"].astype(np.int64), contacts[column]))
    deals = world.deals
    buyer = contacts["person"][deals["contact"]].astype(np.int64)
    for kind, outcome in (("deal_won", True), ("deal_lost", False)):
        chosen = deals["is_won"] == outcome
        events.append((kind, buyer[chosen], deals["closed_at"][chosen]))
    person, at, ordinal = _order_times(world, now)
    events.append(("order", person, at))
    who = np.concatenate([each[1] for each in events])
    when = np.concatenate([each[2] for each in events])
    what = np.repeat([each[0] for each in events], [len(each[1]) for each in events])
    seen = when <= now
    by_time = np.flatnonzero(seen)[np.lexsort((when[seen], who[seen]))]
    reached = _stages(world, now, person, at, ordinal)
    return {
        "stage_events": pa.table(
            {
                "person_id": who[by_time],
                "event": what[by_time],
                "occurred_at": instants(when[by_time]),
            }
        ),
        "stage_history": _history(reached),
        "leads": _leads(world, now),
    }


def _stages(world: World, now: int, person: Ints, at: Ints, ordinal: Ints) -> list[Ints]:
    """Return per stage when each person first reached it.

    Awareness: first contact of any kind. Consideration: account, CRM record or first order.
    Purchase: first real order or won deal. Advocacy: third real order.
    """
    count = len(world.people)
    first: Ints = world.people["first_visit_at"].astype(np.int64).copy()
    considered, bought, loyal = (np.full(count, NEVER) for _ in range(3))
    np.minimum.at(considered, world.customers["person"], world.customers["created_at"])
    np.minimum.at(considered, world.contacts["person"], world.contacts["created_at"])
    np.minimum.at(bought, person, at)
    won = world.deals["is_won"]
    buyer = world.contacts["person"][world.deals["contact"]]
    np.minimum.at(bought, buyer[won], world.deals["closed_at"][won])
    third = ordinal == 3
    np.minimum.at(loyal, person[third], at[third])
    considered = np.minimum(considered, bought)
    stages = [np.minimum(first, considered), considered, bought, loyal]
    return [np.where(stage <= now, stage, NEVER) for stage in stages]


def _history(reached: list[Ints]) -> pa.Table:
    """Return one row per person and stage, from entering it until the next one is entered."""
    parts: list[pa.Table] = []
    for at, name in enumerate(STAGES):
        later = np.minimum.reduce([*reached[at + 1 :], np.full(len(reached[0]), NEVER)])
        rows = np.flatnonzero((reached[at] < NEVER) & (reached[at] < later))
        parts.append(
            pa.table(
                {
                    "person_id": rows,
                    "stage": [name] * len(rows),
                    "valid_from": instants(reached[at][rows]),
                    "valid_to": bounds(later[rows]),
                }
            )
        )
    return pa.concat_tables(parts).sort_by(
        [("person_id", "ascending"), ("valid_from", "ascending")]
    )


def _leads(world: World, now: int) -> pa.Table:
    """Return one row per CRM contact: when it reached which stage, and the deal it led to."""
    contacts = world.contacts
    rows = np.flatnonzero((contacts["created_at"] <= now) & (contacts["erase_at"] > now))
    deal_of = np.full(len(contacts), -1)
    deal_of[world.deals["contact"]] = np.arange(len(world.deals))
    deal = deal_of[rows]
    known = deal >= 0
    won_at = np.full(len(rows), NEVER)
    closed = world.deals["closed_at"][deal[known]]
    won_at[known] = np.where(world.deals["is_won"][deal[known]], closed, NEVER)
    return pa.table(
        {
            "hubspot_contact_id": [str(contact_id(row)) for row in rows.tolist()],
            "person_id": contacts["person"][rows].astype(np.int64),
            "created_at": instants(contacts["created_at"][rows]),
            "lead_at": instants(contacts["lead_at"][rows], now),
            "mql_at": instants(contacts["mql_at"][rows], now),
            "sql_at": instants(contacts["sql_at"][rows], now),
            "opportunity_at": instants(contacts["opportunity_at"][rows], now),
            "unqualified_at": instants(contacts["unqualified_at"][rows], now),
            "won_at": instants(won_at, now),
            "hubspot_deal_id": [str(deal_id(row)) if row >= 0 else None for row in deal.tolist()],
            "merged_at": instants(contacts["merge_at"][rows], now),
            "archived_at": instants(contacts["archive_at"][rows], now),
        }
    )


def channel_effects() -> pa.Table:
    """Return the true effect of each way in on conversion (a factor), and its cost per click."""
    return pa.table(
        {
            "channel": [source.channel for source in SOURCES],
            "referrer_name": [source.referrer_name for source in SOURCES],
            "campaign": [source.campaign for source in SOURCES],
            "effect": [source.effect for source in SOURCES],
            "cost_per_click_eur": [source.cost for source in SOURCES],
        }
    )
