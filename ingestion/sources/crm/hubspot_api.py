"""HubSpot's CRM v3, associations v4 and communication preferences, as far as a load needs them.

Limits are HubSpot's own (developers.hubspot.com/docs/api-reference): list pages 100, batch reads
100 (50 with history), association batches 1,000, search pages 200 and never past 10,000 results
of one query.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ingestion.sources.crm.hubspot_activity_shapes import (
    CAMPAIGN_PROPERTIES,
    ENGAGEMENT_PROPERTIES,
    TEXTS,
)
from ingestion.sources.errors import WrongAnswerError
from ingestion.sources.transport import Transport

LIST_PAGE = 100
SEARCH_PAGE = 200
BATCH = 100
BATCH_WITH_HISTORY = 50
ASSOCIATION_BATCH = 1_000
STATUS_BATCH = 100
# Longest query string sent; properties beyond it are read by batch instead of being cut off.
_LONGEST_QUERY = 3_500

# The wrong one is accepted by HubSpot and finds nothing.
MODIFIED = {"contacts": "lastmodifieddate"}
_MODIFIED_ELSEWHERE = "hs_lastmodifieddate"

ENGAGEMENTS = frozenset({"calls", "meetings", "emails", "notes"})
_CAMPAIGNS = "/marketing/v3/campaigns"

Record = dict[str, Any]


class HubSpot:
    """The calls of one run; remembers the properties of each object type."""

    def __init__(self, transport: Transport, page_size: int = LIST_PAGE) -> None:
        self._http = transport
        self._page = min(page_size, LIST_PAGE)
        self._properties: dict[str, list[str]] = {}

    def properties(self, kind: str) -> list[str]:
        """Return the names of all properties to read of an object type: no texts people wrote."""
        if kind in ENGAGEMENTS:
            return list(ENGAGEMENT_PROPERTIES)
        if kind not in self._properties:
            answer = self._http.json("GET", f"/crm/v3/properties/{kind}", having="results")
            self._properties[kind] = [
                each["name"]
                for each in answer["results"]
                if each["name"] not in TEXTS.get(kind, frozenset())
            ]
        return self._properties[kind]

    def total(self, kind: str) -> int:
        """Return how many live records HubSpot says there are."""
        body = {"limit": 1, "properties": ["hs_object_id"], "filterGroups": []}
        path = f"/crm/v3/objects/{kind}/search"
        return int(self._http.json("POST", path, having="total", json=body)["total"])

    def ids(self, kind: str) -> set[str]:
        """Return the ids of all live records, the slow and certain way."""
        return {str(record["id"]) for page in self._listed(kind, {}) for record in page}

    def everything(self, kind: str, archived: bool = False) -> Iterator[list[Record]]:
        """Yield pages of all live (or all archived) records, with every property."""
        names = self.properties(kind)
        query = {"archived": "true"} if archived else {}
        if sum(map(len, names)) + len(names) <= _LONGEST_QUERY:
            yield from self._listed(kind, query | {"properties": ",".join(names)})
            return
        for page in self._listed(kind, query):
            yield self.read(kind, [str(record["id"]) for record in page], archived=archived)

    def changed(self, kind: str, since: datetime) -> Iterator[list[Record]]:
        """Yield pages of live records changed since then.

        Keyset on the record id inside the window of modification times: no query ever reaches
        HubSpot's limit of 10,000 results, also when more records than that share one moment.
        """
        modified = MODIFIED.get(kind, _MODIFIED_ELSEWHERE)
        last = "0"
        while True:
            filters = [
                {"propertyName": modified, "operator": "GTE", "value": _milliseconds(since)},
                {"propertyName": "hs_object_id", "operator": "GT", "value": last},
            ]
            body = {
                "filterGroups": [{"filters": filters}],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": self.properties(kind),
                "limit": SEARCH_PAGE,
            }
            path = f"/crm/v3/objects/{kind}/search"
            page = self._http.json("POST", path, having="results", json=body)["results"]
            if not page:
                return
            yield page
            reached = max((str(record["id"]) for record in page), key=int)
            if int(reached) <= int(last):
                raise WrongAnswerError("hubspot", f"search of {kind} returned the same page twice")
            last = reached
            if len(page) < SEARCH_PAGE:
                return

    def read(
        self,
        kind: str,
        ids: Sequence[str],
        history: Sequence[str] = (),
        archived: bool = False,
        names: Sequence[str] = (),
    ) -> list[Record]:
        """Return records by id with every property (or ``names``), and the history of some."""
        size = BATCH_WITH_HISTORY if history else BATCH
        path = f"/crm/v3/objects/{kind}/batch/read"
        records: list[Record] = []
        for chunk in in_batches(ids, size):
            body: dict[str, Any] = {
                "inputs": [{"id": record_id} for record_id in chunk],
                "properties": list(names) or self.properties(kind),
            }
            if history:
                body["propertiesWithHistory"] = list(history)
            query = {"archived": "true"} if archived else {}
            answer = self._http.json("POST", path, having="results", json=body, params=query)
            records += answer["results"]
        return records

    def addresses(self) -> Iterator[list[Record]]:
        """Yield pages of all live contacts with nothing but their addresses, former ones too."""
        query = {"properties": "email", "propertiesWithHistory": "email"}
        yield from self._pages(
            "/crm/v3/objects/contacts", query | {"limit": str(BATCH_WITH_HISTORY)}, "contacts"
        )

    def associations(
        self, kind: str, other: str, ids: Sequence[str]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield (from id, to id, label) of every link; links page inside one record's answer."""
        path = f"/crm/v4/associations/{kind}/{other}/batch/read"
        for chunk in in_batches(ids, ASSOCIATION_BATCH):
            waiting: list[Record] = [{"id": record_id} for record_id in chunk]
            asked: set[tuple[str, str]] = set()
            while waiting:
                answer = self._http.json("POST", path, having="results", json={"inputs": waiting})
                waiting = []
                for result in answer.get("results", []):
                    start = str(result["from"]["id"])
                    for link in result.get("to", []):
                        for label in link.get("associationTypes") or [{}]:
                            name = label.get("label") or f"type {label.get('typeId', 0)}"
                            yield start, str(link["toObjectId"]), name
                    after = result.get("paging", {}).get("next", {}).get("after")
                    if after is not None:
                        if (start, str(after)) in asked:
                            raise WrongAnswerError("hubspot", "association pages repeat")
                        asked.add((start, str(after)))
                        waiting.append({"id": start, "after": str(after)})

    def subscription_definitions(self) -> list[Record]:
        """Return the account's subscription types."""
        answer = self._http.json("GET", "/communication-preferences/v3/definitions")
        return list(answer.get("subscriptionDefinitions") or answer.get("results") or [])

    def subscription_statuses(self, addresses: Sequence[str]) -> Iterator[Record]:
        """Yield one record per address and subscription type, the address under ``email``."""
        path = "/communication-preferences/v4/statuses/batch/read"
        for chunk in in_batches(addresses, STATUS_BATCH):
            body = {"inputs": list(chunk)}
            answer = self._http.json(
                "POST", path, having="results", json=body, params={"channel": "EMAIL"}
            )
            for result in answer.get("results", []):
                for status in result.get("statuses", []):
                    yield status | {"email": result["subscriberIdString"]}

    def campaigns(self) -> Iterator[Record]:
        """Yield the account's marketing campaigns."""
        query = {"properties": ",".join(CAMPAIGN_PROPERTIES)}
        for page in self._pages(_CAMPAIGNS, query, "campaigns"):
            yield from page

    def campaign_contacts(self, campaign: str, touch: str) -> Iterator[str]:
        """Yield the ids of the contacts a campaign touched in one way."""
        path = f"{_CAMPAIGNS}/{campaign}/reports/contacts/{touch}"
        for page in self._pages(path, {}, "contacts of a campaign"):
            yield from (str(each["id"]) for each in page)

    def _listed(self, kind: str, query: dict[str, str]) -> Iterator[list[Record]]:
        yield from self._pages(f"/crm/v3/objects/{kind}", query, kind)

    def _pages(self, path: str, query: dict[str, str], what: str) -> Iterator[list[Record]]:
        after: str | None = None
        used: set[str] = set()
        while True:
            params = {"limit": str(self._page)} | query | ({"after": after} if after else {})
            answer = self._http.json("GET", path, having="results", params=params)
            yield answer["results"]
            after = answer.get("paging", {}).get("next", {}).get("after")
            if after is None:
                return
            if after in used:
                raise WrongAnswerError(
                    "hubspot", f"the list of {what} has a page cursor that repeats"
                )
            used.add(after)


def in_batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of at most ``size`` items."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _milliseconds(at: datetime) -> str:
    return str(int((at - datetime(1970, 1, 1)).total_seconds() * 1000))  # noqa: DTZ001
