"""Matomo visits as ``Live.getLastVisitsDetails`` returns them, a whole day at once.

A visit that is still going on when the day ends is written twice: as it stands at midnight UTC, and
as it will have become.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.company.banner import ANALYTICS_ONLY
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.clicks import CART, ORDER, Clicks
from ingestion.sandbox.company.clock import DAY, day_start, offset_seconds
from ingestion.sandbox.company.draws import Ints, hashed
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.places import SITE_ZONE
from ingestion.sandbox.company.render import actions as action_texts
from ingestion.sandbox.company.render import visit_parts
from ingestion.sandbox.company.render.naming import Naming, customer_id, order_id, visitor_ids
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.words import JUNK_USER_IDS
from ingestion.sandbox.company.world import World


@dataclass
class Written:
    """Documents of one day: (visit id, first action, last action, JSON), now and later."""

    rows: list[tuple[int, int, int, str]]
    growth: list[tuple[int, int, int, str]]


def write(
    world: World, seed: int, day: int, visits: Visits, clicks: Clicks, first_id: int, page_base: int
) -> Written:
    """Write a day's visits; ids run from ``first_id``, page view ids from ``page_base``."""
    offset = offset_seconds(SITE_ZONE, day)
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
    rows = list(
        zip(
            ids.tolist(),
            visits.start.tolist(),
            now_last.tolist(),
            documents.to_pylist(),
            strict=True,
        )
    )
    growth: list[tuple[int, int, int, str]] = []
    if len(late):
        part = visits.take(late)
        grown = _documents(
            world,
            seed,
            part,
            ids[late],
            last[late],
            clicks.count[late],
            joined.take(pa.array(late)),
            offset,
        )
        growth = list(
            zip(
                ids[late].tolist(),
                [end] * len(late),
                last[late].tolist(),
                grown.to_pylist(),
                strict=True,
            )
        )
    return Written(rows, growth)


def _specials(world: World, seed: int, visits: Visits, clicks: Clicks, ids: Ints) -> dict[int, str]:
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
    world: World,
    seed: int,
    visits: Visits,
    ids: Ints,
    last: Ints,
    count: Ints,
    joined: pa.Array,
    offset: int,
) -> pa.Array:
    clock, _ = action_texts.clock_words()
    dates = action_texts.date_words()
    parts, begins, sizes = visit_parts.device_parts()
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
        '{"idSite":1,"idVisit":',
        text(ids),
        ',"visitIp":"',
        nets.take(pa.array(spot % 4)),
        text(1 + spot // 4 % 250),
        '","visitorId":"',
        pa.array(visitor_keys(seed, visits, ids)),
        '","userId":',
        _user_ids(visits),
        ',"siteCurrency":"EUR","siteName":"Tandem Outdoor"',
        ',"serverTimestamp":',
        stamp,
        ',"firstActionTimestamp":',
        text(first_at),
        ',"lastActionTimestamp":',
        stamp,
        ',"serverTimePretty":"',
        clock.take(pa.array(day_last % DAY)),
        '","serverDatePretty":"',
        dates.take(pa.array(action_texts.day_number(day_last))),
        '","serverTimePrettyFirstAction":"',
        clock.take(pa.array(day_first % DAY)),
        '","visitDuration":',
        text(last_at - first_at),
        ',"actions":',
        text(count),
        ',"interactions":',
        text(count),
        ',"visitorType":"',
        pa.array(np.where(visits.is_first, "new", "returning")),
        '","visitConverted":',
        text((visits.outcome >= Outcome.NEWSLETTER).astype(np.int64)),
        ',"visitEcommerceStatus":"',
        pa.array(
            np.where(
                ordered,
                "ordered",
                np.where(visits.outcome == Outcome.CART, "abandonedCart", "none"),
            )
        ),
        '",',
        visit_parts.source_parts().take(pa.array(visits.source)),
        ",",
        visit_parts.country_parts().take(
            pa.array(world.people["country"][visits.person].astype(np.int64))
        ),
        ",",
        parts.take(pa.array(machine)),
        ',"dimension1":"',
        visit_parts.consent_parts().take(pa.array(visits.consent * 2 + visits.has_gpc)),
        '","actionDetails":[',
        joined,
        "]}",
        "",
    )
