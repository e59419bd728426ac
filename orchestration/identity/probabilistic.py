"""The probabilistic tier: propose pairs of contact records that no rule can join for certain.

Off unless asked for. Reads the vault (role builder_pii), scores pairs of CRM contacts and shop
customers that are not of one person yet, and puts likely ones into the review queue; only when
told so are those above the rules' ``accept_probability`` joined, as operators' decisions by the
author ``probabilistic tier``, which are withdrawn like any other.
"""

from dataclasses import dataclass

import psycopg
import pyarrow as pa

from orchestration.identity import queue
from orchestration.identity.inputs import load_bindings
from orchestration.identity.linkage import Column, Scored, score
from orchestration.identity.queue import Pair
from orchestration.identity.rules import IdentityError, RuleSet

AUTHOR = "probabilistic tier"
COLUMNS = (
    Column("first_name", "name"),
    Column("last_name", "name"),
    Column("street", "text"),
    Column("city", "text"),
    Column("postal_code", "postcode"),
    Column("date_of_birth", "date"),
    Column("email", "email"),
    Column("phone", "exact"),
)
BLOCKING = (
    ("email",),
    ("phone",),
    ("first_name", "last_name"),
    ("last_name", "postal_code"),
    ("first_name", "street"),
)
STRICT = (
    ("first_name", "last_name", "postal_code"),
    ("phone", "street"),
    ("email",),
    ("first_name", "phone"),
)
RECORDS = ("contacts", "customers")
"""Records that describe a person; an order may name whoever receives it."""
TYPES = ("hubspot_contact_id", "shopify_customer_id")
MIN_RECORDS = 100
"""With fewer the agreement levels cannot be estimated."""


@dataclass(frozen=True)
class Proposed:
    """Counts of pairs."""

    pairs: int
    queued: int
    accepted: int


def read_contacts(vault: psycopg.Connection) -> pa.Table:
    """Return one row per record with its readable fields, lower case; the id is its key."""
    rows = vault.execute(
        "select subject_key, field, lower(trim(value)) from vault.contact_values"
        " where field = any(%s) and split_part(record_key, '/', 1) = any(%s) and value <> ''"
        " order by observed_at",
        [[column.name for column in COLUMNS], list(RECORDS)],
    ).fetchall()
    records: dict[str, dict[str, str]] = {}
    for key, field, value in rows:
        records.setdefault(str(key), {})[str(field)] = str(value)
    keys = sorted(records)
    columns = {
        c.name: pa.array([records[k].get(c.name) for k in keys], pa.string()) for c in COLUMNS
    }
    return pa.table({"unique_id": pa.array(keys, pa.string()), **columns})


def propose(
    vault: psycopg.Connection, resolver: psycopg.Connection, rules: RuleSet, *, accept: bool
) -> Proposed:
    """Score, queue, and with ``accept`` join what lies above the threshold.

    Raises:
        IdentityError: when there are too few records, or Splink is missing.
    """
    contacts = read_contacts(vault)
    if len(contacts) < MIN_RECORDS:
        raise IdentityError(f"the vault holds {len(contacts)} contacts: {MIN_RECORDS} are needed")
    scored = score(contacts, COLUMNS, BLOCKING, STRICT, rules.review_probability)
    pairs = _apart(resolver, scored, rules)
    queued = queue.propose(resolver, pairs)
    sure = [p for p in pairs if p.match_probability >= rules.accept_probability] if accept else []
    for pair in sure:
        queue.decide(resolver, "accept", pair.left_key, pair.right_key, AUTHOR)
    return Proposed(len(pairs), queued, len(sure))


def _apart(resolver: psycopg.Connection, scored: list[Scored], rules: RuleSet) -> list[Pair]:
    """Keep pairs of different persons that nobody has decided about."""
    keys = sorted({key for pair in scored for key in (pair.left, pair.right)})
    rows = resolver.execute(
        "select subject_key, identifier_type, person_id from identity.person_links"
        " where subject_key = any(%s) and identifier_type = any(%s)",
        [keys, list(TYPES)],
    ).fetchall()
    known = {str(key): (str(kind), str(person)) for key, kind, person in rows}
    decided = {(b.left_key, b.right_key) for b in load_bindings(resolver, rules)}
    decided |= {
        (str(left), str(right))
        for left, right in resolver.execute(
            "select left_key, right_key from identity.review_queue where decision is not null"
        )
    }
    return [
        Pair(
            s.left,
            known[s.left][0],
            s.right,
            known[s.right][0],
            s.probability,
            s.weight,
            s.explanation,
        )
        for s in scored
        if s.left in known
        and s.right in known
        and known[s.left][1] != known[s.right][1]
        and not {(s.left, s.right), (s.right, s.left)} & decided
    ]
