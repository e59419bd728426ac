"""The extracts of Shopify's schema say what the published introspection says."""

from pathlib import Path

import pytest
from graphql import parse, validate

from ingestion.sources.shop.shopify_queries import DOCUMENTS
from tests.servers import install
from tests.unit.shopify_api import extract

pytestmark = pytest.mark.servers
DATA = install.folder("shopify") / "node_modules" / "@shopify" / "dev-mcp" / "dist" / "data"


@pytest.mark.parametrize("version", extract.VERSIONS)
def test_every_query_is_valid_in_the_whole_of_a_version(version: str) -> None:
    whole = extract.published(DATA, version)
    for document in DOCUMENTS.values():
        assert validate(whole, parse(document)) == []


@pytest.mark.parametrize("version", extract.VERSIONS)
def test_an_extract_is_what_the_package_says_today(version: str) -> None:
    kept = Path(extract.__file__).parent / f"{version}.graphql"
    assert kept.read_text().endswith(extract.extract(extract.published(DATA, version)))
