"""Takes people out of every registered relation, in one transaction of the caller's.

Rows that belong to rows of another relation go first. Where a duty to keep holds (invoices), a row
stays under a random key and whatever points back to the person is emptied. In rows of other people
a column that holds an erased key is emptied. Everything is by key, so a second run finds nothing.
"""

from typing import Any

from psycopg import Connection, sql
from psycopg.sql import Composable

from orchestration.privacy.errors import PrivacyError
from orchestration.privacy.registry import Registry, Relation
from orchestration.privacy.subjects import Closure

PREFIX_LENGTH = 12
# The ledger is redacted, not deleted from; the privacy tables are emptied by the erasure itself.
OWN_SCHEMAS = ("consent.", "privacy.")


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
    for name, entry in children_first(found, registry):
        is_held = entry.hold in kept
        touched = 0
        if not is_held:
            touched = _delete(connection, name, condition(entry, registry), closure)
        elif not entry.through:
            touched = _pseudonymise(connection, name, entry, closure)
        touched += _clear(connection, name, entry, closure)
        if touched:
            counts[name] = touched
    return counts


def belongs(entry: Relation) -> Composable:
    """Return the condition under which a row is one of theirs, by its own columns."""
    conditions = [
        *(sql.SQL("{} = any (%(persons)s)").format(sql.Identifier(each)) for each in entry.persons),
        *(sql.SQL("{} = any (%(keys)s)").format(sql.Identifier(each)) for each in entry.keys),
        *(sql.SQL("{} = any (%(heads)s)").format(sql.Identifier(each)) for each in entry.prefixes),
    ]
    return sql.SQL(" or ").join(conditions)


def given(closure: Closure) -> dict[str, list[str]]:
    """Return the parameters of such a condition."""
    heads = sorted({key[:PREFIX_LENGTH] for key in closure.subject_keys})
    return {
        "persons": list(closure.person_ids),
        "keys": list(closure.subject_keys),
        "heads": heads,
    }


def condition(entry: Relation, registry: Registry) -> Composable:
    """Return the condition under which a row is one of theirs, by its own or its parents' columns.

    Raises:
        PrivacyError: when a parent is not registered.
    """
    parts = [belongs(entry)] if entry.persons or entry.keys or entry.prefixes else []
    for through in entry.through:
        parent = registry.entry(through.relation)
        if parent is None:
            raise PrivacyError(f"{entry.name} in pii_registry.yml: its parent is not registered")
        parts.append(
            sql.SQL("({} and {} in (select {} from {} where {}))").format(
                sql.SQL(through.where),
                sql.Identifier(through.column),
                sql.Identifier(through.parent_column),
                table(through.relation),
                condition(parent, registry),
            )
        )
    return sql.SQL(" or ").join(parts)


def table(name: str) -> sql.Identifier:
    """Return a table's quoted name, for ``schema.table`` as PostgreSQL itself quotes it."""
    schema, _, relation = name.partition(".")
    return sql.Identifier(schema.strip('"'), relation.strip('"'))


def children_first(
    found: dict[str, tuple[str, ...]], registry: Registry
) -> list[tuple[str, Relation]]:
    """Return the personal tables, each before those its rows are found through.

    Raises:
        PrivacyError: for a table that is not registered.
    """
    entries = []
    for name in found:
        entry = registry.entry(name)
        if entry is None:
            raise PrivacyError(f"{name} is not in pii_registry.yml: say whose rows it holds")
        if entry.is_personal and not name.startswith(OWN_SCHEMAS):
            entries.append((name, entry))
    # Who is who is told by identity.person_links: it goes last.
    return sorted(
        entries,
        key=lambda each: (-_depth(each[1], registry), each[0].startswith("identity."), each[0]),
    )


def _depth(entry: Relation, registry: Registry) -> int:
    """Return how many relations lie between a row and the columns that tell whose it is."""
    parents = [registry.entry(through.relation) for through in entry.through]
    return max((1 + _depth(parent, registry) for parent in parents if parent), default=0)


def _delete(connection: Connection[Any], name: str, theirs: Composable, closure: Closure) -> int:
    query = sql.SQL("delete from {} where {}").format(table(name), theirs)
    return connection.execute(query, given(closure)).rowcount


def _pseudonymise(connection: Connection[Any], name: str, entry: Relation, closure: Closure) -> int:
    """Keep the rows, each under a random key of its own, so that none leads to the next."""
    changes = [
        sql.SQL("{} = replace(gen_random_uuid()::text, '-', '')").format(sql.Identifier(column))
        for column in entry.keys
        if column not in entry.forget
    ]
    changes += [sql.SQL("{} = null").format(sql.Identifier(column)) for column in entry.forget]
    query = sql.SQL("update {} set {} where {}").format(
        table(name), sql.SQL(", ").join(changes), belongs(entry)
    )
    return connection.execute(query, given(closure)).rowcount


def _clear(connection: Connection[Any], name: str, entry: Relation, closure: Closure) -> int:
    touched = 0
    for column in entry.clear:
        query = sql.SQL("update {} set {} = null where {} = any (%(keys)s)").format(
            table(name), sql.Identifier(column), sql.Identifier(column)
        )
        touched += connection.execute(query, given(closure)).rowcount
    return touched
