"""How the database's privileges differ from ``grants.yml``, as the statements that would mend it.

Reads only. Whatever is not declared counts as a difference, grants to strangers and PUBLIC too;
what strangers do among themselves in schemas of their own does not.
"""

from collections import defaultdict
from dataclasses import dataclass

from psycopg import Connection

from orchestration.warehouse import privileges
from orchestration.warehouse.declaration import Declaration, Schema, load
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.privileges import PUBLIC, Entry, Facts, Thing


@dataclass(frozen=True)
class Names:
    """How our roles, and the database itself in SQL, are called here."""

    dbname: str
    ident: str
    admin: str

    def of(self, role: str) -> str:
        """Return the database's name of one of our roles."""
        return f"{self.dbname}_{role}"


def differences(connection: Connection, declaration: Declaration | None = None) -> list[str]:
    """Return the statements that would make the database equal to the declaration."""
    declared = declaration or load()
    row = connection.execute(
        "select current_database(), quote_ident(current_database()), session_user"
    ).fetchone()
    if row is None:
        raise WarehouseError("the server does not say which database this is: run `tandem doctor`")
    names = Names(*row)
    facts = privileges.read(connection, [names.of(role) for role in declared.roles])
    return [
        *_of_roles(facts, declared, names),
        *_of_owners(facts, declared, names),
        *_of_views(facts, declared),
        *_of_entries(facts, declared, names),
        *_of_defaults(facts, declared, names),
    ]


def _of_roles(facts: Facts, declared: Declaration, names: Names) -> list[str]:
    """Powers that no role of ours has, and memberships that would hand rights on."""
    repairs = []
    roles = {names.of(name): role for name, role in declared.roles.items()}
    for name, power in facts.powers:
        if power != "login" or not roles[name].login:
            repairs.append(f"alter role {_quote(name)} no{power}")
    for role, member in facts.members:
        open_to_readers = role in roles and roles[role].readers and member not in roles
        if member != names.admin and not open_to_readers:
            repairs.append(f"revoke {_quote(role)} from {_quote(member)} cascade")
    return repairs


def _of_owners(facts: Facts, declared: Declaration, names: Names) -> list[str]:
    repairs = []
    for thing in facts.things:
        schema = declared.schemas.get(thing.schema)
        if schema is None or thing.is_owned:
            continue
        owners = {schema.owner} if thing.kind == "schema" else declared.creators(schema)
        if thing.owner not in {names.of(owner) for owner in owners}:
            owner = _quote(names.of(schema.owner))
            repairs.append(f"alter {thing.kind} {thing.ident} owner to {owner}")
    return repairs


def _of_views(facts: Facts, declared: Declaration) -> list[str]:
    return [
        f"alter view {thing.ident} set (security_barrier = true)"
        for thing in facts.things
        if thing.is_view
        and not thing.is_barrier
        and (schema := declared.schemas.get(thing.schema)) is not None
        and schema.barrier
    ]


def _of_entries(facts: Facts, declared: Declaration, names: Names) -> list[str]:
    """Grants on databases, schemas, tables, sequences and routines."""
    wanted = _wanted_on_databases(declared, names)
    ours = {names.of(role) for role in declared.roles}
    known: dict[tuple[str, str], Thing] = {(t.kind, t.ident): t for t in facts.things}
    for thing in facts.things:
        if (schema := declared.schemas.get(thing.schema)) is not None:
            wanted |= _wanted_on(thing, schema, declared, names)
    there: set[tuple[str, str, str, str]] = set()
    extra: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for entry in facts.entries:
        if _is_foreign(entry, known, declared, names, ours):
            continue
        key = (entry.kind, entry.ident, entry.grantee, entry.privilege)
        if key in wanted and not entry.is_grantable and not entry.column:
            there.add(key)
        else:
            # A column's privilege goes with its table's, and so would what is declared there.
            privilege = "all privileges" if entry.column else entry.privilege
            extra[entry.kind, entry.ident, entry.grantee].add(privilege)
    missing: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for kind, ident, grantee, privilege in wanted - there:
        missing[kind, ident, grantee].add(privilege)
    return [
        *(_statement("revoke", "from", *key, held) + " cascade" for key, held in extra.items()),
        *(_statement("grant", "to", *key, due) for key, due in sorted(missing.items())),
    ]


def _is_foreign(
    entry: Entry,
    known: dict[tuple[str, str], Thing],
    declared: Declaration,
    names: Names,
    ours: set[str],
) -> bool:
    """Return whether a grant is none of our business.

    That is: the administrator's own, an extension's, or between strangers in a schema of theirs.
    """
    if entry.grantee == names.admin:
        return True
    if entry.kind == "database":
        return False
    thing = known.get((entry.kind, entry.ident))
    if thing is None:
        return True
    if thing.schema in declared.schemas:
        return False
    return thing.kind == "routine" or entry.grantee not in ours | {PUBLIC}


def _wanted_on_databases(declared: Declaration, names: Names) -> set[tuple[str, str, str, str]]:
    wanted = set()
    for name, role in declared.roles.items():
        if role.login and not role.database:
            wanted.add(("database", names.ident, names.of(name), "connect"))
        if role.temporary:
            wanted.add(("database", names.ident, names.of(name), "temporary"))
    return wanted


def _wanted_on(
    thing: Thing, schema: Schema, declared: Declaration, names: Names
) -> set[tuple[str, str, str, str]]:
    wanted = set()
    for role in declared.roles:
        if names.of(role) == thing.owner:
            continue
        if thing.kind == "schema":
            due = declared.on_schema(schema, role)
        elif thing.kind == "table":
            due = declared.on_table(schema, thing.name, role)
        elif thing.kind == "sequence":
            due = declared.on_sequence(schema, thing.name, role)
        else:
            due = declared.on_function(schema, thing.name, role)
        wanted |= {(thing.kind, thing.ident, names.of(role), privilege) for privilege in due}
    return wanted


def _of_defaults(facts: Facts, declared: Declaration, names: Names) -> list[str]:
    """Default privileges: in schemas for readers only, so that a new mart is readable at once."""
    wanted = set()
    for schema in declared.schemas.values():
        if schema.readers_default:
            maker = names.of(schema.owner)
            for role in declared.roles:
                due = declared.levels[schema.access.get(role, "none")].get("tables", frozenset())
                wanted |= {(maker, schema.name, "r", names.of(role), p) for p in due}
    there = {
        row
        for row in facts.defaults
        if row[1] in declared.schemas or row[0] in {names.of(role) for role in declared.roles}
    }
    return [
        *(_default("revoke", "from", *row) for row in sorted(there - wanted)),
        *(_default("grant", "to", *row) for row in sorted(wanted - there)),
    ]


_DEFAULT_KINDS = {
    "r": "tables",
    "S": "sequences",
    "f": "functions",
    "T": "types",
    "n": "schemas",
    "L": "large objects",
}


def _default(
    verb: str, word: str, maker: str, schema: str, kind: str, grantee: str, privilege: str
) -> str:
    place = f" in schema {_quote(schema)}" if schema else ""
    return (
        f"alter default privileges for role {_quote(maker)}{place} {verb} {privilege} "
        f"on {_DEFAULT_KINDS[kind]} {word} {_grantee(grantee)}"
    )


def _statement(
    verb: str, word: str, kind: str, ident: str, grantee: str, privileges: set[str]
) -> str:
    listed = "all privileges" if "all privileges" in privileges else ", ".join(sorted(privileges))
    return f"{verb} {listed} on {kind} {ident} {word} {_grantee(grantee)}"


def _grantee(name: str) -> str:
    return "public" if name == PUBLIC else _quote(name)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
