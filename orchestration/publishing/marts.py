"""What a published mart is: its columns, keys and indexes, as the dbt project declares them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

RELEASED_AT = "_released_at"


@dataclass(frozen=True)
class Column:
    """One column; ``pii`` is none, pseudonymous, direct or None when nobody classified it."""

    name: str
    data_type: str
    description: str
    pii: str | None
    purpose: str | None
    is_required: bool


@dataclass(frozen=True)
class ForeignKey:
    """Columns of this mart that point at the primary key of another one."""

    columns: tuple[str, ...]
    to_schema: str
    to_table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True)
class Index:
    """An index that readers profit from, beyond the primary key."""

    columns: tuple[str, ...]
    is_unique: bool


@dataclass(frozen=True)
class Mart:
    """One stable table that readers use, and the core relation it is published from."""

    schema: str
    table: str
    core_schema: str
    core_table: str
    description: str
    group: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    version: str | None
    deprecation_date: date | None

    @property
    def name(self) -> str:
        """Return ``schema.table``."""
        return f"{self.schema}.{self.table}"

    @property
    def core_name(self) -> str:
        """Return ``schema.table`` of the relation that dbt builds."""
        return f"{self.core_schema}.{self.core_table}"

    @property
    def history_table(self) -> str:
        """Return the name, inside ``marts_history``, of the table that keeps pre-images."""
        return f"{self.schema}__{self.table}"
