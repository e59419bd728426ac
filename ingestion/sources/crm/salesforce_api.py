"""Salesforce's REST API as far as a load needs it: log in, describe, query all.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest (query, queryAll, describe)
and the OAuth 2.0 client credentials flow. ``queryAll`` shows deleted and merged-away records too,
and activities older than a year, which ``query`` hides as archived although nobody deleted them.
A page may be shorter than asked for; only ``done`` says that it was the last one.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ingestion.guard.shapes import Shape
from ingestion.sources.errors import CredentialsError, SourceError, WrongAnswerError
from ingestion.sources.transport import Transport

API_VERSION = "62.0"
# A URL may have 16,384 characters; beyond this the rest of the fields is read by id.
LONGEST_FIELDS = 10_000
IDS_PER_QUERY = 200
# Compound fields repeat their parts, and files are no attributes.
_SKIPPED_TYPES = {"address", "location", "base64", "complexvalue"}

Record = dict[str, Any]


class Salesforce:
    """The calls of one run. A session that ends in between is renewed once."""

    def __init__(self, transport: Transport, token: str, version: str = API_VERSION) -> None:
        self._http = transport
        self._key, _, self._secret = token.partition(":")
        if not self._secret:
            raise SourceError(
                "salesforce",
                "the token has no secret",
                "set [sources.salesforce] access_token to <consumer key>:<consumer secret> of a "
                "connected app with the client credentials flow",
            )
        self._root = f"/services/data/v{version}"
        self._bearer: str | None = None
        self._objects: frozenset[str] | None = None

    def objects(self) -> frozenset[str]:
        """Return the objects the org has and the app may read."""
        if self._objects is None:
            found = self._get(f"{self._root}/sobjects", having="sobjects")["sobjects"]
            self._objects = frozenset(o["name"] for o in found if o.get("queryable", True))
        return self._objects

    def fields(self, name: str, shape: Shape) -> list[str]:
        """Return the fields to read: all of an object with misfits, else those of its shape."""
        found = self._get(f"{self._root}/sobjects/{name}/describe", having="fields")["fields"]
        there = {f["name"] for f in found if f.get("type") not in _SKIPPED_TYPES}
        declared = [f.path for f in shape.fields if f.path in there]
        if not shape.misfit_paths:
            return declared
        own = sorted(n for n in there if n.endswith("__c") and n not in declared)
        return declared + own

    def total(self, name: str) -> int:
        """Return how many live records there are, archived activities included."""
        query = f"SELECT COUNT() FROM {name} WHERE IsDeleted = false"  # noqa: S608 - SOQL
        return int(self._query(query)["totalSize"])

    def ids(self, name: str) -> set[str]:
        """Return the ids of all live records, archived activities included."""
        query = f"SELECT Id FROM {name} WHERE IsDeleted = false"  # noqa: S608 - SOQL
        return {str(record["Id"]) for page in self._pages(query) for record in page}

    def changed(
        self, name: str, fields: Sequence[str], since: datetime | None
    ) -> Iterator[list[Record]]:
        """Yield pages of records changed since then, deleted and merged-away ones included."""
        first, rest = _split(fields)
        where = f" WHERE SystemModstamp >= {since.isoformat(timespec='seconds')}Z" if since else ""
        query = f"SELECT {','.join(first)} FROM {name}{where} ORDER BY SystemModstamp, Id"  # noqa: S608
        for page in self._pages(query):
            for group in rest:
                self._complete(name, page, group)
            yield page

    def read(self, name: str, fields: Sequence[str], ids: Sequence[str]) -> list[Record]:
        """Return records by id."""
        first, rest = _split(fields)
        found: list[Record] = []
        for begin in range(0, len(ids), IDS_PER_QUERY):
            found += self._by_id(name, first, ids[begin : begin + IDS_PER_QUERY])
        for group in rest:
            self._complete(name, found, group)
        return found

    def _complete(self, name: str, page: list[Record], fields: Sequence[str]) -> None:
        """Add further fields to the records of a page."""
        by_id = {str(record["Id"]): record for record in page}
        ids = sorted(by_id)
        for begin in range(0, len(ids), IDS_PER_QUERY):
            for more in self._by_id(name, ["Id", *fields], ids[begin : begin + IDS_PER_QUERY]):
                by_id[str(more["Id"])].update(more)

    def _by_id(self, name: str, fields: Sequence[str], ids: Sequence[str]) -> list[Record]:
        listed = ",".join(f"'{each}'" for each in ids)
        query = f"SELECT {','.join(fields)} FROM {name} WHERE Id IN ({listed})"  # noqa: S608
        return [record for page in self._pages(query) for record in page]

    def _pages(self, query: str) -> Iterator[list[Record]]:
        answer = self._query(query)
        used: set[str] = set()
        while True:
            yield answer["records"]
            if answer.get("done") is True:
                return
            following = answer.get("nextRecordsUrl")
            if not following or following in used:
                raise WrongAnswerError("salesforce", "a query's pages repeat or end too early")
            used.add(following)
            answer = self._get(following, having="records")

    def _query(self, query: str) -> Any:
        return self._get(f"{self._root}/queryAll", having="totalSize", params={"q": query})

    def _get(self, path: str, **request: Any) -> Any:
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._session()}"}
            try:
                return self._http.json("GET", path, headers=headers, **request)
            except CredentialsError:
                self._bearer = None
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _session(self) -> str:
        if self._bearer is None:
            form = {
                "grant_type": "client_credentials",
                "client_id": self._key,
                "client_secret": self._secret,
            }
            answer = self._http.json(
                "POST", "/services/oauth2/token", having="access_token", data=form
            )
            self._bearer = str(answer["access_token"])
        return self._bearer


def _split(fields: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Return the fields that fit into one query, and groups of the others."""
    groups: list[list[str]] = [[]]
    length = 0
    for name in fields:
        if length + len(name) > LONGEST_FIELDS:
            groups.append([])
            length = 0
        groups[-1].append(name)
        length += len(name) + 1
    return groups[0], groups[1:]
