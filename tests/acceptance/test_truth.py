"""What the marts say is what happened, as the company that made the data knows."""

import json

import pytest

from orchestration.journey.evaluate import COMPARISONS, WRONG
from tests.acceptance.conftest import PEOPLE, Hub


@pytest.mark.parametrize("days", [0, 3])
def test_orders_sessions_stages_and_the_funnel_are_what_happened(hub: Hub, days: int) -> None:
    if days:
        hub.tandem("sandbox", "advance", str(days), "--people", str(PEOPLE))
        hub.refresh()
    done = hub.tandem("journey", "evaluate", "--json")
    found = json.loads(done.stdout)
    assert found.keys() == {file.stem for file in COMPARISONS.glob("*.sql")}
    assert found["orders"]["orders"] > PEOPLE / 5
    assert found["sessions"]["visits"] > PEOPLE
    assert found["stages"]["families_reached"] > PEOPLE
    assert found["funnel"]["mql"] > PEOPLE / 50
    wrong = {
        f"{subject}: {name}": count
        for subject, counts in found.items()
        for name, count in counts.items()
        if name.startswith(WRONG) and count
    }
    assert wrong == {}
    assert done.returncode == 0
