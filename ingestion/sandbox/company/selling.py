"""The sales pipeline: deals with their stages, and the people on the buyer's side."""

import numpy as np

from ingestion.sandbox.company.clock import DAY, NEVER
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.world import World

HOUR = 3_600
STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
)
ROLES = ("Decision maker", "Budget holder", "Influencer", "End user")


def open_deals(world: World, rng: np.random.Generator, since: int, until: int) -> Ints:
    """Open a deal for every contact that becomes an opportunity in ``[since, until)``."""
    contacts, people = world.contacts, world.people
    ripe = (contacts["opportunity_at"] >= since) & (contacts["opportunity_at"] < until)
    ripe &= (contacts["merge_at"] > contacts["opportunity_at"]) & (contacts["erase_at"] > until)
    contact = np.flatnonzero(ripe)
    count = len(contact)
    at = contacts["opportunity_at"][contact]
    person = contacts["person"][contact]
    account = people["account"][person]
    dwell = np.cumsum(rng.gamma(1.4, 5.0, (count, 5)) * DAY + 2 * HOUR, axis=1).astype(np.int64)
    won = rng.random(count) < 0.4
    stops = np.where(won, 5, rng.integers(1, 6, count))
    stage_at = np.where(
        np.arange(1, 5)[None, :] < stops[:, None], at[:, None] + dwell[:, :4], NEVER
    )
    closed_at = at + dwell[np.arange(count), stops - 1]
    returns = (stops > 3) & (rng.random(count) < 0.2)
    back_at = np.where(returns, stage_at[:, 2] + HOUR, NEVER)
    back_at = np.where(back_at < stage_at[:, 3], back_at, NEVER)
    staff = world.accounts["employees"][account]
    amount = np.exp(rng.normal(8.2, 0.8, count)) * (1 + np.log10(staff)) * 100
    deals = world.deals.append(
        count,
        account=account,
        contact=contact,
        created_at=at,
        country=people["country"][person],
        amount=(amount // 5_000 * 5_000).astype(np.int64) + 50_000,
        stage1_at=stage_at[:, 0],
        stage2_at=stage_at[:, 1],
        stage3_at=stage_at[:, 2],
        stage4_at=stage_at[:, 3],
        closed_at=closed_at,
        is_won=won,
        back_at=back_at,
        archive_at=np.where(
            rng.random(count) < 0.015, at + rng.integers(5, 90, count) * DAY, NEVER
        ),
    )
    _seat_buyers(world, rng, deals)
    wins = deals[won]
    buyer = world.deals["contact"][wins]
    np.minimum.at(contacts["customer_at"], buyer, world.deals["closed_at"][wins])
    return deals


def _seat_buyers(world: World, rng: np.random.Generator, deals: Ints) -> None:
    """Put the deal's contact and up to three colleagues on the deal; some leave it again."""
    contacts = world.contacts
    employer = world.people["account"][contacts["person"]]
    for deal in deals.tolist():
        account, main = int(world.deals["account"][deal]), int(world.deals["contact"][deal])
        opened = int(world.deals["created_at"][deal])
        able = (employer == account) & (contacts["created_at"] < opened)
        able &= (contacts["merge_into"] < 0) & (contacts["erase_at"] == NEVER)
        colleagues = np.flatnonzero(able & (contacts["person"] != contacts["person"][main]))
        size = min(int(rng.integers(0, 4)), len(colleagues))
        group = np.concatenate([[main], rng.choice(colleagues, size, replace=False)])
        joins = opened + np.concatenate([[0], rng.integers(HOUR, 15 * DAY, size)])
        leaves = (np.arange(size + 1) > 0) & (rng.random(size + 1) < 0.12)
        world.buyers.append(
            size + 1,
            deal=deal,
            contact=group,
            role=np.arange(size + 1),
            from_at=joins,
            until_at=np.where(leaves, joins + rng.integers(3 * DAY, 40 * DAY, size + 1), NEVER),
        )
