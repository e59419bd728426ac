"""What the marts say is what happened, as the company that made the data knows.

What the vendors themselves no longer tell is not compared, and the comparisons in
``orchestration/journey/comparisons`` say so where they leave it out: visits without permission, the
marketing and sales dates of a contact that was merged into another, deals deleted.

In a large company some differences stay, and are explained. Of 200,000 people: 10 funnel entries
and 2 stages of deals whose contact was erased in the CRM (the deal stays, the truth forgets it), 1
visit with a pause longer than a session may have (two sessions by the rule), 2 stages of one person
whom another's record was taken for. So one in ten thousand people may differ.
"""

import json

import pytest

from orchestration.journey.evaluate import COMPARISONS, WRONG
from tests.acceptance.conftest import PEOPLE, Hub
from tests.acceptance.test_convergence import fingerprints

EXPLAINED = PEOPLE // 10_000


def wrong(hub: Hub) -> dict[str, int]:
    """Return the figures that differ from the truth; everything there is was compared."""
    done = hub.tandem("journey", "evaluate", "--json")
    found = json.loads(done.stdout)
    assert found.keys() == {file.stem for file in COMPARISONS.glob("*.sql")}
    assert found["orders"]["orders"] > PEOPLE / 5
    assert found["sessions"]["visits"] > PEOPLE
    assert found["stages"]["families_reached"] > PEOPLE
    assert found["funnel"]["mql"] > PEOPLE / 50
    differences = {
        f"{subject}: {name}": count
        for subject, counts in found.items()
        for name, count in counts.items()
        if name.startswith(WRONG) and count
    }
    assert done.returncode == (1 if differences else 0)
    return differences


def consents(hub: Hub) -> dict[str, dict[str, int]]:
    """Return how the hub's consent states compare with the truth."""
    found: dict[str, dict[str, int]] = json.loads(
        hub.tandem("consent", "evaluate", "--json").stdout
    )
    assert all(counts["agreed"] > PEOPLE for counts in found.values())
    return found


@pytest.fixture(scope="module")
def a_month_later(hub: Hub) -> Hub:
    """The hub after 30 days with late visits, refunds, merges and withdrawals, in three loads."""
    for _ in range(3):
        done = hub.tandem("sandbox", "advance", "10", "--people", str(PEOPLE))
        assert done.returncode == 0, done.stderr[-2000:]
        hub.refresh()
    return hub


def test_orders_sessions_stages_and_the_funnel_are_what_happened(hub: Hub) -> None:
    found = wrong(hub)
    assert sum(found.values()) <= EXPLAINED, found


def test_nothing_is_allowed_that_people_did_not_allow(hub: Hub) -> None:
    found = consents(hub)
    assert {counts["towards_allow"] for counts in found.values()} == {0}, found


def test_nor_is_it_after_a_month_of_withdrawals_and_changes_of_address(a_month_later: Hub) -> None:
    found = consents(a_month_later)
    assert {counts["towards_allow"] for counts in found.values()} == {0}, found


def test_a_month_of_increments_later_they_still_are(a_month_later: Hub) -> None:
    found = wrong(a_month_later)
    assert sum(found.values()) <= EXPLAINED, found


def test_a_month_of_increments_is_what_a_full_refresh_builds(a_month_later: Hub) -> None:
    before = fingerprints(a_month_later)
    a_month_later.refresh("--full-refresh")
    assert fingerprints(a_month_later) == before
