"""Takes people out of every registered relation, in one transaction of the caller's.

Rows that belong to rows of another relation go first. Where a duty to keep holds (invoices), a row
stays under a random id and whatever points back to the person is emptied. In rows of other people
a column that holds an erased key is emptied. Everything is by key, so a second run finds nothing.
"""

import secrets
from typing import Any

from psycopg import Connection, sql
from psycopg.sql import Composable

from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.registry import Registry, Relation
from orchestration.privacy.subjects import Closure


def cascade(
    connection: Connection[Any],
    closure: Closure,
    registry: Registry,
    found: dict[str, tuple[str, ...]],
    held: frozenset[str] = frozenset(),
) -> dict[str, int]:
    """Erase a closure; return rows touched per relation.

    ``held`` are categories kept for these people beside the registry's own. ``found`` are the
    tables that exist.
    """
    kept = held | frozenset(registry.holds)
    counts: dict[str, int] = {}
    for name, entry in _children_first(found, registry):
        if name.startswith(("consent.", "privacy.")):
            continue
        is_held = entry.hold in kept
        touched = 0
        if entry.through and not is_held:
            touched = _delete_children(connection, name, entry, registry, closure)
        elif not entry.through:
            touched = (
                _pseudonymise(connection, name, entry, closure)
                if is_held
                else _delete(connection, name, entry, closure)
            )
        touched += _clear(connection, name, entry, closure)
        if touched:
            counts[name] = touched
    return counts


def _children_first(
    found: dict[str, tuple[str, ...]], registry: Registry
) -> list[tuple[str, Relation]]:
    entries = []
    for name in found:
        entry = registry.entry(name)
        if entry is None:
            raise PrivacyError(f"{name} is not in pii_registry.yml: say whose rows it holds")
        if entry.is_personal:
            entries.append((name, entry))
    # identity.person_links and the registry of persons tell who is who: they go last.
    return sorted(
        entries,
        key=lambda each: (each[1].through is None, each[0].startswith("identity."), each[0]),
    )


def _delete(connection: Connection[Any], name: str, entry: Relation, closure: Closure) -> int:
    query = sql.SQL("delete from {} where {}").format(table(name), _belongs(entry))
    return connection.execute(query, _given(closure)).rowcount


def _delete_children(
    connection: Connection[Any], name: str, entry: Relation, registry: Registry, closure: Closure
) -> int:
    through = entry.through
    parent = registry.entry(through.relation) if through else None
    if through is None or parent is None or parent.through is not None:
        raise PrivacyError(f"{name} in pii_registry.yml belongs to a relation without subjects")
    query = sql.SQL("delete from {} where {} in (select {} from {} where {})").format(
        table(name),
        sql.Identifier(through.column),
        sql.Identifier(through.parent_column),
        table(through.relation),
        _belongs(parent),
    )
    return connection.execute(query, _given(closure)).rowcount


def _pseudonymise(connection: Connection[Any], name: str, entry: Relation, closure: Closure) -> int:
    """Keep the rows under an id that nobody can lead back; one id for one erasure."""
    stranger = f"erased-{secrets.token_hex(12)}"
    changes = [
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(stranger))
        for column in (*entry.persons, *entry.keys)
        if column not in entry.forget
    ]
    changes += [sql.SQL("{} = null").format(sql.Identifier(column)) for column in entry.forget]
    query = sql.SQL("update {} set {} where {}").format(
        table(name), sql.SQL(", ").join(changes), _belongs(entry)
    )
    return connection.execute(query, _given(closure)).rowcount


def _clear(connection: Connection[Any], name: str, entry: Relation, closure: Closure) -> int:
    touched = 0
    for column in entry.clear:
        query = sql.SQL("update {} set {} = null where {} = any (%(keys)s)").format(
            table(name), sql.Identifier(column), sql.Identifier(column)
        )
        touched += connection.execute(query, _given(closure)).rowcount
    return touched


def _belongs(entry: Relation) -> Composable:
    persons = [
        sql.SQL("{} = any (%(persons)s)").format(sql.Identifier(column)) for column in entry.persons
    ]
    keys = [sql.SQL("{} = any (%(keys)s)").format(sql.Identifier(column)) for column in entry.keys]
    return sql.SQL(" or ").join([*persons, *keys])


def _given(closure: Closure) -> dict[str, list[str]]:
    return {"persons": list(closure.person_ids), "keys": list(closure.subject_keys)}


def table(name: str) -> sql.Identifier:
    """Return a table's quoted name, for ``schema.table`` as PostgreSQL itself quotes it."""
    schema, _, relation = name.partition(".")
    return sql.Identifier(schema.strip('"'), relation.strip('"'))
