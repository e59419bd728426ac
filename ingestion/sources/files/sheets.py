"""From bytes to rows: encodings, preambles, numbers and local times as people export them.

Values stay texts; the guard decides what they are. What cannot be read as announced (a local time
that is none) is passed on as it stands, so that the guard turns the row away with its reason.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.sources.files.folder import UnreadableFileError

# A heading is looked for in the first lines; reports put their title and dates before it.
_PREAMBLE = 10


@dataclass(frozen=True)
class Sheet:
    """The rows of one file, and the days it says it covers.

    A row is a dict, or the list of its cells when there are more or fewer than headings.
    """

    rows: list[Any]
    days: tuple[date, date] | None = None
    told: Mapping[str, str] = field(default_factory=dict)


def decoded(content: bytes) -> str:
    """Return the text: UTF-16 and UTF-8 by their marks, else UTF-8; bad bytes as surrogates."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "surrogateescape")


def table(text: str, required: Sequence[str]) -> tuple[list[list[str]], list[Any]]:
    """Return the lines above the heading, and the rows below it.

    Raises:
        UnreadableFileError: when no line near the top has all required headings.
    """
    cells = list(csv.reader(io.StringIO(text.replace("\x00", "\ufdd1")), delimiter=_mark(text)))
    missing = set(required)
    for position, line in enumerate(cells[:_PREAMBLE]):
        names = [name.strip() for name in line]
        absent = set(required) - set(names)
        if not absent:
            rows = [_row(names, row) for row in cells[position + 1 :] if any(row)]
            return cells[:position], rows
        missing = min(missing, absent, key=len)
    raise UnreadableFileError(missing)


def plain_number(text: Any) -> Any:
    """Return ``1,234.50`` as ``1234.50`` and ``--`` as nothing."""
    if not isinstance(text, str):
        return text
    return None if text.strip() in {"--", ""} else text.replace(",", "")


def comma_number(text: Any) -> Any:
    """Return ``1.234,50`` as ``1234.50``."""
    return text.replace(".", "").replace(",", ".") if isinstance(text, str) else text


def local_time(text: Any, pattern: str, zone: ZoneInfo) -> Any:
    """Return a local time as UTC in ISO 8601.

    In the hour that a clock runs twice the first one is meant; nothing in the file tells.
    """
    try:
        moment = datetime.strptime(str(text).strip(), pattern).replace(tzinfo=zone)
    except ValueError:
        return text
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield the days of a span, both ends included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _mark(text: str) -> str:
    """Return the mark that divides cells: the most frequent one in the first lines."""
    head = text[:4_000]
    return max(",;\t", key=head.count)


def _row(names: list[str], cells: list[str]) -> Any:
    if len(cells) != len(names):
        return cells
    values = (cell.replace("\ufdd1", "\x00") for cell in cells)
    return {name: value for name, value in zip(names, values, strict=True) if name}
