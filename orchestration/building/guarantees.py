"""What the server itself holds of a table's rows, so that no test needs to read them.

Only what is certain whatever the rows are: columns that can hold no null, and columns that no two
rows share, by an index that is whole, valid and compares as the columns do. Views promise nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import psycopg

# A constraint that was added NOT VALID is in the catalogue before old rows keep it (PostgreSQL 18).
_REQUIRED = """
    select n.nspname, c.relname, array_agg(a.attname::text)
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_attribute as a on a.attrelid = c.oid
    where c.relkind = 'r' and not c.relhassubclass
        and (n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))
        and a.attnum > 0 and not a.attisdropped and a.attnotnull
        and not exists (
            select from pg_constraint as k
            where k.conrelid = c.oid and k.contype = 'n' and a.attnum = any(k.conkey)
                and not k.convalidated
        )
    group by n.nspname, c.relname
"""
# Columns that an index only carries along (INCLUDE) are no part of its key.
_UNIQUE = """
    select n.nspname, c.relname, array_agg(a.attname::text)
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    inner join pg_index as i on i.indrelid = c.oid
    cross join unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[])
        with ordinality as k (attnum, opclass, collation_id, position)
    left join pg_attribute as a
        on a.attrelid = c.oid and a.attnum = k.attnum and a.attcollation = k.collation_id
    left join pg_opclass as o on o.oid = k.opclass and o.opcdefault
    where c.relkind = 'r' and not c.relhassubclass
        and (n.nspname, c.relname) in (select * from unnest(%s::text[], %s::text[]))
        and i.indisunique and i.indisvalid and i.indisready and i.indpred is null
        and k.position <= i.indnkeyatts
    group by i.indexrelid, n.nspname, c.relname
    having count(a.attname) = count(*) and count(o.oid) = count(*)
"""


@dataclass(frozen=True)
class Guarantee:
    """What no row of one table can break."""

    required: frozenset[str] = frozenset()
    """Columns without nulls."""
    unique: frozenset[frozenset[str]] = frozenset()
    """Columns that no two rows have in common, unless one of them is null."""

    def has_distinct(self, columns: Collection[str], *, are_nulls_equal: bool) -> bool:
        """Whether no two rows agree in all ``columns``."""
        return any(
            key <= set(columns) and (not are_nulls_equal or key <= self.required)
            for key in self.unique
        )


def look(
    connection: psycopg.Connection, relations: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], Guarantee]:
    """Return what is guaranteed of each relation, by schema and name, as its catalogue is now."""
    asked = list(relations)
    names = [[schema for schema, _ in asked], [name for _, name in asked]]
    required = {
        (schema, name): frozenset(columns)
        for schema, name, columns in connection.execute(_REQUIRED, names)
    }
    unique: dict[tuple[str, str], set[frozenset[str]]] = {}
    for schema, name, columns in connection.execute(_UNIQUE, names):
        unique.setdefault((schema, name), set()).add(frozenset(columns))
    return {
        relation: Guarantee(
            required.get(relation, frozenset()), frozenset(unique.get(relation, ()))
        )
        for relation in asked
    }
