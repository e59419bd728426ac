"""Shopify's search syntax (``updated_at:>='2026-09-01' AND test:false``) as SQL conditions.

Terms joined by blanks or AND all have to hold. A field that is not searchable is ignored, with a
warning, as Shopify does.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_TERM = re.compile(r"""(-?)(\w+):(>=|<=|>|<)?('[^']*'|"[^"]*"|\S+)""")
_TIMES = {"updated_at": "updated", "created_at": "created", "processed_at": "created"}
_TEXTS = {
    "email": "$.email",
    "test": "$.test",
    "status": "",
    "sku": "$.sku",
    "financial_status": "$.displayFinancialStatus",
    "name": "$.name",
}


@dataclass
class Condition:
    """A filter as SQL: text that begins with ``and``, its values, and fields that were ignored."""

    text: str = ""
    values: list[Any] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def parsed(query: str | None) -> Condition:
    """Translate a search string."""
    found = Condition()
    for negated, name, operator, raw in _TERM.findall(query or ""):
        word = raw.strip("'\"")
        column = _TIMES.get(name)
        inverted = "not " if negated else ""
        if column:
            try:
                value = _second(word)
            except ValueError:
                found.ignored.append(name)
                continue
            found.text += f" and {inverted}{column} {operator or '='} ?"
            found.values.append(value)
        elif name == "id":
            found.text += f" and {inverted}id {operator or '='} ?"
            found.values.append(int(word.rsplit("/", 1)[-1]))
        elif name in _TEXTS:
            if _TEXTS[name]:
                found.text += (
                    f" and {inverted}json_extract(doc, '{_TEXTS[name]}') = ? collate nocase"
                )
                found.values.append({"true": 1, "false": 0}.get(word, word))
        else:
            found.ignored.append(name)
    return found


def _second(word: str) -> int:
    stamp = datetime.fromisoformat(word)
    return int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())
