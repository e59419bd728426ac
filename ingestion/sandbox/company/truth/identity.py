"""Truth about who is who: the person behind each record, and what the evidence can support.

A record is a CRM contact, a shop customer, an order or a browser (Matomo visitor id that lasts). A
value is *exclusive* when all records that carry it belong to one person; ``supported_id`` connects
records through exclusive values only, so two records of one person with different ``supported_id``
cannot be joined by any careful deterministic rule.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ingestion.sandbox.company.accounts import FORM_DOTS, FORM_PLAIN, FORM_PLUS, FORM_TYPO
from ingestion.sandbox.company.draws import Bools, Ints
from ingestion.sandbox.company.render.naming import Naming, contact_id, customer_id, order_id
from ingestion.sandbox.company.stores import SHARED_EMAIL
from ingestion.sandbox.company.truth.columns import instants
from ingestion.sandbox.company.words import JUNK_PHONES
from ingestion.sandbox.company.world import World

_FORMS = {FORM_PLUS: "alias", FORM_DOTS: "alias", FORM_TYPO: "typo"}


@dataclass
class _Rows:
    """Records and identifiers while they are being collected, column by column."""

    record: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    identifier: list[tuple[int, str, str, str, str]] = field(default_factory=list)

    def add(self, source: str, kind: str, key: str, person: int, at: int) -> int:
        """Add a record; returns its number."""
        self.record.append((source, kind, key, person, at))
        return len(self.record) - 1

    def carry(self, record: int, kind: str, value: str | None, note: str = "own") -> None:
        """Note that a record carries a value."""
        if value:
            shown = value.strip()
            canonical = shown.lower() if kind == "email" else shown
            self.identifier.append((record, kind, value, canonical, note))


def tables(
    world: World, naming: Naming, seed: int, visits: pa.Table, now: int
) -> dict[str, pa.Table]:
    """Return records and identifiers as of ``now``."""
    rows = _Rows()
    _contacts(rows, world, naming, now)
    _customers(rows, world, naming, now)
    _orders(rows, world, naming, now)
    shared = _browsers(rows, visits)
    person = np.array([each[3] for each in rows.record], dtype=np.int64)
    record_of = np.array([each[0] for each in rows.identifier], dtype=np.int64)
    keys = pa.array([f"{each[1]}:{each[3]}" for each in rows.identifier]).dictionary_encode()
    value_of = keys.indices.to_numpy().astype(np.int64)
    exclusive = _exclusive(person[record_of], value_of, len(keys.dictionary))
    exclusive[_shared_values(keys, shared)] = False
    joins = exclusive[value_of] & (person[record_of] >= 0)
    supported = _components(record_of, value_of, joins, len(person))
    records = pa.table(
        {
            "source": [each[0] for each in rows.record],
            "record_type": [each[1] for each in rows.record],
            "record_id": [each[2] for each in rows.record],
            "person_id": pa.array(person, mask=person < 0),
            "supported_id": supported,
            "first_seen_at": instants(np.array([each[4] for each in rows.record], dtype=np.int64)),
        }
    )
    identifiers = pa.table(
        {
            "source": pc.take(records["source"], pa.array(record_of)),
            "record_type": pc.take(records["record_type"], pa.array(record_of)),
            "record_id": pc.take(records["record_id"], pa.array(record_of)),
            "identifier_type": [each[1] for each in rows.identifier],
            "value": [each[2] for each in rows.identifier],
            "canonical_value": [each[3] for each in rows.identifier],
            "note": [each[4] for each in rows.identifier],
            "person_id": pc.take(records["person_id"], pa.array(record_of)),
            "is_exclusive": exclusive[value_of],
        }
    )
    return {"records": records, "identifiers": identifiers}


def _exclusive(person: Ints, value: Ints, values: int) -> Bools:
    """Tell for each value whether all records with a known person that carry it are of one."""
    low = np.full(values, np.iinfo(np.int64).max)
    high = np.full(values, -1)
    known = person >= 0
    np.minimum.at(low, value[known], person[known])
    np.maximum.at(high, value[known], person[known])
    return np.asarray(low == high)


def _shared_values(keys: pa.DictionaryArray, shared: set[str]) -> Ints:
    names = keys.dictionary.to_pylist()
    return np.array([at for at, name in enumerate(names) if name in shared], dtype=np.int64)


def _components(record: Ints, value: Ints, joins: Ints, records: int) -> Ints:
    left, right = record[joins], value[joins] + records
    size = records + (int(value.max()) + 1 if len(value) else 0)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels[:records], dtype=np.int64)


def _note(world: World, email: int, form: int) -> str:
    if email == SHARED_EMAIL:
        return "shared_mailbox"
    if world.emails["next_person"][email] >= 0:
        return "recycled"
    return _FORMS.get(form, "own" if world.emails["account"][email] < 0 else "employer")


def _contacts(rows: _Rows, world: World, naming: Naming, now: int) -> None:
    contacts = {name: world.contacts[name] for name in world.contacts.columns}
    alive = np.flatnonzero((contacts["created_at"] <= now) & (contacts["erase_at"] > now))
    contact = {name: column.tolist() for name, column in contacts.items()}
    for row in alive.tolist():
        number = str(contact_id(row))
        record = rows.add(
            "hubspot",
            "contact",
            number,
            contact["person"][row],
            contact["created_at"][row],
        )
        rows.carry(record, "hubspot_contact_id", number)
        if contact["merge_at"][row] <= now:
            rows.carry(
                record,
                "hubspot_contact_id",
                str(contact_id(contact["merge_into"][row])),
                "merged",
            )
            continue
        email, form = contact["email"][row], contact["email_form"][row]
        if contact["next_email_at"][row] <= now:
            email, form = contact["next_email"][row], FORM_PLAIN
        if email >= 0:
            rows.carry(record, "email", naming.email(email, form), _note(world, email, form))
        if contact["phone_form"][row] == 3:
            rows.carry(record, "phone", JUNK_PHONES[row % 3], "junk")
        else:
            rows.carry(record, "phone", naming.phone(contact["phone"][row]))


def _customers(rows: _Rows, world: World, naming: Naming, now: int) -> None:
    customers = world.customers
    alive = np.flatnonzero((customers["created_at"] <= now) & (customers["erase_at"] > now))
    customer = {name: customers[name].tolist() for name in customers.columns}
    for row in alive.tolist():
        number = str(customer_id(row))
        record = rows.add(
            "shopify",
            "customer",
            number,
            customer["person"][row],
            customer["created_at"][row],
        )
        rows.carry(record, "shopify_customer_id", number)
        rows.carry(record, "user_id", number)
        email, form = customer["email"][row], customer["email_form"][row]
        if customer["next_email_at"][row] <= now:
            email, form = customer["next_email"][row], FORM_PLAIN
        rows.carry(record, "email", naming.email(email, form), _note(world, email, form))
        rows.carry(record, "phone", naming.phone(customer["phone"][row]))


def _orders(rows: _Rows, world: World, naming: Naming, now: int) -> None:
    names = ("person", "customer", "email", "email_form", "phone", "ordered_at")
    orders = {name: world.orders[name].tolist() for name in names}
    erase = world.customers["erase_at"].tolist()
    for row in np.flatnonzero(world.orders["ordered_at"] <= now).tolist():
        number, customer = str(order_id(row)), orders["customer"][row]
        erased = customer >= 0 and erase[customer] <= now
        record = rows.add(
            "shopify", "order", number, orders["person"][row], orders["ordered_at"][row]
        )
        rows.carry(record, "order_id", number)
        if erased:
            continue
        if customer >= 0:
            rows.carry(record, "shopify_customer_id", str(customer_id(customer)))
        email, form = orders["email"][row], orders["email_form"][row]
        if email != -1:
            rows.carry(record, "email", naming.email(email, form), _note(world, email, form))
        rows.carry(record, "phone", naming.phone(orders["phone"][row]))


def _browsers(rows: _Rows, visits: pa.Table) -> set[str]:
    """Add browsers with what was seen on them; returns the keys of those several people used."""
    lasting = visits.filter(pc.and_(visits["analytics_granted"], pc.invert(visits["is_bot"])))
    grouped = lasting.group_by("visitor_id", use_threads=False).aggregate(
        [("person_id", "min"), ("person_id", "max"), ("started_at", "min")]
    )
    number: dict[str, int] = {}
    shared: set[str] = set()
    starts = pc.cast(grouped["started_at_min"], pa.int64()).to_pylist()
    for visitor, low, high, at in zip(
        grouped["visitor_id"].to_pylist(),
        grouped["person_id_min"].to_pylist(),
        grouped["person_id_max"].to_pylist(),
        starts,
        strict=True,
    ):
        number[visitor] = rows.add("matomo", "browser", visitor, low if low == high else -1, at)
        rows.carry(number[visitor], "anonymous_id", visitor, "own" if low == high else "shared")
        if low != high:
            shared.add(f"anonymous_id:{visitor}")
    seen = lasting.filter(
        pc.or_(pc.greater_equal(lasting["customer_row"], 0), pc.is_valid(lasting["order_id"]))
    )
    together = ["visitor_id", "customer_row", "order_id"]
    seen = seen.group_by(together, use_threads=False).aggregate([])
    for visitor, customer, order in zip(
        seen["visitor_id"].to_pylist(),
        seen["customer_row"].to_pylist(),
        seen["order_id"].to_pylist(),
        strict=True,
    ):
        if customer >= 0:
            rows.carry(number[visitor], "user_id", str(customer_id(customer)), "login")
        if order is not None:
            rows.carry(number[visitor], "order_id", order, "bought")
    return shared
