"""The company's calendar: where its history starts and ends, and how days become seconds.

Instants are whole seconds since the Unix epoch, UTC, as int64; ``NEVER`` stands for "not yet and
not planned" and sorts after every real instant.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = 86_400
HISTORY_DAYS = 180
DEFAULT_AS_OF = datetime(2026, 9, 30, tzinfo=UTC)
END = int(DEFAULT_AS_OF.timestamp())
START = END - HISTORY_DAYS * DAY
NEVER = 1 << 40


def day_start(day: int) -> int:
    """Return the first second of a day; day 0 is the first day of web history."""
    return START + day * DAY


def as_of(day: int) -> datetime:
    """Return the instant at which everything before ``day`` has happened."""
    return datetime.fromtimestamp(day_start(day), UTC)


def iso(second: int) -> str:
    """Return a second as vendors without fractions write it (``…Z``)."""
    return (datetime(1970, 1, 1) + timedelta(seconds=second)).isoformat() + "Z"  # noqa: DTZ001


def iso_ms(second: int, milliseconds: int = 0) -> str:
    """Return a second with milliseconds as HubSpot writes it."""
    stamp = datetime(1970, 1, 1) + timedelta(seconds=second)  # noqa: DTZ001
    return f"{stamp.isoformat()}.{milliseconds:03d}Z"


@lru_cache(maxsize=4096)
def offset_seconds(zone: str, day: int) -> int:
    """Return the UTC offset of a time zone at noon UTC of a day, daylight saving included."""
    noon = datetime.fromtimestamp(day_start(day) + DAY // 2, ZoneInfo(zone))
    offset = noon.utcoffset()
    return int(offset.total_seconds()) if offset else 0
