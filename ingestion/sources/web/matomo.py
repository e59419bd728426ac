"""Matomo (live API) -> Postgres schema ``raw_matomo``.

Grain and key: one row per visit (`idVisit`) and per action in a visit (visit, position); of visits
without analytics permission only counts per day, page group, country and source class.
Window: whole days of the site's time zone, from ``lookback_days`` before the last day read: visits
grow and arrive late. Longer periods are never asked for, since Matomo loses visits when a range is
paged. Inside a read-again day the vendor's state replaces what was known, deletions included.
Paging: by offset; whenever a day took more than one page its ids are asked for once more in one
piece and compared.
Times: see `ingestion.sources.web.matomo_events`. A wrong site or token is HTTP 200 with an error.
Known limits: a visit deleted in Matomo before the look-back stays until a full read
(``full_read``); heat maps, forms and A/B tests are not read.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dlt
import pyarrow as pa
from dlt.sources import DltResource

from ingestion.guard.permit import daily_counts
from ingestion.guard.shapes import Shape
from ingestion.guard.values import to_date
from ingestion.settings import SettingsError
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport
from ingestion.sources.web import matomo_shapes as shapes
from ingestion.sources.web.matomo_api import Matomo
from ingestion.sources.web.matomo_events import EventReader, Page

# Visits that pass the guard at once.
_CHUNK = 4_000


@dlt.source(  # type: ignore[untyped-decorator]
    name=shapes.SOURCE, section="matomo", max_table_nesting=0, schema_contract=CONTRACT
)
def matomo(
    base_url: str = dlt.config.value,
    access_token: str = dlt.secrets.value,
    site_id: int = 1,
    consent_dimension: int = 1,
    start_date: str | None = None,
    lookback_days: int = 3,
    page_size: int = 2_000,
    full_read: bool = False,
    as_of: str | None = None,
    only_days: str | None = None,
) -> list[DltResource]:
    """Return Matomo's resources; settings under ``[sources.matomo]``.

    ``only_days`` (``2026-09-01/2026-09-07``, both included, days of the site) reads these days
    again and nothing else; how far the ordinary loads have come stays as it is.
    """
    session = Session(shapes.SOURCE, lambda: Transport("matomo", base_url), as_of)
    api = Matomo(session, access_token, site_id, page_size)
    load = _Load(
        session,
        api,
        consent_dimension,
        start_date,
        timedelta(days=lookback_days),
        full_read,
        _window(only_days),
    )
    pages = reader("visit_pages", load.pages)
    return [pages, *(picked(shape, pages) for shape in shapes.SHAPES)]


class _Load:
    """What one run reads."""

    def __init__(
        self,
        session: Session,
        api: Matomo,
        consent_dimension: int,
        start_date: str | None,
        lookback: timedelta,
        full_read: bool,
        window: tuple[date, date] | None,
    ) -> None:
        self._session = session
        self._api = api
        self._dimension = consent_dimension
        self._start = start_date
        self._lookback = lookback
        self._full = full_read
        self._window = window

    def pages(self) -> Iterator[Batch]:
        """Read day by day; then forget what the days no longer have."""
        state = dlt.current.resource_state()
        with self._session.reading("visits", "actions", "unconsented_daily") as guard:
            self._api.check_version()
            site = self._api.site()
            zone = _zone(site.get("timezone"))
            today = self._session.as_of.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
            first, last = self._first_day(state, site, today), today
            if self._window is not None:
                first, last = self._window[0], min(self._window[1], today)
            events = EventReader(guard, self._dimension)
            known = self._known(first)
            present: dict[str, int] = {}
            yield {}
            for page, finished in self._batches(events, _days(first, last)):
                present |= page.action_counts
                yield {
                    "visits": page.visits,
                    "actions": page.actions,
                    "unconsented_daily": guard.admit(shapes.UNCONSENTED_DAILY, finished),
                    **self._shrunken(page, known),
                }
            yield self._gone({v: n for v, n in known.items() if v not in present})
            if self._window is None:
                state["cursor"] = today.isoformat()

    def _batches(
        self, events: EventReader, days: Iterator[date]
    ) -> Iterator[tuple[Page, list[dict[str, object]]]]:
        """Yield the visits of many short days, or of a part of a long one, at once.

        With each go the anonymous counts of the days that are complete by then.
        """
        waiting: list[tuple[date, Any]] = []
        refused: dict[date, list[Any]] = {}

        def flush(current: date | None) -> tuple[Page, list[dict[str, object]]]:
            page = events.read(waiting)
            waiting.clear()
            for key, actions in page.refused:
                refused[date.fromisoformat(key[0])].append((key, actions))
            finished = [day for day in refused if day != current]
            return page, [row for day in finished for row in _counts(day, refused.pop(day))]

        for day in days:
            refused[day] = []
            for visits in self._api.visits(day):
                waiting += [(day, visit) for visit in visits]
                if len(waiting) >= _CHUNK:
                    yield flush(day)
        yield flush(None)

    def _first_day(self, state: dict[str, Any], site: dict[str, Any], today: date) -> date:
        reached = None if self._full else to_date(state.get("cursor"))
        if reached is not None:
            return min(reached, today) - self._lookback
        return to_date(self._start) or to_date(site.get("ts_created")) or today

    def _known(self, first: date) -> dict[str, int]:
        """Return the visits loaded before that the days to read should still have."""
        where = f"site_date >= date '{first.isoformat()}'"
        if self._window is not None:
            where += f" and site_date <= date '{self._window[1].isoformat()}'"
        rows = self._session.known("visits", ["visit_id", "action_count"], where)
        return {visit: int(count or 0) for visit, count in rows}

    def _shrunken(self, page: Page, known: dict[str, int]) -> Batch:
        """Drop actions that a visit no longer has."""
        lost = [
            (visit, position)
            for visit, count in page.action_counts.items()
            for position in range(count + 1, known.get(visit, 0) + 1)
        ]
        if not lost:
            return {}
        gone = _tombstones(
            shapes.ACTIONS,
            {"visit_id": [v for v, _ in lost], "action_position": [p for _, p in lost]},
        )
        return {"actions": pa.concat_tables([page.actions, gone])}

    def _gone(self, visits: dict[str, int]) -> Batch:
        """Return the rows that delete visits and their actions from raw."""
        positions = [(v, p) for v, count in visits.items() for p in range(1, count + 1)]
        return {
            "visits": _tombstones(shapes.VISITS, {"visit_id": list(visits)}),
            "actions": _tombstones(
                shapes.ACTIONS,
                {
                    "visit_id": [v for v, _ in positions],
                    "action_position": [p for _, p in positions],
                },
            ),
        }


def _window(days: str | None) -> tuple[date, date] | None:
    """Return the first and last day of ``only_days``.

    Raises:
        SettingsError: when it is not two dates in their order.
    """
    if days is None:
        return None
    try:
        first, last = (date.fromisoformat(part.strip()) for part in days.split("/"))
        if first > last:
            raise ValueError
    except ValueError:
        raise SettingsError(
            "sources.matomo.only_days must be two dates: 2026-09-01/2026-09-07"
        ) from None
    return first, last


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _counts(day: date, refused: list[Any]) -> list[dict[str, object]]:
    """Return a day's counts; a day without any says so, to replace what was there before."""
    nothing = {
        "activity_date": day.isoformat(),
        "page_group": "/",
        "country_code": "unknown",
        "source_class": "other",
        "visit_count": 0,
        "action_count": 0,
    }
    return daily_counts(refused) or [nothing]


def _tombstones(shape: Shape, keys: dict[str, list[Any]]) -> pa.Table:
    """Return rows that delete: key columns and the flag."""
    length = len(next(iter(keys.values())))
    columns = {name: pa.nulls(length, shape.arrow.field(name).type) for name in shape.kinds}
    for name, values in keys.items():
        columns[name] = pa.array(values, shape.arrow.field(name).type)
    columns["is_gone"] = pa.array([True] * length, pa.bool_())
    return pa.table(columns, schema=shape.arrow)
