"""Shopify: queries valid in five API versions, bulk operations taken whole or not at all."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import build_schema, parse, validate

from ingestion.sources.errors import CredentialsError, SourceError, WrongAnswerError
from ingestion.sources.shop.shopify_api import Shopify
from ingestion.sources.shop.shopify_merges import merges_of
from ingestion.sources.shop.shopify_queries import DOCUMENTS

SCHEMAS = sorted((Path(__file__).parent / "shopify_api").glob("*.graphql"))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_query_is_valid_in_an_api_version(schema: Path, name: str) -> None:
    assert validate(build_schema(schema.read_text()), parse(DOCUMENTS[name])) == []


def test_there_are_five_api_versions() -> None:
    assert len(SCHEMAS) == 5


def test_a_query_for_a_field_that_is_gone_is_noticed() -> None:
    schema = build_schema(SCHEMAS[0].read_text())
    assert validate(schema, parse("{ customers { edges { node { id shoeSize } } } }"))


class Shop:
    """Runs bulk operations that end as told, and serves their files."""

    def __init__(self, *endings: dict[str, Any], lines: list[Any] | None = None) -> None:
        self.endings = list(endings)
        self.file = [orjson.dumps(line) for line in lines or []]
        self.refusals: list[Any] = []
        self.started = 0

    def json(self, method: str, path: str, json: dict[str, Any]) -> Any:
        if self.refusals:
            return self.refusals.pop(0)
        if "RunBulk" in json["query"]:
            self.started += 1
            return {
                "data": {
                    "bulkOperationRunQuery": {
                        "bulkOperation": {
                            "id": "gid://shopify/BulkOperation/1",
                            "status": "CREATED",
                        },
                        "userErrors": [],
                    }
                }
            }
        ending = self.endings[0] if len(self.endings) == 1 else self.endings.pop(0)
        return {
            "data": {
                "node": {
                    "id": "1",
                    "errorCode": None,
                    "url": "file",
                    "objectCount": str(len(self.file)),
                }
                | ending
            }
        }

    def lines(self, url: str, expected: int) -> Any:
        yield from self.file


def bulk(shop: Shop) -> list[Any]:
    return list(Shopify(shop, shop, sleep=lambda _: None).bulk("{ orders }"))  # type: ignore[arg-type]


RUNNING, DONE = {"status": "RUNNING"}, {"status": "COMPLETED"}


def test_a_completed_operation_is_read_line_by_line() -> None:
    assert bulk(Shop(RUNNING, RUNNING, DONE, lines=[{"id": 1}, {"id": 2}])) == [
        {"id": 1},
        {"id": 2},
    ]


def test_an_operation_without_objects_is_empty() -> None:
    assert bulk(Shop(DONE | {"url": None, "objectCount": "0"})) == []


@pytest.mark.parametrize("status", ["FAILED", "CANCELED", "EXPIRED"])
def test_an_operation_that_fails_is_run_again_and_its_partial_file_never_used(status: str) -> None:
    partial = {"status": status, "url": None, "partialDataUrl": "half"}
    shop = Shop(partial, DONE, lines=[{"id": 1}])
    assert bulk(shop) == [{"id": 1}]
    assert shop.started == 2
    with pytest.raises(SourceError, match=status):
        bulk(Shop(partial, lines=[{"id": 1}]))


def test_a_file_with_a_broken_line_is_refused() -> None:
    shop = Shop(DONE, lines=[{"id": 1}])
    shop.file = [b'{"id": 1, }']
    with pytest.raises(WrongAnswerError, match="broken line"):
        bulk(shop)


def test_throttling_waits_as_long_as_the_budget_needs() -> None:
    waits: list[float] = []
    shop = Shop(DONE)
    shop.refusals = [
        {
            "errors": [{"extensions": {"code": "THROTTLED"}}],
            "extensions": {
                "cost": {
                    "requestedQueryCost": 600,
                    "throttleStatus": {"currentlyAvailable": 100, "restoreRate": 50},
                }
            },
        }
    ]
    api = Shopify(shop, shop, sleep=waits.append)  # type: ignore[arg-type]
    api.ask("{ shop }")
    assert waits == [10.0]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ("[API] Invalid API key or access token", CredentialsError),
        ([{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}], SourceError),
    ],
)
def test_refusals_name_the_next_step(errors: Any, expected: type[SourceError]) -> None:
    shop = Shop(DONE)
    shop.refusals = [{"errors": errors}]
    with pytest.raises(expected, match="Next:"):
        Shopify(shop, shop, sleep=lambda _: None).ask("{ shop }")  # type: ignore[arg-type]


def test_refund_lines_page_inside_one_refund() -> None:
    def refund(numbers: list[int], more: bool) -> dict[str, Any]:
        return {
            "id": "gid://shopify/Refund/1",
            "order": {"id": "gid://shopify/Order/2"},
            "refundLineItems": {
                "nodes": [{"quantity": n} for n in numbers],
                "pageInfo": {"hasNextPage": more, "endCursor": "c"},
            },
        }

    shop = Shop(DONE)
    shop.refusals = [
        {"data": {"nodes": [refund([1, 2], True), None]}},
        {"data": {"node": refund([3], False)}},
    ]
    api = Shopify(shop, shop, sleep=lambda _: None)  # type: ignore[arg-type]
    found = list(api.refund_lines(["gid://shopify/Refund/1", "gid://shopify/Refund/9"]))
    assert [each["line"]["quantity"] for each in found] == [1, 2, 3]


class Known:
    """Knows what an earlier load left: three orders of customer 1."""

    as_of = datetime(2026, 9, 30)  # noqa: DTZ001 - the loader's times are plain UTC

    def known(self, table: str, columns: list[str], where: str) -> list[tuple[str, str]]:
        return [("11", "1"), ("12", "1"), ("13", "1")]


@pytest.mark.parametrize(
    ("owners", "survivors"),
    [
        (["2", "2", "2"], ["2"]),
        (["2", "2", "gone"], ["2"]),
        (["2", "3", "2"], []),
        (["2", None, "2"], []),
        ([None, None, None], []),
        (["1", "1", "1"], []),
        (["gone", "gone", "gone"], []),
    ],
)
def test_a_customer_was_merged_when_all_its_orders_are_one_others_now(
    owners: list[str | None], survivors: list[str]
) -> None:
    shop = Shop(DONE)
    told = [
        {
            "id": f"gid://shopify/Order/{number}",
            "customer": owner and {"id": f"gid://shopify/Customer/{owner}"},
        }
        if owner != "gone"
        else None
        for number, owner in zip((11, 12, 13), owners, strict=True)
    ]
    shop.refusals = [{"data": {"nodes": told}}]
    merges = merges_of(Known(), Shopify(shop, shop), ["1"])  # type: ignore[arg-type]
    assert [(each["survivor"], each["merged"]) for each in merges] == [(s, "1") for s in survivors]
