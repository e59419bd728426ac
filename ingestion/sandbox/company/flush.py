"""Brings the servers' store up to an instant: writes every record that changed since the last time.

Records that were changed through a vendor API are left alone.
"""

import sqlite3

import numpy as np

from ingestion.sandbox.company import store
from ingestion.sandbox.company.draws import Bools, Ints
from ingestion.sandbox.company.render import (
    campaigns,
    deals,
    engagements,
    goods,
    hubspot,
    orders,
    relations,
    shop,
    shop_side,
)
from ingestion.sandbox.company.render.naming import (
    Naming,
    company_id,
    contact_id,
    customer_id,
    order_id,
)
from ingestion.sandbox.company.render.naming import deal_id as deal_number
from ingestion.sandbox.company.world import World


def flush(connection: sqlite3.Connection, world: World, since: int, now: int) -> None:
    """Write what changed in ``(since, now]``; call inside a transaction."""
    naming = Naming(world)
    _contacts(connection, world, naming, since, now)
    _accounts_and_deals(connection, world, since, now)
    _relations(connection, world, since, now)
    _activities(connection, world, naming, since, now)
    _shop(connection, world, naming, since, now)


def _free(connection: sqlite3.Connection, kind: str, rows: Ints, number: object) -> Ints:
    """Return the rows nobody changed through an API."""
    touched = store.touched(connection, kind)
    if not touched or not callable(number):
        return rows
    return np.array([row for row in rows.tolist() if number(row) not in touched], dtype=np.int64)


def _in(column: Ints, since: int, now: int) -> Bools:
    return (column > since) & (column <= now)


def _contacts(
    connection: sqlite3.Connection, world: World, naming: Naming, since: int, now: int
) -> None:
    contacts = world.contacts
    gone = (contacts["erase_at"] <= now) | (contacts["merge_at"] <= now)
    alive = (contacts["created_at"] <= now) & ~gone
    changed = _in(hubspot.contact_changes(world, now), since, now)
    rows = _free(connection, "contacts", np.flatnonzero(alive & changed), contact_id)
    store.put_hubspot(connection, "contacts", hubspot.contact_rows(world, naming, rows, now))
    left = np.flatnonzero(
        gone & (_in(contacts["erase_at"], since, now) | _in(contacts["merge_at"], since, now))
    )
    ids = [(contact_id(row),) for row in left.tolist()]
    connection.executemany("delete from hubspot_objects where type = 'contacts' and id = ?", ids)
    erased = np.flatnonzero(_in(contacts["erase_at"], since, now) & (contacts["created_at"] <= now))
    for row in erased.tolist():
        typed = naming.email(int(contacts["email"][row]), int(contacts["email_form"][row]))
        connection.execute(
            "delete from hubspot_subscriptions where email = ?", ((typed or "").lower(),)
        )
        store.unlink(connection, "contacts", contact_id(row))
        connection.execute(
            "delete from hubspot_history where type = 'contacts' and id = ?", (contact_id(row),)
        )
    connection.executemany(
        "delete from hubspot_objects where type = ? and id = ?", engagements.erased(erased)
    )
    moved = np.flatnonzero(alive & _in(contacts["next_email_at"], since, now))
    connection.executemany(
        "insert or replace into hubspot_history values (?, ?, ?, ?, ?)",
        relations.address_history(
            world, naming, _free(connection, "contacts", moved, contact_id), now
        ),
    )
    asked = (contacts["created_at"] <= now) & (contacts["erase_at"] > now)
    asked &= (
        _in(contacts["created_at"], since, now)
        | _in(contacts["confirm_at"], since, now)
        | _in(contacts["unsubscribe_at"], since, now)
    )
    rows = _free(connection, "contacts", np.flatnonzero(asked), contact_id)
    connection.executemany(
        "insert or replace into hubspot_subscriptions values (?, ?, ?, ?, ?, ?)",
        relations.statuses(world, naming, rows, now),
    )


def _accounts_and_deals(connection: sqlite3.Connection, world: World, since: int, now: int) -> None:
    rows = np.flatnonzero(_in(world.accounts["crm_at"], since, now))
    rows = _free(connection, "companies", rows, company_id)
    store.put_hubspot(connection, "companies", deals.company_rows(world, rows, now))
    pipeline = world.deals
    times = [
        "created_at",
        "stage1_at",
        "stage2_at",
        "stage3_at",
        "stage4_at",
        "back_at",
        "closed_at",
        "archive_at",
    ]
    changed = np.zeros(len(pipeline), dtype=np.bool_)
    for name in times:
        changed |= _in(pipeline[name], since, now)
    rows = np.flatnonzero(changed & (pipeline["created_at"] <= now))
    rows = _free(connection, "deals", rows, deal_number)
    store.put_hubspot(connection, "deals", deals.deal_rows(world, rows, now))
    connection.executemany(
        "insert or replace into hubspot_history values (?, ?, ?, ?, ?)",
        relations.stage_history(world, rows, now),
    )


def _relations(connection: sqlite3.Connection, world: World, since: int, now: int) -> None:
    merged = relations.merges(world, since, now)
    connection.executemany(
        "insert or replace into hubspot_merged values ('contacts', ?, ?, ?)", merged
    )
    for old, new, _ in merged:
        store.relink(connection, "contacts", old, new)
    came, went = relations.associations(world, since, now)
    connection.executemany(
        "insert or replace into hubspot_associations values (?, ?, ?, ?, ?, ?, ?)", came
    )
    connection.executemany(
        "delete from hubspot_associations where from_type = ? and from_id = ? and to_type = ?"
        " and to_id = ? and type_id = ?",
        [each[:5] for each in went],
    )


def _activities(
    connection: sqlite3.Connection, world: World, naming: Naming, since: int, now: int
) -> None:
    """Write what sales, service and campaigns did; what an API changed is left alone."""
    links = list(campaigns.touched(world, since, now))
    by_kind: dict[str, list[hubspot.Row]] = {}
    for kind, row, link in engagements.happened(world, naming, since, now):
        by_kind.setdefault(kind, []).append(row)
        if link is not None:
            links.append(link)
    for kind, rows in by_kind.items():
        changed = store.touched(connection, kind)
        store.put_hubspot(connection, kind, (row for row in rows if row[0] not in changed))
    connection.executemany(
        "insert or replace into hubspot_associations values (?, ?, ?, ?, ?, ?, ?)", links
    )
    if since < 0:
        store.put_hubspot(connection, "campaigns", campaigns.campaign_rows())


def _shop(
    connection: sqlite3.Connection, world: World, naming: Naming, since: int, now: int
) -> None:
    customers = world.customers
    alive = (customers["created_at"] <= now) & (customers["erase_at"] > now)
    rows = np.flatnonzero(alive & _in(shop.customer_changes(world, now), since, now))
    rows = _free(connection, "customers", rows, customer_id)
    store.put_shopify(connection, "customers", shop.customer_rows(world, naming, rows, now))
    gone = np.flatnonzero(_in(customers["erase_at"], since, now))
    connection.executemany(
        "delete from shopify_objects where kind = 'customers' and id = ?",
        [(customer_id(row),) for row in gone.tolist()],
    )
    placed = world.orders["ordered_at"] <= now
    rows = np.flatnonzero(placed & _in(orders.order_changes(world, now), since, now))
    rows = _free(connection, "orders", rows, order_id)
    refunds: list[shop.ShopRow] = []
    found = orders.order_rows(world, naming, rows, now, refunds)
    store.put_shopify(connection, "orders", found)
    store.put_shopify(connection, "refunds", refunds)
    left, done = shop_side.checkout_times(world)
    rows = np.flatnonzero(alive & (_in(left, since, now) | _in(done, since, now)) & (left <= now))
    store.put_shopify(connection, "abandonedCheckouts", shop_side.checkout_rows(world, rows, now))
    connection.executemany(
        "delete from shopify_objects where kind = 'abandonedCheckouts' and id = ?",
        [(shop_side.checkout_id(row),) for row in gone.tolist()],
    )
    rows = np.flatnonzero(_in(world.inventory["updated_at"], since, now))
    store.put_shopify(connection, "inventoryItems", goods.inventory_rows(world, rows))
    if since < 0:
        store.put_shopify(connection, "products", goods.product_rows())
        store.put_shopify(connection, "productVariants", goods.variant_rows())
        store.put_shopify(connection, "locations", goods.location_rows())
