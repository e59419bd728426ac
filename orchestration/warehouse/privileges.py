"""What the database really grants, read from its catalogs: the facts that grants.py judges.

Grain: one ``Entry`` per object, grantee and privilege, owners' own rights left out; one ``Thing``
per object. Objects of extensions and of PostgreSQL itself are none of ours and left out too.
"""

from dataclasses import dataclass
from typing import LiteralString, NamedTuple

from psycopg import Connection

PUBLIC = "public"


class Thing(NamedTuple):
    """One ``schema``, ``table`` (views too), ``sequence`` or ``routine``, as it is written in SQL.

    The name of a sequence that a table owns is that table's: it follows the table's grants.
    """

    kind: str
    ident: str
    schema: str
    name: str
    owner: str
    is_barrier: bool
    is_view: bool
    is_owned: bool


class Entry(NamedTuple):
    """One privilege on one object; ``column`` when it is on a column only."""

    kind: str
    ident: str
    grantee: str
    privilege: str
    is_grantable: bool
    column: str


@dataclass(frozen=True)
class Facts:
    """Everything the reconciler looks at."""

    things: list[Thing]
    entries: list[Entry]
    defaults: list[tuple[str, str, str, str, str]]
    members: list[tuple[str, str]]
    powers: list[tuple[str, str]]


_THINGS: LiteralString = """
with schemas as (
    select oid, nspname, nspowner, nspacl
    from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
        and not exists (
            select from pg_depend
            where classid = 'pg_namespace'::regclass and objid = pg_namespace.oid
                and deptype = 'e'
        )
)
select
    'schema', quote_ident(nspname), nspname, nspname, pg_get_userbyid(nspowner), false, false,
    false
from schemas
union all
select
    case when relkind = 'S' then 'sequence' else 'table' end,
    quote_ident(nspname) || '.' || quote_ident(relname),
    nspname,
    coalesce(
        (
            select owning.relname
            from pg_depend
            inner join pg_class as owning on owning.oid = refobjid
            where classid = 'pg_class'::regclass and objid = pg_class.oid
                and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
                and pg_class.relkind = 'S'
            limit 1
        ),
        relname
    ),
    pg_get_userbyid(relowner),
    coalesce('security_barrier=true' = any (reloptions), false),
    relkind = 'v',
    relkind = 'S' and exists (
        select from pg_depend
        where classid = 'pg_class'::regclass and objid = pg_class.oid
            and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
    )
from pg_class
inner join schemas on schemas.oid = relnamespace
where relkind in ('r', 'v', 'm', 'p', 'f', 'S')
    and not exists (
        select from pg_depend
        where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e'
    )
union all
select
    'routine',
    quote_ident(nspname) || '.' || quote_ident(proname)
        || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
    nspname, proname, pg_get_userbyid(proowner), false, false,
    false
from pg_proc
inner join schemas on schemas.oid = pronamespace
where not exists (
    select from pg_depend
    where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e'
)
"""

_ENTRIES: LiteralString = """
with schemas as (
    select oid, nspname, nspowner, nspacl
    from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
),
lists as (
    select
        'database' as kind, quote_ident(datname) as ident, datdba as owner,
        coalesce(datacl, acldefault('d', datdba)) as acl, '' as column_name
    from pg_database
    where datname in (current_database(), current_database() || '_dagster')
    union all
    select
        'schema', quote_ident(nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner)), ''
    from schemas
    union all
    select
        case when relkind = 'S' then 'sequence' else 'table' end,
        quote_ident(nspname) || '.' || quote_ident(relname), relowner, relacl, ''
    from pg_class
    inner join schemas on schemas.oid = relnamespace
    where relacl is not null and relkind in ('r', 'v', 'm', 'p', 'f', 'S')
    union all
    select
        'table', quote_ident(nspname) || '.' || quote_ident(relname), relowner, attacl, attname
    from pg_attribute
    inner join pg_class on pg_class.oid = attrelid
    inner join schemas on schemas.oid = relnamespace
    where attacl is not null and not attisdropped
    union all
    select
        'routine',
        quote_ident(nspname) || '.' || quote_ident(proname)
            || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
        proowner, coalesce(proacl, acldefault('f', proowner)), ''
    from pg_proc
    inner join schemas on schemas.oid = pronamespace
)
select
    lists.kind, lists.ident,
    case when granted.grantee = 0 then 'public' else pg_get_userbyid(granted.grantee) end,
    lower(granted.privilege_type), granted.is_grantable, lists.column_name
from lists
cross join lateral aclexplode(lists.acl) as granted
where granted.grantee <> lists.owner
"""

_DEFAULTS: LiteralString = """
select
    pg_get_userbyid(defaclrole), coalesce(nspname, ''), defaclobjtype::text,
    case when granted.grantee = 0 then 'public' else pg_get_userbyid(granted.grantee) end,
    lower(granted.privilege_type)
from pg_default_acl
left join pg_namespace on pg_namespace.oid = defaclnamespace
cross join lateral aclexplode(defaclacl) as granted
where granted.grantee <> defaclrole
"""

_MEMBERS: LiteralString = """
select pg_get_userbyid(roleid), pg_get_userbyid(member)
from pg_auth_members
where pg_get_userbyid(roleid) = any (%(roles)s) or pg_get_userbyid(member) = any (%(roles)s)
"""

_POWERS: LiteralString = """
select rolname, power
from pg_roles
cross join lateral (
    values
    ('superuser', rolsuper), ('createrole', rolcreaterole), ('createdb', rolcreatedb),
    ('replication', rolreplication), ('bypassrls', rolbypassrls), ('login', rolcanlogin)
) as powers (power, has_it)
where has_it and rolname = any (%(roles)s)
"""


def read(connection: Connection, roles: list[str]) -> Facts:
    """Read all facts in one transaction; ``roles`` are the database's names of our roles."""
    with connection.transaction():
        return Facts(
            things=[Thing(*row) for row in connection.execute(_THINGS).fetchall()],
            entries=[Entry(*row) for row in connection.execute(_ENTRIES).fetchall()],
            defaults=[
                (row[0], row[1], row[2], row[3], row[4])
                for row in connection.execute(_DEFAULTS).fetchall()
            ],
            members=[(row[0], row[1]) for row in connection.execute(_MEMBERS, {"roles": roles})],
            powers=[(row[0], row[1]) for row in connection.execute(_POWERS, {"roles": roles})],
        )
