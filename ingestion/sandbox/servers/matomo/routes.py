"""Matomo 5: ``index.php`` with the methods a loader uses.

As the real one does: errors are HTTP 200 with ``{"result":"error"}``; a day is the site's local day
and a visit belongs to the day of its *last* action; ten rows unless ``filter_limit`` says
otherwise; an action's ``timestamp`` is off by the site's UTC offset; paging over more than one day
loses visits.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import orjson

from ingestion.sandbox.company import store
from ingestion.sandbox.company.clock import START
from ingestion.sandbox.company.places import SITE_ZONE
from ingestion.sandbox.servers.faults import Reply
from ingestion.sandbox.servers.talk import Call, Endpoint, reply

VERSION = "5.5.1"
SITE_ID = "1"
_VISITS = "select cast(doc as blob) from matomo_visits where last_action between ? and ?"
_ZONE = ZoneInfo(SITE_ZONE)


def too_many(call: Call) -> Reply:
    """Answer as the web server in front of Matomo does when it is asked too often."""
    return Reply(b"Too Many Requests", 429, {"Retry-After": _patience(call)}, "text/plain")


def _patience(call: Call) -> str:
    return str(call.fault.settings.get("retry_after", 0)) if call.fault else "0"


def _error(message: str) -> Reply:
    return reply({"result": "error", "message": message})


def api(call: Call) -> Reply:
    """Answer any method of the reporting API."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    asked = {**call.query, **form}
    if call.meant("expired"):
        return _error(
            "Unable to authenticate with the provided token. It is either invalid or expired."
        )
    if asked.get("format", "").lower() != "json":
        return _error("Renderer format 'xml' not valid. Try any of the following instead: json.")
    if "token_auth" in call.query and "token_auth" not in form:
        return _error(
            "Unable to authenticate with the provided token. It is either invalid, "
            "expired or is required to be sent as a POST parameter."
        )
    if asked.get("token_auth") != call.state.tokens.matomo:
        if asked.get("token_auth", "anonymous") != "anonymous":
            return _error(
                "Unable to authenticate with the provided token. It is either invalid, "
                "expired or is required to be sent as a POST parameter."
            )
        return _error(
            "You can't access this resource as it requires 'view' access for the website "
            f"id = {asked.get('idSite', '')}."
        )
    method = asked.get("method", "")
    if method == "API.getMatomoVersion":
        return reply({"value": VERSION})
    known = {
        "SitesManager.getSiteFromId": _site,
        "Live.getLastVisitsDetails": _visits,
        "VisitsSummary.getVisits": _count,
        "VisitsSummary.get": _summary,
    }
    if method not in known:
        module, _, action = method.partition(".")
        return _error(
            f"The method '{action}' does not exist or is not available in the module "
            f"'\\Piwik\\Plugins\\{module}\\API'."
        )
    if asked.get("idSite") != SITE_ID:
        return _error(
            "An unexpected website was found in the request: website id was set to "
            f"'{asked.get('idSite', '')}' ."
        )
    return known[method](call, asked)


def _site(call: Call, asked: dict[str, str]) -> Reply:
    created = datetime.fromtimestamp(START, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return reply(
        {
            "idsite": 1,
            "name": "Tandem Outdoor",
            "main_url": "https://shop.tandem-sandbox.example",
            "ts_created": created,
            "ecommerce": 1,
            "sitesearch": 1,
            "timezone": SITE_ZONE,
            "currency": "EUR",
            "timezone_name": "Germany",
            "currency_name": "Euro",
            "type": "website",
            "excluded_ips": "",
            "group": "",
            "keep_url_fragment": 0,
        }
    )


class _WindowError(ValueError):
    """A period or date that Matomo does not take."""


def _window(call: Call, asked: dict[str, str]) -> tuple[int, int, int]:
    """Return first and last second of the asked period and the number of its days."""
    period, text = asked.get("period", "day"), asked.get("date", "today")
    today = datetime.fromtimestamp(call.state.now(), _ZONE).date()
    words = {"today": today, "yesterday": today - timedelta(days=1)}

    def parsed(word: str) -> date:
        return words[word] if word in words else date.fromisoformat(word)

    try:
        if period == "range" or "," in text:
            first, last = (parsed(word) for word in text.split(","))
        else:
            first = last = parsed(text)
    except ValueError:
        raise _WindowError(
            f"Date format must be: YYYY-MM-DD, or 'today' or 'yesterday' or any "
            f"keyword supported by the strtotime function: {text}"
        ) from None
    if period == "week":
        first -= timedelta(days=first.weekday())
        last = first + timedelta(days=6)
    elif period == "month":
        first = first.replace(day=1)
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    elif period == "year":
        first, last = first.replace(month=1, day=1), first.replace(month=12, day=31)
    elif period not in ("day", "range"):
        raise _WindowError(
            f"The period '{period}' is not supported. Try any of the following "
            "instead: day, week, month, year, range"
        )
    begin = datetime.combine(first, datetime.min.time(), _ZONE)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), _ZONE)
    days = (last - first).days + 1
    return int(begin.timestamp()), int(end.timestamp()) - 1, days


def _visits(call: Call, asked: dict[str, str]) -> Reply:
    try:
        begin, end, days = _window(call, asked)
        limit = int(asked.get("filter_limit") or 10)
        offset = int(asked.get("filter_offset") or 0)
    except ValueError as error:
        return _error(str(error))
    begin = max(begin, int(asked.get("minTimestamp") or 0))
    if call.meant("repeat_cursor"):
        offset = 0
    if offset and days > 1:
        offset += 1
    if call.meant("insert_between") and offset:
        offset = max(0, offset - 1)
    hidden = " and id % 10 <> 0" if call.meant("late_commit") else ""
    rows = call.state.rows(
        _VISITS + hidden + " order by last_action desc, id desc limit ? offset ?",
        begin,
        end,
        limit,
        offset,
    )
    documents = [store.unpacked(row[0]) for row in rows]
    drift = call.meant("drift")
    if asked.get("doNotFetchActions") == "1" or asked.get("showColumns") or drift:
        documents = [_trimmed(document, asked, drift is not None) for document in documents]
    return Reply(b"[" + b",".join(documents) + b"]")


def _trimmed(document: bytes, asked: dict[str, str], drifted: bool) -> bytes:
    visit = orjson.loads(document)
    if asked.get("doNotFetchActions") == "1":
        visit["actionDetails"] = []
    if columns := asked.get("showColumns"):
        wanted = columns.split(",")
        visit = {name: value for name, value in visit.items() if name in wanted}
    if drifted:
        visit["heatmapScore"] = 7
        visit["visitDuration"] = str(visit.pop("visitDuration", "0"))
    return orjson.dumps(visit)


def _count(call: Call, asked: dict[str, str]) -> Reply:
    try:
        begin, end, _ = _window(call, asked)
    except ValueError as error:
        return _error(str(error))
    found = call.state.row(
        "select count(*) from matomo_visits where last_action between ? and ?", begin, end
    )
    return reply({"value": found[0]})


def _summary(call: Call, asked: dict[str, str]) -> Reply:
    counted = _count(call, asked)
    found = orjson.loads(counted.body)
    if "value" not in found:
        return counted
    return reply({"nb_visits": found["value"]})


ENDPOINTS = (
    Endpoint("matomo.api", "/index.php", ("GET", "POST"), api),
    Endpoint("matomo.api", "/", ("GET", "POST"), api),
)
