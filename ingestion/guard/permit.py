"""What may be collected of an event, by the consent its visitor gave.

A consent string carries Google Consent Mode's four signals and GPC, for instance
``analytics_storage=granted;ad_storage=denied;ad_user_data=denied;ad_personalization=denied;gpc=0``.
The strings of consent platforms are read too, alone or as ``tcf=…``, ``gpp=…``, ``us_privacy=…``;
where they differ, the refusal counts.
Without ``analytics_storage=granted`` an event is counted and forgotten: silence is no permission.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from ingestion.guard import consent_strings

SIGNALS = ("analytics_storage", "ad_storage", "ad_user_data", "ad_personalization")
# TCF purposes that each signal needs, all of them. Google's own reading (support.google.com,
# "Consent mode and TCF") for ads; for analytics, storage (1) and measuring content (8).
TCF_PURPOSES = {
    "analytics_storage": (1, 8),
    "ad_storage": (1, 2),
    "ad_user_data": (1, 7),
    "ad_personalization": (3, 4),
}
# What each right to opt out of the US sections switches off.
_OPT_OUTS = {
    "sale": ("ad_user_data",),
    "sharing": ("ad_user_data", "ad_personalization"),
    "targeted_advertising": ("ad_storage", "ad_personalization"),
}
_STRINGS = ("tcf", "gpp", "us_privacy")

# Dimensions of the counts that stay of visits without permission.
DailyKey = tuple[str, str, str, str]


def signals_of(consent: str | None) -> Mapping[str, str]:
    """Return each signal as granted, denied or unknown, and ``gpc`` as 1 or 0."""
    text = (consent or "").strip()
    given: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        given[name.lower()] = value.strip()
    said = [{name: given[name].lower() for name in SIGNALS if name in given}]
    has_gpc = given.get("gpc", "").lower() in {"1", "true"}
    strings = [given[name] for name in _STRINGS if given.get(name)]
    for string in strings or ([text] if text and "=" not in text else []):
        told, signalled = _told(string)
        said.append(told)
        has_gpc |= signalled
    signals = {name: _strictest(each.get(name) for each in said) for name in SIGNALS}
    return signals | {"gpc": "1" if has_gpc else "0"}


def _told(string: str) -> tuple[dict[str, str], bool]:
    """Return what a consent platform's string says as signals; one that is unreadable, nothing."""
    try:
        said = consent_strings.read(string)
    except consent_strings.ConsentStringError:
        return {}, False
    signals: dict[str, str] = {}
    for right, used in said.opt_outs.items():
        for name in _OPT_OUTS[right]:
            signals[name] = _strictest((signals.get(name), "denied" if used else "granted"))
    if said.purposes is not None:
        for name, needed in TCF_PURPOSES.items():
            state = "granted" if said.purposes.issuperset(needed) else "denied"
            signals[name] = _strictest((signals.get(name), state))
    return signals, said.has_gpc


def _strictest(states: Iterable[str | None]) -> str:
    given = set(states)
    return next((state for state in ("denied", "granted") if state in given), "unknown")


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
