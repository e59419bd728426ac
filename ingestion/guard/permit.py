"""What may be collected of an event, by the consent its visitor gave.

A consent string carries Google Consent Mode's four signals and GPC, for instance
``analytics_storage=granted;ad_storage=denied;ad_user_data=denied;ad_personalization=denied;gpc=0``.
Without ``analytics_storage=granted`` an event is counted and forgotten: silence is no permission.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

SIGNALS = ("analytics_storage", "ad_storage", "ad_user_data", "ad_personalization")
_STATES = {"granted": "granted", "denied": "denied"}

# Dimensions of the counts that stay of visits without permission.
DailyKey = tuple[str, str, str, str]


def signals_of(consent: str | None) -> Mapping[str, str]:
    """Return each signal as granted, denied or unknown, and ``gpc`` as 1 or 0."""
    given = dict(
        part.strip().partition("=")[::2] for part in (consent or "").lower().split(";") if part
    )
    signals = {name: _STATES.get(given.get(name, "").strip(), "unknown") for name in SIGNALS}
    return signals | {"gpc": "1" if given.get("gpc", "").strip() in {"1", "true"} else "0"}


def page_group(path: str | None) -> str:
    """Return the part of a site a path belongs to: its first segment."""
    first = (path or "/").strip("/").partition("/")[0]
    return f"/{first}"[:64]


def source_class(referrer_type: str | None) -> str:
    """Return the kind of source a visit came from, never which one."""
    kind = (referrer_type or "").lower()
    return kind if kind in {"direct", "search", "social", "campaign", "website"} else "other"


def daily_counts(visits: Iterable[tuple[DailyKey, int]]) -> list[dict[str, object]]:
    """Return one row per day, page group, country and source class, with visits and actions."""
    visit_count: Counter[DailyKey] = Counter()
    action_count: Counter[DailyKey] = Counter()
    for key, actions in visits:
        visit_count[key] += 1
        action_count[key] += actions
    return [
        {
            "activity_date": key[0],
            "page_group": key[1],
            "country_code": key[2],
            "source_class": key[3],
            "visit_count": visits_seen,
            "action_count": action_count[key],
        }
        for key, visits_seen in sorted(visit_count.items())
    ]
