"""After a restore: whoever was erased since the backup is taken out again before anybody gets in.

The tombstones are what survived the restore. They hold hashes of subject keys, so the keys that
came back are hashed and looked up; their persons go through the same cascade as an erasure.
"""

from typing import Any

from psycopg import Connection

from orchestration.privacy import cascade, registry, tombstones
from orchestration.privacy.subjects import Closure, closure_of_persons

_KEYS = """
select subject_key from identity.person_links
union
select subject_key from vault.contact_values
"""
_HOLDERS = "select distinct person_id from identity.person_links where subject_key = any (%(keys)s)"


def replay(connection: Connection[Any]) -> None:
    """Erase again everybody under a tombstone; the caller's connection decides when it counts."""
    keys = [row[0] for row in connection.execute(_KEYS).fetchall()]
    buried = tombstones.buried(connection, keys)
    if not buried:
        return
    persons = [row[0] for row in connection.execute(_HOLDERS, {"keys": buried}).fetchall()]
    theirs = closure_of_persons(connection, persons)
    everything = Closure(
        theirs.person_ids, tuple(sorted({*theirs.subject_keys, *buried})), theirs.shared_keys
    )
    with connection.transaction():
        found = registry.tables(connection)
        cascade.cascade(connection, everything, registry.load(), found)
        connection.execute("select consent.redact(%s, 'restored')", [list(everything.subject_keys)])
