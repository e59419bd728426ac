"""Access: everything the hub holds about one person and nobody else, for machines and for people.

Goes by the same registry as erasure, so what can be erased can be shown. Keys that somebody else
carries too are left out and counted: whether they are this person's is for somebody to decide.
"""

import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.privacy import cascade, registry
from orchestration.privacy.subjects import Closure, closure

# Working tables between what came in and what came of it say nothing new.
_LEFT_OUT = ("intermediate.", "raw_hubspot_staging.", "raw_matomo_staging.", "raw_shopify_staging.")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:0 0 2rem;font-size:13px;display:block;overflow-x:auto}"
    "td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f3f3f3}"
)


@dataclass(frozen=True)
class Copy:
    """What one person is given."""

    made_at: datetime
    persons: int
    shared_identifiers: int
    """Identifiers that others carry too; what hangs on them is not in here."""
    relations: dict[str, list[dict[str, Any]]]

    def as_json(self) -> str:
        """Return it for machines."""
        content = {
            "made_at": self.made_at,
            "shared_identifiers_left_for_review": self.shared_identifiers,
            "relations": self.relations,
        }
        return json.dumps(content, default=str, ensure_ascii=False, indent=1)

    def as_html(self) -> str:
        """Return it for people: one self-contained page."""
        parts = [
            "<!doctype html><html lang=en><meta charset=utf-8><title>Your data</title>",
            f"<style>{_STYLE}</style><h1>Your data</h1>",
            f"<p>Everything held about you on {self.made_at:%d %B %Y, %H:%M} UTC.</p>",
        ]
        if self.shared_identifiers:
            parts.append(
                f"<p>{self.shared_identifiers} of your identifiers are used by somebody else too "
                "(a family's telephone, a shared computer). What belongs to them is not shown.</p>"
            )
        parts += [_section(name, rows) for name, rows in self.relations.items()]
        return "\n".join([*parts, "</html>"])


def access(url: str, identifier: str) -> Copy:
    """Return everything of whoever an identifier names, in one consistent moment."""
    return access_of(url, _closure(url, identifier))


def access_of(url: str, theirs: Closure) -> Copy:
    """Return everything that belongs to a closure."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = registry.tables_of(url)
        known = registry.load()
        relations = {}
        for name in sorted(found):
            entry = known.entry(name)
            if entry is None or not entry.is_personal or name.startswith((*_LEFT_OUT, "privacy.")):
                continue
            query = sql.SQL("select * from {} where {}").format(
                cascade.table(name), cascade.condition(entry, known)
            )
            rows = connection.execute(query, cascade.given(theirs)).fetchall()
            if rows:
                relations[name] = rows
    return Copy(
        datetime.now(UTC).replace(tzinfo=None),
        len(theirs.person_ids),
        len(theirs.shared_keys),
        relations,
    )


def _closure(url: str, identifier: str) -> Closure:
    with psycopg.connect(url) as connection:
        return closure(connection, identifier)


def _section(name: str, rows: list[dict[str, Any]]) -> str:
    columns = [column for column in rows[0] if not column.startswith("_dlt")]
    heading = "".join(f"<th>{html.escape(column)}" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row[column])}" for column in columns) for row in rows
    )
    return f"<h2>{html.escape(name)}</h2><table><tr>{heading}{body}</table>"


def _cell(value: Any) -> str:
    return "" if value is None else html.escape(str(value))
