"""A month read twice and everything read again leave what one load left, for every vendor."""

from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.pipelines import load
from ingestion.registry import ALL_SOURCES
from tests.conftest import Warehouse
from tests.integration.sandbox_company import Company, rows, served

_MONTH, _ALL = 31 * 24 * 60, 3 * 365 * 24 * 60
# How each vendor's loader is told to read a month, and everything, again.
AGAIN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hubspot": ({"lookback_minutes": _MONTH, "sweep_hours": 0}, {"lookback_minutes": _ALL}),
    "matomo": ({"lookback_days": 31}, {"full_read": True}),
    "shopify": ({"lookback_minutes": _MONTH}, {"lookback_minutes": _ALL}),
    "woocommerce": ({"lookback_minutes": _MONTH}, {"lookback_minutes": _ALL}),
    "salesforce": ({"lookback_minutes": _MONTH}, {"full_refresh": True}),
    "files": ({"full_read": True}, {"full_read": True}),
}


@pytest.fixture(scope="module")
def company(fresh_database: Warehouse) -> Iterator[Company]:
    with served(people=300) as company:
        yield company


def loaded(vendor: str) -> dict[str, list[str]]:
    """Return all rows of a source, each as often as it is there, without load ids."""
    spec = ALL_SOURCES[f"raw_{vendor}"]
    return {
        table: sorted(
            repr(sorted((k, v) for k, v in row.items() if k != "_dlt_load_id"))
            for row in rows(f"{spec.name}.{table}")
        )
        for table in spec.resources
    }


@pytest.mark.parametrize("vendor", sorted(AGAIN))
def test_a_month_twice_and_everything_again_change_nothing(company: Company, vendor: str) -> None:
    month, everything = AGAIN[vendor]
    load(f"raw_{vendor}")
    before = loaded(vendor)
    assert any(before.values())
    load(f"raw_{vendor}", **month)
    load(f"raw_{vendor}", **month)
    assert loaded(vendor) == before
    load(f"raw_{vendor}", **everything)
    assert loaded(vendor) == before
