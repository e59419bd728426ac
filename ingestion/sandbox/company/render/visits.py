"""Matomo visits as ``Live.getLastVisitsDetails`` returns them, a whole day at once.

A visit that is still going on when the day ends is written twice: as it stands at midnight UTC, and
as it will have become.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.company.banner import ALL, ANALYTICS_ONLY
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clicks import CART, ORDER, Clicks
from ingestion.sandbox.company.clock import DAY, day_start, offset_seconds
from ingestion.sandbox.company.draws import Ints, hashed
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.render import actions as action_texts
from ingestion.sandbox.company.render.naming import Naming, customer_id, order_id, visitor_ids
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.words import COUNTRIES, JUNK_USER_IDS
from ingestion.sandbox.company.world import World

NEVER_SPLIT = 1 << 40
_KINDS = (
    (("Desktop", "Windows", "11", "Chrome"), ("Desktop", "Mac", "15", "Safari"),
     ("Desktop", "Windows", "10", "Firefox"), ("Desktop", "GNU/Linux", "", "Firefox")),
    (("Smartphone", "iOS", "19", "Mobile Safari"), ("Smartphone", "Android", "16", "Chrome Mobile"),
     ("Smartphone", "Android", "15", "Samsung Browser")),
    (("Tablet", "iOS", "19", "Mobile Safari"), ("Tablet", "Android", "15", "Chrome Mobile")),
)  # fmt: skip
_BOT = ("Desktop", "GNU/Linux", "", "Headless Chrome")


@dataclass
class Written:
    """Documents of one day: (visit id, first action, last action, JSON), now and later."""

    rows: list[tuple[int, int, int, str]]
    growth: list[tuple[int, int, int, str]]


def write(
    world: World, seed: int, day: int, visits: Visits, clicks: Clicks, first_id: int, page_base: int
) -> Written:
    """Write a day's visits; ids run from ``first_id``, page view ids from ``page_base``."""
    offset = offset_seconds(action_texts.SITE_ZONE, day)
    ids = first_id + np.arange(len(visits))
    texts = action_texts.action_json(
        clicks, visits, _specials(world, seed, visits, clicks, ids), offset, page_base
    )
    end = day_start(day + 1)
    last = clicks.at[clicks.first + clicks.count - 1] if len(visits) else clicks.at
    listed = pa.ListArray.from_arrays(
        pa.array(np.append(clicks.first, len(texts)).astype(np.int32)), texts
    )
    joined = pc.binary_join(listed, ",")
    late = np.flatnonzero(last >= end)
    now_last, now_count = last.copy(), clicks.count.copy()
    now_joined = joined
    if len(late):
        cut = []
        for row in late.tolist():
            begin = int(clicks.first[row])
            seen = int(np.searchsorted(clicks.at[begin : begin + clicks.count[row]], end))
            now_count[row], now_last[row] = seen, clicks.at[begin + seen - 1]
            cut.append(",".join(texts.slice(begin, seen).to_pylist()))
        mask = np.zeros(len(visits), dtype=np.bool_)
        mask[late] = True
        now_joined = pc.replace_with_mask(joined, pa.array(mask), pa.array(cut, pa.string()))
    documents = _documents(world, seed, visits, ids, now_last, now_count, now_joined, offset)
    rows = list(zip(ids.tolist(), visits.start.tolist(), now_last.tolist(),
                    documents.to_pylist(), strict=True))  # fmt: skip
    growth: list[tuple[int, int, int, str]] = []
    if len(late):
        part = visits.take(late)
        grown = _documents(world, seed, part, ids[late], last[late], clicks.count[late],
                           joined.take(pa.array(late)), offset)  # fmt: skip
        growth = list(zip(ids[late].tolist(), [end] * len(late), last[late].tolist(),
                          grown.to_pylist(), strict=True))  # fmt: skip
    return Written(rows, growth)


def _specials(
    world: World, seed: int, visits: Visits, clicks: Clicks, ids: Ints
) -> dict[int, str]:  # fmt: skip
    """Write the heads of actions of their own: campaign landings, carts, orders."""
    heads: dict[int, str] = {}
    naming: Naming | None = None
    tokens = hashed(ids, seed)
    tagged = np.array([bool(s.utm_source or s.click_id) for s in SOURCES])[visits.source]
    for row in np.flatnonzero(tagged & ~visits.is_bot).tolist():
        source = SOURCES[visits.source[row]]
        query = f"utm_source={source.utm_source}"
        if source.campaign:
            query += f"&utm_medium={source.utm_medium}&utm_campaign={source.campaign}"
        if source.click_id:
            query += f"&{source.click_id}=Cj0{int(tokens[row]):016x}"
        if source.channel == "Email" and int(tokens[row]) % 32 == 0:
            naming = naming or Naming(world)
            address = naming.email(int(world.people["email"][visits.person[row]]))
            query += "&email=" + str(address).replace("@", "%40")
        at = int(clicks.first[row])
        heads[at] = action_texts.landing_head(int(clicks.kind[at]), query)
    for at in np.flatnonzero(clicks.kind == CART).tolist():
        heads[at] = action_texts.cart_head(world, -1, None)
    for at in np.flatnonzero(clicks.kind == ORDER).tolist():
        order = int(visits.order[clicks.visit[at]])
        heads[at] = action_texts.cart_head(world, order, str(order_id(order)))
    return heads


@lru_cache(maxsize=1)
def _source_parts() -> pa.Array:
    parts = []
    for source in SOURCES:
        campaign = source.referrer_type == "campaign"
        parts.append({
            "referrerType": source.referrer_type,
            "referrerTypeName": {"direct": "Direct Entry", "search": "Search Engines",
                                 "campaign": "Campaigns", "social": "Social Networks",
                                 "website": "Websites"}[source.referrer_type],
            "referrerName": source.referrer_name or None,
            "referrerKeyword": source.keyword or (
                "Keyword not defined" if source.referrer_type == "search" else None),
            "referrerKeywordPosition": None, "referrerUrl": source.referrer_url or None,
            "campaignId": None, "campaignContent": None, "campaignKeyword": None,
            "campaignName": source.campaign if campaign else None,
            "campaignSource": source.utm_source if campaign else None,
            "campaignMedium": source.utm_medium if campaign else None,
            "campaignGroup": None, "campaignPlacement": None,
        })  # fmt: skip
    return pa.array([orjson.dumps(part).decode()[1:-1] for part in parts])


@lru_cache(maxsize=1)
def _country_parts() -> pa.Array:
    return pa.array([
        orjson.dumps({
            "countryCode": country.code.lower(), "country": country.name,
            "languageCode": country.locale.lower(), "region": None, "regionCode": None,
            "city": None, "location": country.name, "latitude": None, "longitude": None,
        }).decode()[1:-1]
        for country in COUNTRIES
    ])  # fmt: skip


@lru_cache(maxsize=1)
def _device_parts() -> tuple[pa.Array, Ints, Ints]:
    rows = [row for kind in _KINDS for row in kind] + [_BOT]
    texts = [orjson.dumps({
        "deviceType": kind, "deviceBrand": "Unknown", "deviceModel": f"Generic {kind}",
        "operatingSystem": f"{system} {version}".strip(), "operatingSystemName": system,
        "operatingSystemVersion": version, "browser": browser, "browserName": browser,
        "browserVersion": "", "resolution": "unknown", "plugins": "",
    }).decode()[1:-1] for kind, system, version, browser in rows]  # fmt: skip
    sizes = np.array([len(kind) for kind in _KINDS])
    return pa.array(texts), np.cumsum(sizes) - sizes, sizes


@lru_cache(maxsize=1)
def _consent_parts() -> pa.Array:
    parts = []
    for state in range(3):
        for gpc in range(2):
            ads = "granted" if state == ALL and not gpc else "denied"
            seen = "granted" if state >= ANALYTICS_ONLY else "denied"
            parts.append(f"analytics_storage={seen};ad_storage={ads};ad_user_data={ads};"
                         f"ad_personalization={ads};gpc={gpc}")  # fmt: skip
    return pa.array(parts)


def _user_ids(visits: Visits) -> pa.Array:
    logged = (visits.customer >= 0) & (visits.consent >= ANALYTICS_ONLY)
    users: list[str] = ["null"] * len(visits)
    for row in np.flatnonzero(logged).tolist():
        users[row] = f'"{customer_id(int(visits.customer[row]))}"'
    junk = (visits.junk_user >= 0) & ~logged & (visits.consent >= ANALYTICS_ONLY)
    for row in np.flatnonzero(junk).tolist():
        users[row] = f'"{JUNK_USER_IDS[visits.junk_user[row]]}"'
    return pa.array(users)


def visitor_keys(seed: int, visits: Visits, ids: Ints) -> list[str]:
    """Return the visitor id of every visit; it lasts only where analytics storage is granted."""
    lasting = (visits.device >= 0) & (visits.consent >= ANALYTICS_ONLY)
    stable = hashed(visits.device * 4_096 + visits.generation, seed * 2 + 1)
    passing = hashed(ids, seed * 2 + 2)
    return visitor_ids(np.where(lasting, stable, passing).astype(np.uint64))


def _documents(
    world: World, seed: int, visits: Visits, ids: Ints, last: Ints, count: Ints,
    joined: pa.Array, offset: int,
) -> pa.Array:  # fmt: skip
    clock, _ = action_texts.clock_words()
    dates = action_texts.date_words()
    parts, begins, sizes = _device_parts()
    kind = world.devices["kind"][visits.device]
    machine = begins[kind] + hashed(visits.device, 7).astype(np.int64) % sizes[kind]
    machine = np.where(visits.is_bot, len(parts) - 1, machine)
    spot = hashed(np.where(visits.device < 0, ids, visits.device), seed).astype(np.int64)
    nets = pa.array(["203.0.113.", "198.51.100.", "192.0.2.", "2001:db8:0:1::"])
    ordered = (visits.outcome == Outcome.ORDER) & (visits.order >= 0)

    def text(values: Ints) -> pa.Array:
        return pc.cast(pa.array(np.asarray(values, dtype=np.int64)), pa.string())

    first_at, last_at = visits.start, last
    day_first, day_last = first_at + offset, last_at + offset
    stamp = text(last_at)
    return pc.binary_join_element_wise(
        '{"idSite":1,"idVisit":', text(ids), ',"visitIp":"', nets.take(pa.array(spot % 4)),
        text(1 + spot // 4 % 250), '","visitorId":"', pa.array(visitor_keys(seed, visits, ids)),
        '","userId":', _user_ids(visits), ',"siteCurrency":"EUR","siteName":"Tandem Outdoor"',
        ',"serverTimestamp":', stamp, ',"firstActionTimestamp":', text(first_at),
        ',"lastActionTimestamp":', stamp, ',"serverTimePretty":"',
        clock.take(pa.array(day_last % DAY)), '","serverDatePretty":"',
        dates.take(pa.array(action_texts.day_number(day_last))), '","serverTimePrettyFirstAction":"',
        clock.take(pa.array(day_first % DAY)), '","visitDuration":', text(last_at - first_at),
        ',"actions":', text(count), ',"interactions":', text(count), ',"visitorType":"',
        pa.array(np.where(visits.is_first, "new", "returning")), '","visitConverted":',
        text(visits.outcome >= Outcome.NEWSLETTER), ',"visitEcommerceStatus":"',
        pa.array(np.where(ordered, "ordered",
                          np.where(visits.outcome == Outcome.CART, "abandonedCart", "none"))),
        '",', _source_parts().take(pa.array(visits.source)), ",",
        _country_parts().take(pa.array(world.people["country"][visits.person].astype(np.int64))),
        ",", parts.take(pa.array(machine)), ',"dimension1":"',
        _consent_parts().take(pa.array(visits.consent * 2 + visits.has_gpc)),
        '","actionDetails":[', joined, "]}", "",
    )  # fmt: skip
