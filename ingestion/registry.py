"""Which sources there are. ``SOURCES`` are part of the job; adding one is an entry here, and what
``ingestion/sources/README.md`` lists beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import dlt
from dlt.extract.source import DltSource

from ingestion.guard.shapes import Shape

# Placeholders a source can be described with before anything is configured.
UNRESOLVED = {"base_url": "https://unresolved.invalid", "access_token": "unresolved"}


@dataclass(frozen=True)
class SourceSpec:
    """One source: vendor, domain (crm, web, shop, files), and where its module is.

    The module ``<module>`` holds a function named like the vendor, ``<module>_shapes`` (or the
    module itself, where it has none) its SHAPES.
    """

    name: str
    vendor: str
    domain: str
    module: str
    resources: tuple[str, ...]
    # What a configuration must name before the source counts as connected.
    settings: tuple[str, ...] = ("base_url", "access_token")

    @property
    def dataset(self) -> str:
        """Return the Postgres schema, which is also the dlt source's and the dbt source's name."""
        return self.name

    def make(self, **settings: Any) -> DltSource:
        """Return the source, settings and credentials read from dlt's configuration now."""
        factory: Callable[..., DltSource] = getattr(import_module(self.module), self.vendor)
        return factory(**settings)

    def shapes(self) -> tuple[Shape, ...]:
        """Return the declared shapes of the source's resources."""
        beside = f"{self.module}_shapes"
        declaring = import_module(beside if find_spec(beside) else self.module)
        found: tuple[Shape, ...] = declaring.SHAPES
        return found

    def describe(self) -> DltSource:
        """Return the source without any configuration: resources, keys, columns."""
        return self.make(**{name: UNRESOLVED[name] for name in self.settings})


SOURCES: dict[str, SourceSpec] = {
    spec.name: spec
    for spec in (
        SourceSpec(
            "raw_hubspot",
            "hubspot",
            "crm",
            "ingestion.sources.crm.hubspot",
            (
                "contacts",
                "companies",
                "deals",
                "deal_stage_history",
                "associations",
                "contact_merges",
                "subscription_definitions",
                "subscription_statuses",
                "engagements",
                "tickets",
                "leads",
                "campaigns",
                "campaign_members",
            ),
        ),
        SourceSpec(
            "raw_matomo",
            "matomo",
            "web",
            "ingestion.sources.web.matomo",
            ("visits", "actions", "unconsented_daily"),
        ),
        SourceSpec(
            "raw_shopify",
            "shopify",
            "shop",
            "ingestion.sources.shop.shopify",
            (
                "customers",
                "customer_merges",
                "orders",
                "order_lines",
                "refunds",
                "refund_lines",
                "fulfillments",
                "products",
                "product_variants",
                "inventory_levels",
                "abandoned_checkouts",
                "abandoned_checkout_lines",
                "returns",
                "return_lines",
            ),
        ),
        SourceSpec(
            "raw_files",
            "files",
            "files",
            "ingestion.sources.files.files",
            ("ad_spend", "pos_sales", "pos_sale_lines", "calls", "tickets", "consents"),
            settings=("base_url",),
        ),
    )
}


def _event_files(vendor: str) -> SourceSpec:
    return SourceSpec(
        f"raw_{vendor}",
        vendor,
        "web",
        f"ingestion.sources.web.{vendor}",
        ("events", "event_files", "unconsented_daily"),
        settings=("base_url",),
    )


# Loaders that are whole but not part of the job: `load` takes them, and a line in SOURCES, with the
# staging folder that goes with it, makes one of them part (see ingestion/sources/README.md).
MORE_SOURCES: dict[str, SourceSpec] = {
    spec.name: spec
    for spec in (
        _event_files("ga4"),
        _event_files("segment"),
        _event_files("snowplow"),
        SourceSpec(
            "raw_woocommerce",
            "woocommerce",
            "shop",
            "ingestion.sources.shop.woocommerce",
            ("customers", "orders", "order_lines", "refunds"),
        ),
        SourceSpec(
            "raw_salesforce",
            "salesforce",
            "crm",
            "ingestion.sources.crm.salesforce",
            (
                "individuals",
                "consents",
                "accounts",
                "contacts",
                "leads",
                "campaigns",
                "campaign_members",
                "opportunities",
                "opportunity_stages",
                "opportunity_contacts",
                "activities",
                "record_merges",
            ),
        ),
        SourceSpec(
            "raw_bottlecrm",
            "bottlecrm",
            "crm",
            "ingestion.sources.crm.bottlecrm",
            ("contacts", "leads", "accounts", "opportunities", "cases"),
        ),
        SourceSpec(
            "raw_medusa",
            "medusa",
            "shop",
            "ingestion.sources.shop.medusa",
            (
                "customers",
                "orders",
                "order_lines",
                "refunds",
                "fulfillments",
                "products",
                "product_variants",
            ),
        ),
    )
}

ALL_SOURCES = SOURCES | MORE_SOURCES


def is_configured(vendor: str) -> bool:
    """Tell whether dlt's configuration names what a vendor needs: server, token, folder."""
    for setting in SOURCES[f"raw_{vendor}"].settings:
        if dlt.secrets.get(f"sources.{vendor}.{setting}") is None:
            return False
    return True
