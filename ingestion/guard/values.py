"""From what vendors send to typed values, or a reason why not. One function per kind.

Every converter takes a JSON value and returns the typed value, or None for absence (null or the
empty string); it raises `BadValueError` otherwise. A changed type is never turned into a null.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import orjson

from ingestion.guard.reasons import BadValueError, Reason

# Longest text kept in one field, in characters; more is an attachment or an attack.
MAX_TEXT = 1_000_000
# Deepest nesting kept in a misfit field; PostgreSQL's own JSON parser goes far deeper.
MAX_DEPTH = 32
# Put in place of structures that no parser should descend into (see `ingestion.guard.documents`).
TOO_DEEP_MARK = "\ufdd0too-deep"

_INT64 = 2**63
_EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001 (timestamps in raw are naive UTC)
_LATEST = datetime(2200, 1, 1)  # noqa: DTZ001
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
# numeric(18,2) holds 16 digits before the point.
_MONEY_LIMIT = Decimal(10) ** 16
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:#/+-]{0,127}")
_TRUE = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def sound_text(value: str) -> str:
    """Return ``value`` when PostgreSQL can hold it.

    Raises:
        BadValueError: for NUL, lone surrogates, and texts beyond `MAX_TEXT`.
    """
    if len(value) > MAX_TEXT:
        raise BadValueError(Reason.TOO_LARGE)
    if "\x00" in value:
        raise BadValueError(Reason.NUL)
    if value == TOO_DEEP_MARK:
        raise BadValueError(Reason.TOO_DEEP)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadValueError(Reason.LONE_SURROGATE) from None
    return value


def to_text(value: Any) -> str | None:
    """Text, trimmed; numbers and flags are a changed type."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadValueError(Reason.TYPE_CHANGED)
    return sound_text(value).strip() or None


def to_id(value: Any) -> str | None:
    """A vendor's own key as text: digits, or a short token without blanks."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadValueError(Reason.TYPE_CHANGED)
    if isinstance(value, int):
        return str(to_integer(value))
    text = sound_text(value).strip()
    if not _ID.fullmatch(text):
        raise BadValueError(Reason.ID_FORMAT)
    return text


def to_gid(value: Any) -> str | None:
    """The number at the end of a Shopify global id (``gid://shopify/Order/123?x=y``)."""
    text = to_text(value) if not isinstance(value, int) else str(value)
    if text is None:
        return None
    tail = text.rpartition("/")[2].partition("?")[0]
    if not tail.isascii() or not tail.isdigit() or len(tail) > 20:
        raise BadValueError(Reason.ID_FORMAT)
    return tail


def to_integer(value: Any) -> int | None:
    """A whole number within 64 bits, also from text as HubSpot and Matomo send it."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValueError(Reason.TYPE_CHANGED)
    if isinstance(value, str):
        number = _decimal(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise BadValueError(Reason.NOT_FINITE)
        number = Decimal(value)
    else:
        number = Decimal(value)
    if abs(number) >= _INT64:
        raise BadValueError(Reason.INTEGER_RANGE)
    if number != number.to_integral_value():
        raise BadValueError(Reason.NUMBER_FORMAT)
    return int(number)


def to_decimal(value: Any) -> Decimal | None:
    """An amount of money with two decimals (half to even), within numeric(18,2)."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValueError(Reason.TYPE_CHANGED)
    number = _decimal(value if isinstance(value, str) else repr(value))
    if abs(number) >= _MONEY_LIMIT:
        raise BadValueError(Reason.NUMBER_RANGE)
    return number.quantize(Decimal("0.01"))


def to_boolean(value: Any) -> bool | None:
    """A flag, also as the words and digits vendors write it with."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and str(value).lower() in _TRUE:
        return _TRUE[str(value).lower()]
    raise BadValueError(Reason.TYPE_CHANGED)


def to_timestamp(value: Any) -> datetime | None:
    """An instant as naive UTC: ISO 8601, or milliseconds since 1970 as HubSpot sends them."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValueError(Reason.TYPE_CHANGED)
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        return _iso(value.strip())
    return _since_epoch(value, 1000)


def to_epoch_seconds(value: Any) -> datetime | None:
    """An instant as naive UTC from seconds since 1970."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadValueError(Reason.TYPE_CHANGED)
    return _since_epoch(value, 1)


def to_date(value: Any) -> date | None:
    """A calendar day."""
    instant = to_timestamp(value)
    return instant.date() if instant else None


def to_json(value: Any) -> str | None:
    """JSON text of a nested value, bounded in depth and size."""
    if value is None or value == {} or value == []:
        return None
    check_tree(value)
    text = orjson.dumps(value).decode()
    if len(text) > MAX_TEXT:
        raise BadValueError(Reason.TOO_LARGE)
    return text


def check_tree(value: Any, depth: int = 0) -> None:
    """Refuse what no JSON column should hold, anywhere inside ``value``."""
    if depth > MAX_DEPTH:
        raise BadValueError(Reason.TOO_DEEP)
    if isinstance(value, str):
        sound_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            sound_text(str(key))
            check_tree(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_tree(inner, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadValueError(Reason.NOT_FINITE)
    elif isinstance(value, int | float) and abs(value) >= _INT64:
        # the fast JSON parser reads longer integers as floats, losing digits
        raise BadValueError(Reason.INTEGER_RANGE)


def _decimal(value: str) -> Decimal:
    try:
        number = Decimal(sound_text(value).strip())
    except InvalidOperation:
        raise BadValueError(Reason.NUMBER_FORMAT) from None
    if not number.is_finite():
        raise BadValueError(Reason.NOT_FINITE)
    if number.adjusted() > 400 or len(value) > 400:
        raise BadValueError(Reason.NUMBER_RANGE)
    return number


@lru_cache(maxsize=65_536)
def _iso(value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(sound_text(value))
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise BadValueError(Reason.DATE_RANGE) from None
    except ValueError as error:
        raise error if isinstance(error, BadValueError) else _bad_date(value) from None
    return _within(instant)


def _bad_date(value: str) -> BadValueError:
    """Tell a day that does not exist from something that is no date at all."""
    looks_like_one = re.match(r"[+-]?\d{4,}-\d{1,2}-\d{1,2}", value)
    return BadValueError(Reason.DATE_RANGE if looks_like_one else Reason.DATE_FORMAT)


def _since_epoch(value: str | int | float, per_second: int) -> datetime:
    number = _decimal(value if isinstance(value, str) else repr(value))
    try:
        return _within(_EPOCH + timedelta(seconds=float(number) / per_second))
    except OverflowError:
        raise BadValueError(Reason.DATE_RANGE) from None


def _within(instant: datetime) -> datetime:
    if not _EARLIEST <= instant < _LATEST:
        raise BadValueError(Reason.DATE_RANGE)
    return instant


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "text": to_text,
    "id": to_id,
    "gid": to_gid,
    "bigint": to_integer,
    "decimal": to_decimal,
    "bool": to_boolean,
    "timestamp": to_timestamp,
    "date": to_date,
    "json": to_json,
}
