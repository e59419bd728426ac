"""What a resource looks like: its fields, where they stand in the vendor's record, what becomes of
them. A shape is the contract that `ingestion.guard.gate` enforces, and the schema dlt gets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import pyarrow as pa

Values = Mapping[str, Any]
# Sets of member names remembered per shape; real vendors send a handful.
_MEMORY = 1_000


class Treatment(StrEnum):
    """What becomes of a parsed value."""

    OPEN = "open"  # written to raw; texts are scrubbed
    VAULT = "vault"  # readable personal data: vault only
    INPUT = "input"  # used by derived columns, written nowhere


@dataclass(frozen=True)
class Field:
    """One value of the vendor's record.

    ``path`` names it with dots; ``kind`` is a key of `ingestion.guard.values.CONVERTERS`;
    ``scrubbed`` may be switched off for vocabularies the vendor controls.
    """

    name: str
    path: str
    kind: str = "text"
    treatment: Treatment = Treatment.OPEN
    required: bool = False
    scrubbed: bool = True


@dataclass(frozen=True)
class Identifier:
    """One identifier of a record: a key column, and a vault value when it is readable.

    ``fields`` are tried in order; ``country`` is the field that tells how to read a phone number.
    """

    column: str
    identifier_type: str
    fields: tuple[str, ...]
    country: str | None = None
    required: bool = False


@dataclass(frozen=True)
class Derived:
    """A column computed from parsed and normalised values; never from raw input."""

    column: str
    kind: str
    compute: Callable[[Values], Any]


@dataclass(frozen=True, eq=False)
class Shape:
    """One resource: ``key`` columns identify a row, ``dedup`` decides which version wins.

    ``misfit_paths`` are the objects whose undeclared members count as misfits ("" is the record
    itself); ``known`` are members read elsewhere. ``deletable`` adds a hard-delete flag for
    resources that mirror the vendor's present state and have no other way to forget a row.
    """

    source: str
    resource: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    identifiers: tuple[Identifier, ...] = ()
    derived: tuple[Derived, ...] = ()
    dedup: str | None = None
    merge_key: str | None = None
    subject: str | None = None
    misfit_paths: tuple[str, ...] = ()
    known: frozenset[str] = field(default_factory=frozenset)
    deletable: bool = False

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Return the output columns and their kinds, in order."""
        kinds = {f.name: f.kind for f in self.fields if f.treatment is Treatment.OPEN}
        kinds |= {i.column: "id" for i in self.identifiers}
        kinds |= {d.column: d.kind for d in self.derived}
        if self.misfit_paths:
            kinds["extra"] = "json"
        if self.deletable:
            kinds["is_gone"] = "bool"
        return kinds

    @cached_property
    def arrow(self) -> pa.Schema:
        """Return the Arrow schema of the rows that go to dlt."""
        return pa.schema(
            [pa.field(n, _ARROW[k], nullable=n not in self.key) for n, k in self.kinds.items()]
        )

    @cached_property
    def hints(self) -> list[dict[str, Any]]:
        """Return dlt's column hints; timestamps are naive UTC."""
        return [self._hint(name, kind) for name, kind in self.kinds.items()]

    def unknown(self, path: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return which members of the object at ``path`` are misfits; remembered per set."""
        remembered = self._unknown.get((path, names))
        if remembered is None:
            prefix = f"{path}." if path else ""
            declared = {
                f.path.removeprefix(prefix).partition(".")[0]
                for f in self.fields
                if f.path.startswith(prefix)
            }
            inner = set() if path else {p.partition(".")[0] for p in self.misfit_paths}
            remembered = tuple(n for n in names if n not in declared | inner | self.known)
            if len(self._unknown) < _MEMORY:
                self._unknown[path, names] = remembered
        return remembered

    @cached_property
    def _unknown(self) -> dict[tuple[str, tuple[str, ...]], tuple[str, ...]]:
        return {}

    def _hint(self, name: str, kind: str) -> dict[str, Any]:
        hint: dict[str, Any] = {"name": name, "nullable": name not in self.key, **_DLT[kind]}
        if name == self.dedup:
            hint["dedup_sort"] = "desc"
        if name == "is_gone" and self.deletable:
            hint["hard_delete"] = True
        return hint


_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "id": pa.string(),
    "gid": pa.string(),
    "json": pa.string(),
    "bigint": pa.int64(),
    "decimal": pa.decimal128(18, 2),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}
_DLT: dict[str, dict[str, Any]] = {
    "text": {"data_type": "text"},
    "id": {"data_type": "text"},
    "gid": {"data_type": "text"},
    "json": {"data_type": "text"},
    "bigint": {"data_type": "bigint"},
    "decimal": {"data_type": "decimal", "precision": 18, "scale": 2},
    "bool": {"data_type": "bool"},
    "timestamp": {"data_type": "timestamp", "timezone": False, "precision": 6},
    "date": {"data_type": "date"},
}
