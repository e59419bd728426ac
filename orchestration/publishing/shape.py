"""The shape of a mart: what would have to change in the database, and what is refused.

Additive changes (a mart, a column, a key, an index, a description) are applied in the transaction
of the release. Removing or retyping a column of a published mart, or changing its primary key,
would break readers and is refused; the way is a dbt model version ``_v2`` beside it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from orchestration.publishing.catalog import FoundTable, find_table, published_tables
from orchestration.publishing.errors import ManifestError, PersonalDataRefused, SchemaRefused
from orchestration.publishing.marts import RELEASED_AT, ForeignKey, Index, Mart

# Classes that may stand in a mart. Readable values (direct) live behind the wall, in `restricted`.
OPEN_CLASSES = frozenset({"none", "pseudonymous"})


@dataclass(frozen=True)
class ShapeChange:
    """One change of shape, for the changelog."""

    kind: str
    column: str | None
    detail: str


@dataclass(frozen=True)
class Shape:
    """A mart, the types its core relation has, and what the database lacks of it."""

    mart: Mart
    types: dict[str, str]
    found: FoundTable | None
    changes: tuple[ShapeChange, ...]

    @property
    def is_new(self) -> bool:
        """Return whether the table does not exist yet."""
        return self.found is None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the data columns in the order of the core relation."""
        return tuple(self.types)

    @property
    def added_columns(self) -> tuple[str, ...]:
        """Return the columns that an existing mart gains."""
        if self.found is None:
            return ()
        return tuple(name for name in self.types if name not in self.found.columns)

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """Return the columns that the mart has already."""
        return tuple(name for name in self.types if name not in self.added_columns)

    @property
    def compared_columns(self) -> tuple[str, ...]:
        """Return the columns beyond the key."""
        return tuple(name for name in self.types if name not in self.mart.primary_key)


@dataclass(frozen=True)
class Shapes:
    """All marts of a release, and those whose time is over."""

    marts: tuple[Shape, ...]
    retired: tuple[tuple[str, str], ...]


def plan_shapes(
    conn: psycopg.Connection, marts: Sequence[Mart], today: date, *, are_all: bool = True
) -> Shapes:
    """Compare the declared marts with the database; unless they ``are_all``, others stay.

    Raises:
        PersonalDataRefused, SchemaRefused, ManifestError: naming every column concerned.
    """
    _refuse_personal_data(marts)
    shapes = [_plan(conn, mart) for mart in marts]
    refusals = [reason for shape in shapes for reason in _breaking(shape)]
    retired, missing = _retirements(conn, marts, today) if are_all else ((), [])
    refusals += missing
    if refusals:
        raise SchemaRefused(
            "; ".join(refusals) + ". Readers rely on it: keep it and publish the new shape beside "
            "it as a dbt model version (table …_v2, deprecation_date on v1); see "
            "orchestration/runbooks/schema_refused.md"
        )
    return Shapes(tuple(shapes), retired)


def index_name(mart: Mart, index: Index) -> str:
    """Return a name that says what the index is over, so that a changed one is a new one."""
    kind = "ux" if index.is_unique else "ix"
    return f"{kind}_{mart.table[:44]}_{_short(','.join(index.columns))}"


def foreign_key_name(mart: Mart, key: ForeignKey) -> str:
    """Return a name that says what the key is over and where it points."""
    points = f"{','.join(key.columns)}>{key.to_schema}.{key.to_table}({','.join(key.to_columns)})"
    return f"fk_{mart.table[:44]}_{_short(points)}"


def surplus_indexes(shape: Shape) -> list[str]:
    """Return the indexes of ours that the project no longer declares."""
    if shape.found is None:
        return []
    wanted = {index_name(shape.mart, index) for index in shape.mart.indexes}
    return sorted(name for name in shape.found.indexes - wanted if name[:3] in ("ix_", "ux_"))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _refuse_personal_data(marts: Sequence[Mart]) -> None:
    direct = [f"{m.name}.{c.name}" for m in marts for c in m.columns.values() if c.pii == "direct"]
    unclassified = [
        f"{m.name}.{c.name}"
        for m in marts
        for c in m.columns.values()
        if c.pii not in OPEN_CLASSES and c.pii != "direct"
    ]
    if direct:
        raise PersonalDataRefused(
            f"readable personal data (meta.pii: direct) may not be published: {', '.join(direct)}. "
            "Move the column to a model under models/restricted"
        )
    if unclassified:
        raise PersonalDataRefused(
            f"columns without a class: {', '.join(unclassified)}. Say meta.pii: none or "
            "pseudonymous in the model's yml"
        )


def _plan(conn: psycopg.Connection, mart: Mart) -> Shape:
    core = find_table(conn, mart.core_schema, mart.core_table)
    if core is None:
        raise ManifestError(f"{mart.core_name} does not exist: build the dbt project first")
    undeclared = [name for name in core.columns if name not in mart.columns]
    absent = [name for name in mart.columns if name not in core.columns]
    if undeclared or absent or RELEASED_AT in core.columns:
        names = ", ".join(undeclared + absent) or RELEASED_AT
        raise ManifestError(
            f"{mart.core_name} and its contract disagree about: {names}. Build it again with the "
            "contract enforced, so that every published column is declared"
        )
    types = {name: column.data_type for name, column in core.columns.items()}
    found = find_table(conn, mart.schema, mart.table)
    shape = Shape(mart, types, found, ())
    return Shape(mart, types, found, tuple(_changes(shape)))


def _changes(shape: Shape) -> list[ShapeChange]:
    mart, found = shape.mart, shape.found
    if found is None:
        return [ShapeChange("mart_created", None, mart.description)]
    changes = [
        ShapeChange("column_added", name, f"{shape.types[name]}: {mart.columns[name].description}")
        for name in shape.added_columns
    ]
    for name in shape.kept_columns:
        declared, known = mart.columns[name], found.columns[name]
        if known.is_required != declared.is_required:
            what = "now always has a value" if declared.is_required else "may now be empty"
            changes.append(ShapeChange("requirement_changed", name, what))
        if known.description != declared.description:
            changes.append(ShapeChange("description_changed", name, declared.description))
    if found.description != mart.description:
        changes.append(ShapeChange("description_changed", None, mart.description))
    wanted = {foreign_key_name(mart, key): key for key in mart.foreign_keys}
    known_keys = {key.name for key in found.foreign_keys}
    for name, key in wanted.items():
        if name not in known_keys:
            detail = f"({', '.join(key.columns)}) to {key.to_schema}.{key.to_table}"
            changes.append(ShapeChange("foreign_key_added", None, detail))
    for known_key in found.foreign_keys:
        if known_key.name not in wanted:
            detail = f"({', '.join(known_key.columns)}) to {known_key.to_table}"
            changes.append(ShapeChange("foreign_key_dropped", None, detail))
    indexes = {index_name(mart, index): index for index in mart.indexes}
    for name, index in indexes.items():
        if name not in found.indexes:
            changes.append(ShapeChange("index_added", None, ", ".join(index.columns)))
    changes += [ShapeChange("index_dropped", None, name) for name in surplus_indexes(shape)]
    return changes


def _breaking(shape: Shape) -> list[str]:
    mart, found = shape.mart, shape.found
    if found is None:
        return []
    reasons = [
        f"{mart.name}.{name} was removed" for name in found.data_columns if name not in shape.types
    ]
    reasons += [
        f"{mart.name}.{name} was retyped from {found.columns[name].data_type} to {data_type}"
        for name, data_type in shape.types.items()
        if name in found.columns and found.columns[name].data_type != data_type
    ]
    if found.primary_key != mart.primary_key:
        reasons.append(
            f"the primary key of {mart.name} changed from ({', '.join(found.primary_key)}) "
            f"to ({', '.join(mart.primary_key)})"
        )
    return reasons


def _retirements(
    conn: psycopg.Connection, marts: Sequence[Mart], today: date
) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    gone = published_tables(conn) - {(mart.schema, mart.table) for mart in marts}
    over = {
        (schema, table)
        for schema, table in conn.execute(
            "select mart_schema, mart_table from marts_meta.marts where deprecation_date <= %s",
            [today],
        )
    }
    missing = [f"{schema}.{table} is no longer published" for schema, table in sorted(gone - over)]
    return tuple(sorted(gone & over)), missing
