"""HubSpot companies and deals as property bags, as they stand at an instant."""

from collections.abc import Iterator

import orjson

from ingestion.sandbox.company.clock import iso_ms
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.render.hubspot import Row
from ingestion.sandbox.company.render.naming import (
    account_domain,
    account_name,
    company_id,
    deal_id,
)
from ingestion.sandbox.company.selling import STAGES
from ingestion.sandbox.company.words import COUNTRIES, INDUSTRIES
from ingestion.sandbox.company.world import World


def company_rows(world: World, rows: Ints, now: int) -> Iterator[Row]:
    """Yield companies."""
    for row in rows.tolist():
        created = int(world.accounts["crm_at"][row])
        country = COUNTRIES[world.accounts["country"][row]]
        properties: dict[str, str | None] = {
            "hs_object_id": str(company_id(row)),
            "name": account_name(row),
            "domain": account_domain(row),
            "industry": INDUSTRIES[world.accounts["industry"][row]],
            "numberofemployees": str(world.accounts["employees"][row]),
            "country": country.name,
            "createdate": iso_ms(created),
            "hs_lastmodifieddate": iso_ms(created, row % 1000),
        }
        yield (
            company_id(row),
            created * 1000,
            created * 1000 + row % 1000,
            0,
            None,
            orjson.dumps(properties),
        )


def deal_history(world: World, row: int, now: int) -> list[tuple[str, int]]:
    """Return the (stage, since) pairs of a deal up to ``now``, moves back included."""
    deals = world.deals
    moves = [(STAGES[0], int(deals["created_at"][row]))]
    for number in range(1, 5):
        moves.append((STAGES[number], int(deals[f"stage{number}_at"][row])))
    moves.append((STAGES[2], int(deals["back_at"][row])))
    moves.append(
        ("closedwon" if deals["is_won"][row] else "closedlost", int(deals["closed_at"][row]))
    )
    return sorted((move for move in moves if move[1] <= now), key=lambda move: move[1])


def deal_rows(world: World, rows: Ints, now: int) -> Iterator[Row]:
    """Yield deals."""
    for row in rows.tolist():
        stage, since = deal_history(world, row, now)[-1]
        created = int(world.deals["created_at"][row])
        account = int(world.deals["account"][row])
        closed = stage.startswith("closed")
        archive_at = int(world.deals["archive_at"][row])
        archived = archive_at <= now
        properties: dict[str, str | None] = {
            "hs_object_id": str(deal_id(row)),
            "dealname": f"{account_name(account)} outfit {row % 9 + 1}",
            "amount": f"{int(world.deals['amount'][row]) / 100:.2f}",
            "deal_currency_code": COUNTRIES[world.deals["country"][row]].currency,
            "dealstage": stage,
            "pipeline": "default",
            "closedate": iso_ms(int(world.deals["closed_at"][row])),
            "createdate": iso_ms(created),
            "hs_is_closed": str(closed).lower(),
            "hs_is_closed_won": str(stage == "closedwon").lower(),
            "hs_lastmodifieddate": iso_ms(archive_at if archived else since, row % 1000),
        }
        modified = (archive_at if archived else since) * 1000 + row % 1000
        yield (
            deal_id(row),
            created * 1000,
            modified,
            int(archived),
            archive_at * 1000 if archived else None,
            orjson.dumps(properties),
        )
