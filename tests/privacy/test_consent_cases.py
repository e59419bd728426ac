"""The cases that consent goes wrong at: merges, times, sources, ages, notices. One test a case."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Warehouse
from tests.privacy.consent_reference import END, Event, Link
from tests.privacy.consent_world import person_history, state_in

START = datetime(2026, 1, 1)  # noqa: DTZ001
NOW = START + timedelta(days=200)
ONE = [Link("a", "p"), Link("b", "p"), Link("c", "p")]


def said(key: str, action: str, day: float, **rest: Any) -> Event:
    """An act on a day, received at once; ``personal`` for one of the person, logged in."""
    at = START + timedelta(days=day)
    if rest.pop("personal", False):
        rest |= {"subject_scope": "person", "is_authenticated": True}
    number = f"{key}{action}{day}{rest.get('source', '')}{rest.get('received_at', '')}"
    return Event(number, key, action, **{"received_at": at, "occurred_at": at, **rest})


@pytest.fixture
def state(warehouse: Warehouse) -> Any:
    """Ask for the state of person p at a moment, by default long after everything."""

    def ask(
        events: list[Event],
        links: list[Link] = ONE,
        at: datetime = NOW,
        purpose: str = "email_marketing",
        person: str = "p",
        places: list[dict[str, Any]] = [],  # noqa: B006
    ) -> str:
        with warehouse.connect() as connection:
            found = person_history(connection, events, links, places, purpose)
        return state_in(found.get(person, []), at)

    return ask


# Merges


def test_a_withdrawal_on_one_of_three_merged_identities_denies_the_person(state: Any) -> None:
    grants = [said("a", "grant", 1), said("b", "grant", 2), said("c", "grant", 3)]
    assert state(grants) == "granted"
    assert state([*grants, said("b", "withdraw", 4)]) == "denied"


def test_an_older_grant_elsewhere_does_not_override_a_revocation(state: Any) -> None:
    assert state([said("a", "withdraw", 5), said("b", "grant", 1)]) == "denied"


def test_a_newer_anonymous_grant_elsewhere_does_not_override_a_revocation(state: Any) -> None:
    assert state([said("a", "withdraw", 5), said("b", "grant", 9)]) == "denied"


def test_an_authenticated_act_of_the_person_overrides_a_revocation(state: Any) -> None:
    events = [
        said("a", "withdraw", 5),
        said("b", "grant", 9),
        said("c", "grant", 10, personal=True),
    ]
    assert state(events) == "granted"
    assert state(events, at=START + timedelta(days=9, hours=12)) == "denied"


def test_a_revocation_after_the_authenticated_act_denies_again(state: Any) -> None:
    events = [said("c", "grant", 10, personal=True), said("a", "withdraw", 11)]
    assert state(events) == "denied"


def test_an_authenticated_act_that_is_not_for_the_person_overrides_nothing(state: Any) -> None:
    events = [said("a", "withdraw", 5), said("b", "grant", 9, is_authenticated=True)]
    assert state(events) == "denied"


def test_undoing_a_merge_restores_each_persons_own_state(state: Any) -> None:
    events = [said("a", "withdraw", 5), said("b", "grant", 1)]
    apart = [Link("a", "p"), Link("b", "q")]
    assert state(events, apart, person="p") == "denied"
    assert state(events, apart, person="q") == "granted"


def test_undoing_a_merge_takes_back_what_an_authenticated_act_lifted(state: Any) -> None:
    events = [said("a", "object", 5), said("b", "grant", 9, personal=True)]
    assert state(events) == "granted"
    assert state(events, [Link("a", "p"), Link("b", "q")]) == "denied"


def test_one_person_re_subscribing_with_the_same_address_is_heard(state: Any) -> None:
    assert (
        state([said("a", "grant", 1), said("a", "withdraw", 2), said("a", "grant", 3)]) == "granted"
    )


def test_an_objection_is_not_lifted_by_a_form_filled_in_with_the_same_address(state: Any) -> None:
    events = [said("a", "object", 2), said("a", "grant", 3)]
    assert state(events) == "denied"
    assert state([*events, said("a", "grant", 4, personal=True)]) == "granted"


# Times


def test_a_late_older_grant_changes_history_and_not_the_present(state: Any) -> None:
    late = said("a", "grant", 1, received_at=START + timedelta(days=30))
    events = [said("a", "withdraw", 10), late]
    assert state(events) == "denied"
    assert state(events, at=START + timedelta(days=5)) == "granted"
    assert state([said("a", "withdraw", 10)], at=START + timedelta(days=5)) == "unknown"


def test_a_grant_dated_in_the_future_counts_from_its_receipt(state: Any) -> None:
    future = said("a", "grant", 1, occurred_at=datetime(2099, 1, 1))  # noqa: DTZ001
    assert state([future], at=START + timedelta(days=2)) == "granted"
    assert state([future, said("a", "withdraw", 3)], at=datetime(2099, 6, 1)) == "denied"  # noqa: DTZ001


@pytest.mark.parametrize("denial", ["deny", "withdraw", "object", "gpc"])
def test_a_contradiction_within_the_same_second_denies(state: Any, denial: str) -> None:
    assert state([said("a", "grant", 1), said("a", denial, 1)]) == "denied"
    assert state([said("a", "grant", 1), said("b", denial, 1)]) == "denied"


def test_an_undated_opt_in_never_counts_and_an_undated_opt_out_counts_when_received(
    state: Any,
) -> None:
    undated = said("a", "grant", 1, occurred_at=None)
    assert state([undated]) == "unknown"
    events = [said("a", "grant", 1), said("a", "withdraw", 5, occurred_at=None)]
    assert state(events, at=START + timedelta(days=4)) == "granted"
    assert state(events) == "denied"


def test_a_stale_nightly_sync_with_a_new_date_changes_nothing(state: Any) -> None:
    nightly = [
        said("a", "grant", day, kind="state_observation", source="crm") for day in (1, 2, 7, 8)
    ]
    assert state([*nightly, said("a", "withdraw", 5)]) == "denied"


@pytest.mark.parametrize(("seconds", "expected"), [(-1, "granted"), (0, "unknown"), (1, "unknown")])
def test_an_implied_basis_ends_on_the_second(state: Any, seconds: int, expected: str) -> None:
    purchase = said("a", "grant", 1, legal_basis="implied_purchase", jurisdiction="CA")
    ends = START + timedelta(days=1 + 730)
    assert state([purchase], at=ends + timedelta(seconds=seconds)) == expected


def test_an_implied_basis_counts_for_nothing_where_the_policy_knows_none(state: Any) -> None:
    purchase = said("a", "grant", 1, legal_basis="implied_purchase", jurisdiction="DE")
    assert state([purchase]) == "unknown"


def test_an_implied_basis_never_outlives_or_replaces_an_express_answer(state: Any) -> None:
    events = [
        said("a", "withdraw", 1, jurisdiction="CA"),
        said("a", "grant", 2, legal_basis="implied_purchase", jurisdiction="CA"),
    ]
    assert state(events) == "denied"


def test_an_opt_in_that_was_never_confirmed_is_none(state: Any) -> None:
    assert state([said("a", "pending", 1)]) == "unknown"
    assert state([said("a", "pending", 1), said("a", "confirm", 2)]) == "granted"
    assert state([said("a", "grant", 1), said("b", "pending", 2)]) == "unknown"


# Whom and what for


def test_a_grant_for_e_mail_is_none_for_text_messages(state: Any) -> None:
    assert state([said("a", "grant", 1)], purpose="sms_marketing") == "unknown"


def test_an_objection_to_every_channel_reaches_the_purposes_own(state: Any) -> None:
    events = [said("a", "grant", 1), said("b", "object", 2, channel="any")]
    assert state(events) == "denied"


def test_an_unknown_country_takes_the_strictest_default(state: Any) -> None:
    later = [said("a", "grant", 100, purpose="ads", channel="web")]

    def default(*places: dict[str, Any]) -> Any:
        return state(later, purpose="ads", places=list(places), at=START)

    californian = {"subject_key": "a", "jurisdiction": "US-CA", "lowest_age": 30}
    french = {**californian, "subject_key": "b", "jurisdiction": "FR"}
    assert default(californian) == "granted"
    assert default() == "unknown"
    assert default({**californian, "jurisdiction": "*"}) == "unknown"
    assert default(californian, french) == "unknown"


def test_an_opt_out_default_does_not_cover_a_minor(state: Any) -> None:
    late = [said("b", "grant", 100, purpose="ads", channel="web")]
    child = {"subject_key": "a", "jurisdiction": "US-CA", "lowest_age": 14}
    assert state(late, purpose="ads", places=[child], at=START) == "unknown"


def test_a_grant_by_a_minor_needs_a_parents(state: Any) -> None:
    assert state([said("a", "grant", 1, age_band="14-15")]) == "unknown"
    assert state([said("a", "grant", 1, age_band="16-17")]) == "granted"
    assert state([said("a", "grant", 1, age_band="14-15", legal_basis="parental")]) == "granted"
    assert state([said("a", "withdraw", 1, age_band="14-15")]) == "denied"


def test_a_notice_that_did_not_name_a_purpose_grants_none(state: Any) -> None:
    def answer(action: str, notice: str) -> Any:
        event = said("a", action, 1, purpose="profiling", channel="any", notice_version=notice)
        return state([event], purpose="profiling")

    assert answer("grant", "v1") == "unknown"
    assert answer("grant", "v2") == "granted"
    assert answer("deny", "v1") == "denied"


# Browsers


ADS = {"purpose": "ads", "channel": "web", "subject_scope": "device", "source": "matomo"}


def test_the_absence_of_the_opt_out_signal_is_no_opt_in(state: Any) -> None:
    events = [
        said("a", "grant", 1, kind="state_observation", capture_method="ad_storage", **ADS),
        said("a", "gpc", 2, kind="state_observation", capture_method="sec_gpc", **ADS),
        said("a", "grant", 3, kind="state_observation", capture_method="ad_storage", **ADS),
    ]
    assert state(events, purpose="ads") == "denied"


def test_an_opt_out_signal_before_the_login_binds_the_person(state: Any) -> None:
    login = START + timedelta(days=5)
    links = [Link("a", "p", login, END), Link("b", "p")]
    events = [said("a", "gpc", 1, **ADS), said("b", "grant", 2, **ADS)]
    assert state(events, links, purpose="ads") == "denied"


def test_a_shared_browser_carries_no_answer_from_one_to_the_other(state: Any) -> None:
    handover = START + timedelta(days=10)
    links = [Link("a", "p", valid_to=handover), Link("a", "q", handover), Link("b", "p")]
    refused = [
        said("a", "gpc", 5, **ADS),
        said("a", "grant", 15, **ADS),
        said("b", "grant", 1, **ADS),
    ]
    assert state(refused, links, purpose="ads", person="p") == "denied"
    assert state(refused, links, purpose="ads", person="q") == "granted"
    granted = [said("a", "grant", 5, **ADS)]
    assert state(granted, links, purpose="ads", person="q") == "unknown"
    assert state(granted, links, purpose="ads", person="p") == "unknown"
    assert state(granted, links, purpose="ads", at=START + timedelta(days=7)) == "granted"


def test_a_shared_browser_does_not_override_an_objection_made_elsewhere(state: Any) -> None:
    events = [said("b", "object", 1, **ADS), said("a", "grant", 5, **ADS)]
    assert state(events, purpose="ads") == "denied"


def test_a_grant_in_france_for_audience_measurement_ends_after_thirteen_months(state: Any) -> None:
    web = {"purpose": "analytics", "channel": "web", "jurisdiction": "FR"}
    events = [said("a", "grant", 0, **web)]
    assert state(events, purpose="analytics", at=START + timedelta(days=394)) == "granted"
    assert state(events, purpose="analytics", at=START + timedelta(days=395)) == "unknown"
