"""Which vanished Shopify customers were merged into which living ones.

Shopify tells of a merge while it runs (`Customer.mergeable.mergeInProgress`,
`customerMergeJobStatus` to whoever started it) and to subscribers of webhooks; afterwards no query
names it. What stays is that a customer with orders can't be deleted, that an erased one leaves
orders without a customer, and that a merge moves them: https://shopify.dev/docs/api/admin-graphql,
`customerMerge`, `customerDelete`. So a vanished customer was merged when all orders known as its
own, as Shopify tells them now, belong to one other customer.
Known limits: who had no order yet is only deleted; so is who is merged in the minutes between the
reading of customers and orders, whose orders then carry the survivor already. Orders that staff
gave to another customer before they deleted the emptied one look the same as a merge.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from ingestion.sources.session import Session
from ingestion.sources.shop.shopify_api import Shopify, number_of

_KNOWN = sql.SQL("not is_deleted and shopify_customer_id = any({gone})")
_ORDER = "gid://shopify/Order/"


def merges_of(session: Session, api: Shopify, gone: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``{survivor, merged, at}`` per merge; ``at`` is when it was seen at the latest."""
    if not gone:
        return []
    where = _KNOWN.format(gone=sql.Literal(list(gone))).as_string()
    former = dict(session.known("orders", ["shopify_order_id", "shopify_customer_id"], where))
    owners: dict[str, set[str | None]] = {}
    for order in api.order_owners([_ORDER + number for number in sorted(former)]):
        owner = order["customer"] and number_of(order["customer"]["id"])
        owners.setdefault(former[number_of(order["id"])], set()).add(owner)
    at = session.as_of.isoformat()
    return [
        {"survivor": survivor, "merged": merged, "at": at}
        for merged, (survivor, *others) in sorted(owners.items())
        if survivor and not others and survivor not in gone
    ]
