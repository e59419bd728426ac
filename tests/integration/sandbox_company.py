"""A small sandbox company with its servers, and what they hold, for tests of the loaders."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
import requests

from ingestion.guard.keys import Keyer, KeyRing
from ingestion.pipelines import LoadReport, load
from ingestion.registry import SOURCES
from ingestion.sandbox import SandboxInfo, running
from ingestion.settings import role_url

PEOPLE = 400


@dataclass
class Company:
    """The servers of one company, and the warehouse it is loaded into."""

    info: SandboxInfo

    def records(self, vendor: str, kind: str) -> list[dict[str, Any]]:
        """Return a server's own state."""
        answer = requests.get(f"{self.info.control_url}/records/{vendor}/{kind}", timeout=30)
        answer.raise_for_status()
        return [orjson.loads(line) for line in answer.content.split(b"\n") if line]

    def documents(self, vendor: str, kind: str) -> dict[str, dict[str, Any]]:
        """Return live records by id."""
        return {
            str(each["id"]): each["doc"] | {"id": each["doc"].get("id", str(each["id"]))}
            for each in self.records(vendor, kind)
            if not each["archived"]
        }

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the tests' own API of the servers."""
        answer = requests.request(method, f"{self.info.control_url}{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def fault(self, endpoint: str, kind: str, **more: Any) -> None:
        """Switch a fault on."""
        self.control("POST", "/faults", {"endpoint": endpoint, "kind": kind, **more})

    def hubspot(self, method: str, path: str, body: Any = None) -> Any:
        """Change something through HubSpot's API."""
        answer = requests.request(
            method,
            self.info.urls["hubspot"] + path,
            json=body,
            headers={"Authorization": f"Bearer {self.info.tokens['hubspot']}"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def shopify(self, mutation: str, **variables: Any) -> Any:
        """Change something through Shopify's API."""
        answer = requests.post(
            self.info.urls["shopify"] + "/admin/api/2026-01/graphql.json",
            json={"query": mutation, "variables": variables},
            headers={"X-Shopify-Access-Token": self.info.tokens["shopify"]},
            timeout=30,
        ).json()
        assert "errors" not in answer, answer
        payload = next(iter(answer["data"].values()))
        assert not payload["userErrors"], payload
        return payload

    def load(self, *names: str) -> dict[str, LoadReport]:
        """Load sources, all unless named."""
        return {name: load(name) for name in names or SOURCES}


@contextmanager
def served(people: int = PEOPLE) -> Iterator[Company]:
    """Serve a company to the loaders of this process."""
    with running(people=people) as info:
        settings = info.env | {"SOURCES__AS_OF": info.as_of.isoformat()}
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield Company(info)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def keyer() -> Keyer:
    """Return the keyer of the home in use."""
    return Keyer(KeyRing.from_secret("k_match.key"))


def rows(table: str, where: str = "true") -> list[dict[str, Any]]:
    """Return rows of complete loads."""
    schema = table.partition(".")[0]
    with psycopg.connect(role_url("loader"), row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(
            f"select * from {table} where {where} and _dlt_load_id in"
            f" (select load_id from {schema}._dlt_loads where status = 0)".encode()
        ).fetchall()


def by(key: str, found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return rows by a key that must be unique."""
    table = {row[key]: row for row in found}
    assert len(table) == len(found), f"{key} is not unique"
    return table


def snapshot() -> dict[str, set[str]]:
    """Return everything that was loaded, without load ids."""
    tables = [f"{s.name}.{r}" for s in SOURCES.values() for r in s.resources]
    return {
        table: {
            repr(sorted((k, v) for k, v in row.items() if k != "_dlt_load_id"))
            for row in rows(table)
        }
        for table in tables
    }
