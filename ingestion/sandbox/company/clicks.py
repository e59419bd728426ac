"""What happens inside visits: pages, searches, events, goals, carts and orders, with their times.

Grain: one row per action, by visit and time. ``kind`` points into :func:`vocabulary`, whose entries
say what Matomo would show; carts and orders (negative kinds) are written individually.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ingestion.sandbox.company.catalogue import Page, pages, pages_in
from ingestion.sandbox.company.channels import SOURCES
from ingestion.sandbox.company.draws import Ints, generator, pick
from ingestion.sandbox.company.outcomes import Outcome
from ingestion.sandbox.company.places import SITE
from ingestion.sandbox.company.visiting import Visits
from ingestion.sandbox.company.world import World

ORDER, CART = -1, -2
GOALS = ((1, "Newsletter"), (2, "Account opened"), (3, "Offer requested"))
_SEARCHES = (
    "light tent",
    "boots size 42",
    "rope 60m",
    "workwear",
    "return label",
    "headlamp",
    "gift card",
    "rain jacket",
    "sleeping bag winter",
    "stove gas",
)
_EVENTS = (
    ("Product", "add_to_cart", "main button"),
    ("Product", "size_guide", "open"),
    ("Video", "play", "Brenner in the rain"),
    ("Filter", "apply", "price"),
    ("Referral", "share", "refer a friend"),
    ("Business", "calculator", "seats"),
)
_DOWNLOADS = ("/files/size-guide.pdf", "/files/business-terms.pdf")
_OUTLINKS = ("https://trailnotes.example/map", "https://weather.example.org/")


@dataclass(frozen=True)
class Entry:
    """One thing that can be done on the site, as Matomo names it."""

    kind: str
    path: str
    title: str
    category: str = ""
    action: str = ""
    name: str = ""
    goal: int = 0


@lru_cache(maxsize=1)
def vocabulary() -> tuple[tuple[Entry, ...], dict[str, int]]:
    """Return all entries and the position at which each kind of them begins."""
    shown = [Entry("action", page.path, page.title) for page in pages()]
    blocks: dict[str, list[Entry]] = {
        "action": shown,
        "event": [
            Entry("event", "/", action, category, action, name)
            for category, action, name in _EVENTS
        ],
        "search": [Entry("search", "", text) for text in _SEARCHES],
        "download": [Entry("download", path, "") for path in _DOWNLOADS],
        "outlink": [Entry("outlink", url, "") for url in _OUTLINKS],
        "goal": [Entry("goal", "/", name, goal=number) for number, name in GOALS],
    }
    entries: list[Entry] = []
    begins: dict[str, int] = {}
    for kind, block in blocks.items():
        begins[kind] = len(entries)
        entries.extend(block)
    return tuple(entries), begins


@dataclass
class Clicks:
    """Actions of one day; ``first`` and ``count`` of each visit say which are its own."""

    visit: Ints
    kind: Ints
    at: Ints
    first: Ints
    count: Ints


def clicks_of(world: World, seed: int, day: int, visits: Visits, duration: Ints) -> Clicks:
    """Draw the actions of a day's visits."""
    rng = generator(seed, day, "clicks")
    count = visits.actions
    visit = np.repeat(np.arange(len(visits)), count)
    first = np.cumsum(count) - count
    where = rng.random(len(visit))
    where[first] = 0.0
    where[first + count - 1] = np.where(count > 1, 1.0, 0.0)
    where = where[np.lexsort((where, visit))]
    at = visits.start[visit] + (where * duration[visit]).astype(np.int64)
    kind = _mixed(rng, len(visit))
    works = (world.people["account"][visits.person] >= 0) & ~visits.is_bot
    business = works[visit] & (rng.random(len(visit)) < 0.4)
    kind[business] = rng.choice(pages_in("business"), int(business.sum()))
    kind[first] = _landings(rng, visits)
    twice = first[visits.is_doubled]
    kind[twice + 1], at[twice + 1] = kind[twice], at[twice]
    _endings(kind, visits, first + count - 1)
    return Clicks(visit, kind, at, first, count)


def _mixed(rng: np.random.Generator, size: int) -> Ints:
    """Draw ordinary actions: mostly pages, some searches, events, downloads and outlinks."""
    entries, begins = vocabulary()
    groups = ("product", "category", "home", "blog", "help", "account", "cart")
    kind = np.zeros(size, dtype=np.int64)
    which = pick(rng, [0.42, 0.2, 0.06, 0.09, 0.05, 0.03, 0.03, 0.07, 0.03, 0.01, 0.01], size)
    for position, group in enumerate(groups):
        rows = np.flatnonzero(which == position)
        kind[rows] = rng.choice(pages_in(group), len(rows))
    for position, block in enumerate(("event", "search", "download", "outlink"), len(groups)):
        rows = np.flatnonzero(which == position)
        size_of = sum(entry.kind == block for entry in entries)
        kind[rows] = begins[block] + rng.integers(0, size_of, len(rows))
    return kind


def _landings(rng: np.random.Generator, visits: Visits) -> Ints:
    channel = np.array([source.channel for source in SOURCES])[visits.source]
    page = rng.choice(pages_in("product", "category"), len(visits))
    reads = np.isin(channel, ("Organic Search", "AI Assistant", "Referral"))
    reads &= rng.random(len(visits)) < 0.4
    page[reads] = rng.choice(pages_in("blog"), int(reads.sum()))
    home = (channel == "Direct") & (rng.random(len(visits)) < 0.6)
    page[home] = 0
    workwear = np.array([source.campaign == "workwear-b2b" for source in SOURCES])[visits.source]
    page[workwear] = rng.choice(pages_in("business"), int(workwear.sum()))
    return page


def _endings(kind: Ints, visits: Visits, last: Ints) -> None:
    """Make visits with an outcome end with the actions that show it."""
    _, begins = vocabulary()
    path = {page.path: at for at, page in enumerate(pages())}
    tails: dict[Outcome, tuple[int, ...]] = {
        Outcome.CART: (begins["event"], path["/cart"], CART),
        Outcome.NEWSLETTER: (path["/newsletter/thanks"], begins["goal"]),
        Outcome.ACCOUNT: (path["/account/register"], path["/account"], begins["goal"] + 1),
        Outcome.DEMO: (path["/business/pricing"], path["/business/demo"], begins["goal"] + 2),
        Outcome.REFERRAL: (path["/account"], path["/refer-a-friend"], begins["event"] + 4),
        Outcome.ORDER: (begins["event"], path["/cart"], path["/checkout"], ORDER),
    }
    for outcome, tail in tails.items():
        ends = last[visits.outcome == outcome]
        for back, entry in enumerate(reversed(tail)):
            keep_landing = (
                ends - back
                > last[visits.outcome == outcome] - visits.actions[visits.outcome == outcome]
            )
            kind[(ends - back)[keep_landing]] = entry


def landing_page(kind: int) -> Page:
    """Return the page behind an action kind; anything that is no page counts as the home page."""
    shown = pages()
    return shown[kind] if 0 <= kind < len(shown) else shown[0]


def page_url(path: str) -> str:
    """Return the full address of a path of the site."""
    return path if path.startswith("http") else SITE + path
