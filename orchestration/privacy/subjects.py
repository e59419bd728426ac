"""From what somebody names themselves by to everything that is theirs: keys, persons, records.

An identifier is an e-mail address, a phone number, a vendor's id, a subject key or a person id.
Keys that records of other persons carry too are *shared*: erasing or handing them out would touch
a neighbour, so they are set apart for a person to decide.
"""

import re
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from orchestration.privacy import record_ids
from orchestration.privacy.errors import PrivacyError

_KEY = re.compile(r"[0-9a-f]{32}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PERSONS = """
with recursive named as (
    select links.person_id from identity.person_links as links
    where links.subject_key = any (%(keys)s)
    union
    select unnest(%(persons)s::text[])
    union
    select history.became
    from identity.history join named on named.person_id = history.person_id
    where history.kind = 'merged' and history.became is not null
)
select distinct named.person_id from named order by 1
"""
_KEYS = """
select distinct links.subject_key
from identity.person_links as links
where links.person_id = any (%(persons)s)
order by 1
"""
# Who holds each of several keys, one row per key: small numbers are ids at many vendors.
_HOLDERS = """
select array_agg(distinct links.person_id order by links.person_id)
from identity.person_links as links
where links.subject_key = any (%(keys)s)
group by links.subject_key
"""
# Addresses that a contact was known by before: the CRM still tells what was said under them.
_FORMER = """
select distinct statuses.subject_key
from raw_hubspot.subscription_statuses as statuses
where statuses.contact_key = any (%(keys)s)
"""
# A key that a record of somebody else carries too (a record is whose own id it has), or that was
# somebody else's at some time (a browser).
_SHARED = """
select distinct theirs.subject_key
from identity.identifiers as theirs
join identity.identifiers as owners
    on owners.source = theirs.source and owners.record_key = theirs.record_key
    and owners.identifier_type = any (%(records)s)
join identity.person_links as others
    on others.subject_key = owners.subject_key
where theirs.subject_key = any (%(keys)s) and others.person_id <> all (%(persons)s)
    and theirs.observation_count > 0
union
select distinct links.subject_key
from identity.person_links as links
where links.subject_key = any (%(keys)s) and links.person_id <> all (%(persons)s)
order by 1
"""


@dataclass(frozen=True)
class Closure:
    """Everything that belongs to one or more persons."""

    person_ids: tuple[str, ...]
    subject_keys: tuple[str, ...]
    """Keys that are theirs alone."""
    shared_keys: tuple[str, ...]
    """Keys that somebody else carries too; not touched without a decision."""


def keys_of(identifier: str) -> list[str]:
    """Return the subject keys that an identifier may stand for, most likely first.

    Raises:
        PrivacyError: when it can identify nobody.
    """
    from ingestion.guard.keys import Keyer, KeyRing, normalised

    text = identifier.strip()
    if _KEY.fullmatch(text):
        return [text]
    if "@" in text:
        types: tuple[str, ...] = ("email",)
    elif text.startswith("+"):
        types = ("phone",)
    else:
        types = (*record_ids.types(), "anonymous_id")
    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    pairs = [(kind, normalised(kind, text)) for kind in types]
    found = [key for kind, value in pairs if (key := keyer.key(kind, value)) is not None]
    if not found:
        raise PrivacyError(
            "that is no identifier: give an e-mail address, a phone number with its country "
            "(+49…), a vendor's id, a subject key or a person id"
        )
    return found


def closure(connection: Connection[Any], identifier: str) -> Closure:
    """Return what belongs to whoever ``identifier`` names; empty persons when it is nobody.

    Raises:
        PrivacyError: when it can identify nobody, or is the id of somebody else elsewhere.
    """
    if _UUID.fullmatch(identifier.strip()):
        return _closure(connection, [identifier.strip()], [])
    keys = keys_of(identifier)
    holders = {tuple(row[0]) for row in connection.execute(_HOLDERS, {"keys": keys}).fetchall()}
    if len(holders) > 1:
        raise PrivacyError(
            "several vendors know different people by that id: give an e-mail address, a phone "
            "number, a subject key or a person id"
        )
    return _closure(connection, [], keys)


def closure_of_persons(connection: Connection[Any], person_ids: list[str]) -> Closure:
    """Return what belongs to persons that are known by their ids."""
    return _closure(connection, person_ids, [])


def closure_of_keys(connection: Connection[Any], keys: list[str]) -> Closure:
    """Return what belongs to whoever subject keys stand for, the keys themselves included."""
    return _closure(connection, [], keys)


def _closure(connection: Connection[Any], person_ids: list[str], keys: list[str]) -> Closure:
    rows = connection.execute(_PERSONS, {"keys": keys, "persons": person_ids}).fetchall()
    persons = [row[0] for row in rows]
    theirs = connection.execute(_KEYS, {"persons": persons}).fetchall()
    found_keys = {row[0] for row in theirs} | set(keys)
    if _exists(connection, "raw_hubspot.subscription_statuses"):
        former = connection.execute(_FORMER, {"keys": sorted(found_keys)}).fetchall()
        found_keys |= {row[0] for row in former}
    all_keys = sorted(found_keys)
    shared: set[str] = set()
    if persons and _exists(connection, "identity.identifiers"):
        wanted = {"keys": all_keys, "persons": persons, "records": list(record_ids.vendors())}
        found = connection.execute(_SHARED, wanted).fetchall()
        shared = {row[0] for row in found}
    own = tuple(key for key in all_keys if key not in shared)
    return Closure(tuple(persons), own, tuple(sorted(shared)))


def _exists(connection: Connection[Any], relation: str) -> bool:
    row = connection.execute("select to_regclass(%(name)s)", {"name": relation}).fetchone()
    return row is not None and row[0] is not None
