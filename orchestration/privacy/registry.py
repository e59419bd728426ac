"""Where personal data lies: every relation that stores rows, and how a person is found in it.

``pii_registry.yml`` names each table once, as one of

- ``persons`` / ``keys``: columns that hold person ids / subject keys; a row with a match is theirs;
- ``prefixes``: columns that show the first twelve digits of a subject key;
- ``through``: rows belong to a row of another relation (``where`` says which of them can);
- ``aggregate_only``: counts over enough people, nobody's row;
- ``log_ttl``: operational records that age out after so many days;
- ``reference``: rules, catalogue and the like, about nobody.

``clear`` names columns that hold a key in rows of other people too: they are emptied there.
``hold`` names a duty to keep (``holds`` says which apply): such rows stay, under a random id,
without what ``forget`` names.

Several tables that hold the same share an entry, their names separated by commas; ``*`` stands for
anything, and the most specific name counts. A table that is not named, or whose columns say more
than its entry, fails the build.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import Connection

from orchestration.privacy.errors import PrivacyError

FILE = Path(__file__).with_name("pii_registry.yml")
# Column names that can only hold a person or a key of one.
PERSON_COLUMNS = ("person_id", "became")
KEY_COLUMNS = ("*_key",)
# ... but these name a record of a source, not a person.
RECORD_COLUMNS = ("record_key", "source_key")
_TABLES = """
select format('%I.%I', namespaces.nspname, classes.relname),
    coalesce(array_agg(attributes.attname::text order by attributes.attnum)
        filter (where attributes.attname is not null), '{}')
from pg_class as classes
join pg_namespace as namespaces on namespaces.oid = classes.relnamespace
left join pg_attribute as attributes
    on attributes.attrelid = classes.oid and attributes.attnum > 0
    and not attributes.attisdropped
where classes.relkind in ('r', 'p', 'm', 'f')
    and namespaces.nspname not in ('pg_catalog', 'information_schema')
    and namespaces.nspname not like 'pg\\_%%'
group by 1
order by 1
"""


@dataclass(frozen=True)
class Through:
    """Rows that belong to a row of another relation."""

    relation: str
    column: str
    parent_column: str
    where: str = "true"


@dataclass(frozen=True)
class Relation:
    """One entry: how the rows of a person are found, and what erasure does with them."""

    name: str
    persons: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    through: tuple[Through, ...] = ()
    hold: str | None = None
    kind: str = "subject"
    ttl_days: int | None = None
    not_keys: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        """Whether rows of this relation can be somebody's."""
        return self.kind == "subject"


@dataclass(frozen=True)
class Registry:
    """The whole file."""

    relations: tuple[Relation, ...]
    holds: dict[str, str] = field(default_factory=dict)

    def entry(self, name: str) -> Relation | None:
        """Return the entry for a table, or None when it is not registered.

        What is published, and the history of releases, stand under the entry of the core relation
        they come from.
        """
        for candidate in (name, *_origins(name)):
            matches = [each for each in self.relations if fnmatchcase(candidate, each.name)]
            if matches:
                return max(matches, key=lambda each: _weight(each.name))
        return None


def load(file: Path = FILE) -> Registry:
    """Read and check the registry.

    Raises:
        PrivacyError: for an entry that cannot be meant.
    """
    content = yaml.load(file.read_text(), yaml.CSafeLoader)
    relations = tuple(
        _relation(name.strip(), entry)
        for names, entry in content["relations"].items()
        for name in names.split(",")
    )
    return Registry(relations, dict(content.get("holds", {})))


def tables(connection: Connection[Any]) -> dict[str, tuple[str, ...]]:
    """Return every table of the database with its columns; views store nothing."""
    return {name: tuple(columns) for name, columns in connection.execute(_TABLES).fetchall()}


def tables_of(url: str) -> dict[str, tuple[str, ...]]:
    """Return the tables of a database by its URL."""
    with psycopg.connect(url) as connection:
        return tables(connection)


def problems(found: dict[str, tuple[str, ...]], registry: Registry | None = None) -> list[str]:
    """Return what is wrong between the tables there are and the registry; empty when nothing."""
    known = registry or load()
    wrong = []
    for name, columns in found.items():
        entry = known.entry(name)
        if entry is None:
            wrong.append(f"{name} is not in pii_registry.yml: say whose rows it holds")
            continue
        named = {*entry.persons, *entry.keys, *entry.prefixes, *entry.clear, *entry.forget}
        if missing := named - set(columns):
            wrong.append(f"{name} has no column {', '.join(sorted(missing))}")
        telling = {column for column in columns if _tells_a_person(column)}
        if silent := telling - named - set(entry.not_keys):
            wrong.append(f"{name}.{', '.join(sorted(silent))} is not in its registry entry")
    return wrong


def check(connection: Connection[Any]) -> None:
    """Do nothing when every table is registered.

    Raises:
        PrivacyError: naming each table that is not, or whose entry does not fit.
    """
    if wrong := problems(tables(connection)):
        raise PrivacyError("personal data may be out of reach: " + "; ".join(wrong))


def _tells_a_person(column: str) -> bool:
    is_key = column not in RECORD_COLUMNS and any(fnmatchcase(column, k) for k in KEY_COLUMNS)
    return is_key or column in PERSON_COLUMNS


def _origins(name: str) -> list[str]:
    """Return the relations that a published or tried-out table can come from, likeliest first."""
    schema, _, table = name.partition(".")
    if schema == "dev":
        return [f"{layer}.{table}" for layer in ("core", "intermediate", "restricted")]
    if schema == "marts_history":
        schema, _, table = table.partition("__")
    if schema == "marts" or not schema.startswith("marts_") or schema == "marts_meta":
        return [f"core.{table}"] if schema == "marts" else []
    audience = schema.removeprefix("marts_")
    return [f"core.{audience}__{table}", f"core.{table}"]


def _weight(name: str) -> tuple[bool, int]:
    return ("*" not in name, len(name))


def _relation(name: str, entry: dict[str, Any]) -> Relation:
    kinds = [kind for kind in ("aggregate_only", "log_ttl", "reference") if kind in entry]
    through = tuple(Through(**each) for each in entry.get("through", ()))
    finders = ("persons", "keys", "prefixes", "through")
    subject = any(entry.get(finder) for finder in finders)
    allowed = {
        *finders, "clear", "forget", "hold", "not_keys", "aggregate_only", "log_ttl", "reference",
    }  # fmt: skip
    if unknown := set(entry) - allowed:
        raise PrivacyError(f"{name} in pii_registry.yml: {', '.join(sorted(unknown))} is no rule")
    if len(kinds) + subject != 1:
        raise PrivacyError(f"{name} in pii_registry.yml must say exactly one kind of content")
    return Relation(
        name=name,
        persons=tuple(entry.get("persons", ())),
        keys=tuple(entry.get("keys", ())),
        prefixes=tuple(entry.get("prefixes", ())),
        clear=tuple(entry.get("clear", ())),
        forget=tuple(entry.get("forget", ())),
        through=through,
        hold=entry.get("hold"),
        kind=kinds[0] if kinds else "subject",
        ttl_days=entry.get("log_ttl"),
        not_keys=tuple(entry.get("not_keys", ())),
    )
