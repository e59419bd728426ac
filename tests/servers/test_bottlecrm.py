"""A real BottleCRM: seeded and changed through its own API, loaded, compared record by record."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import requests

from ingestion.guard import normalise
from ingestion.pipelines import LoadError, load
from tests.conftest import Warehouse
from tests.integration.sandbox_company import by, keyer, rows
from tests.servers import install, running

pytestmark = pytest.mark.servers
NAME = "raw_bottlecrm"
_TOKEN = re.compile(r"ey[\w-]+\.[\w-]+\.[\w-]+")


@dataclass
class Crm:
    """A signed-in user of the CRM."""

    base: str
    session: requests.Session

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.base}/api{path}", json=body, timeout=120)
        assert answer.ok, answer.text[:500]
        return answer.json()

    def add(self, kind: str, **fields: Any) -> str:
        return str(self.ask("POST", f"/{kind}/", fields)["id"])


@pytest.fixture(scope="module")
def crm(fresh_database: Warehouse) -> Iterator[Crm]:
    place, port = install.folder("bottlecrm"), running.free_port()
    assert (place / "bin" / "gunicorn").exists(), "run make test-servers"
    with running.database(fresh_database.url("admin"), "bottle_crm") as database:
        env = {
            "DBNAME": database.name,
            "DBUSER": database.name,
            "DBPASSWORD": database.password,
            "DBHOST": database.host,
            "DBPORT": str(database.port),
            "SECRET_KEY": "for-tests-only-" * 4,  # pragma: allowlist secret
            "ENV_TYPE": "dev",
            "DJANGO_SETTINGS_MODULE": "crm.settings",
            # Its queue stays in memory: what it would send, nobody is to get.
            "CELERY_BROKER_URL": "memory://",
            "CELERY_RESULT_BACKEND": "cache+memory://",
        }
        manage = [place / "bin" / "python", "-m", "django"]
        running.run([*manage, "migrate", "--verbosity", "0"], place, env)
        said = running.run(
            [*manage, "devlogin", "admin@crm.example", "--create"], place, env | {"DEBUG": "True"}
        )
        base = f"http://127.0.0.1:{port}"
        server = [place / "bin" / "gunicorn", "crm.wsgi", "-b", f"127.0.0.1:{port}"]
        with running.serving([*server, "--threads", "4"], place, env, f"{base}/healthz/"):
            crm = Crm(base, requests.Session())
            _sign_in(crm, str(_TOKEN.search(said)[0]))  # type: ignore[index]
            _seed(crm)
            load(NAME)
            yield crm
            del os.environ["SOURCES__BOTTLECRM__BASE_URL"]
            del os.environ["SOURCES__BOTTLECRM__ACCESS_TOKEN"]


def _sign_in(crm: Crm, token: str) -> None:
    crm.session.headers["Authorization"] = f"Bearer {token}"
    org = crm.ask("POST", "/org/", {"name": "acme"})["org"]
    token = crm.ask("POST", "/auth/switch-org/", {"org_id": org["id"]})["access_token"]
    crm.session.headers["Authorization"] = f"Bearer {token}"
    made = crm.ask("POST", "/profile/tokens/", {"name": "tandem"})
    os.environ["SOURCES__BOTTLECRM__BASE_URL"] = crm.base
    os.environ["SOURCES__BOTTLECRM__ACCESS_TOKEN"] = made["token"]


def _seed(crm: Crm) -> None:
    for number in range(105):  # more than a page
        _contact(crm, number)
    for number in range(4):
        crm.add("accounts", name=f"Acme {number} GmbH")
        crm.add("opportunities", name=f"Deal {number}", amount="10.50", stage="PROSPECTING")
        crm.add("cases", name=f"Case {number}", status="New", priority="Normal")
        person = {"first_name": "Lee", "last_name": "Doe", "email": f"lead{number}@corp.example"}
        status = "closed" if number == 3 else "assigned"
        crm.add("leads", title=f"Lead {number}", status=status, **person)


def _contact(crm: Crm, number: int) -> str:
    return crm.add(
        "contacts",
        first_name="Kim",
        last_name=f"Nr{number}",
        email=f"kim{number}@corp.example",
        description="Call her at home",
    )


def listed(crm: Crm, kind: str) -> dict[str, dict[str, Any]]:
    """Return all records as the CRM shows them, in one large page."""
    answer = crm.ask("GET", f"/{kind}/?limit=1000")
    if kind == "leads":
        found = answer["open_leads"]["open_leads"] + answer["close_leads"]["close_leads"]
    elif kind == "accounts":
        found = answer["active_accounts"]["open_accounts"]
        found = found + answer["closed_accounts"]["close_accounts"]
    else:
        found = answer["results" if kind == "contacts" else kind]
    return {each["id"]: each for each in found}


def assert_same(crm: Crm) -> None:
    keys = keyer()
    for kind, one in (("contacts", "contact"), ("leads", "lead")):
        truth, key = listed(crm, kind), f"bottlecrm_{one}_id"
        loaded = by(key, rows(f"{NAME}.{kind}", "not is_deleted"))
        assert loaded.keys() == truth.keys()
        for number, told in truth.items():
            address = normalise.email(told["email"]) if told["email"] else None
            assert loaded[number]["email_key"] == keys.key("email", address)
            assert loaded[number]["subject_key"] == keys.key(key, number)
    deals = listed(crm, "opportunities")
    assert {n: (t["stage"], Decimal(t["amount"])) for n, t in deals.items()} == {
        r["bottlecrm_opportunity_id"]: (r["stage"], r["amount"])
        for r in rows(f"{NAME}.opportunities", "not is_deleted")
    }
    accounts, cases = listed(crm, "accounts"), listed(crm, "cases")
    assert {n: t["name"] for n, t in accounts.items()} == {
        r["bottlecrm_account_id"]: r["account_name"]
        for r in rows(f"{NAME}.accounts", "not is_deleted")
    }
    assert {n: t["status"] for n, t in cases.items()} == {
        r["bottlecrm_case_id"]: r["case_status"] for r in rows(f"{NAME}.cases", "not is_deleted")
    }


def test_a_first_load_is_identical_over_pages_and_halves_of_lists(crm: Crm) -> None:
    assert_same(crm)
    assert len(rows(f"{NAME}.contacts")) == 105
    assert {r["lead_status"] for r in rows(f"{NAME}.leads")} >= {"assigned", "closed"}
    assert "at home" not in repr(rows(f"{NAME}.contacts"))


def test_the_offset_of_an_answer_is_not_the_next_one(crm: Crm) -> None:
    answer = crm.ask("GET", "/contacts/?limit=10")
    assert answer["offset"] != 10


def test_changes_merges_and_deletions_arrive(crm: Crm) -> None:
    changed, gone, kept, merged = sorted(listed(crm, "contacts"))[:4]
    crm.ask("PATCH", f"/contacts/{changed}/", {"email": "moved@corp.example"})
    crm.ask("DELETE", f"/contacts/{gone}/")
    crm.ask("POST", f"/contacts/{kept}/merge/", {"merge_id": merged})
    deal = sorted(listed(crm, "opportunities"))[0]
    crm.ask("PATCH", f"/opportunities/{deal}/", {"stage": "NEGOTIATION"})
    _contact(crm, 900)
    load(NAME)
    assert_same(crm)
    dead = {r["bottlecrm_contact_id"] for r in rows(f"{NAME}.contacts", "is_deleted")}
    assert dead == {gone, merged}


def test_loading_twice_changes_nothing(crm: Crm) -> None:
    before = sorted(repr(r | {"_dlt_load_id": ""}) for r in rows(f"{NAME}.contacts"))
    load(NAME)
    assert sorted(repr(r | {"_dlt_load_id": ""}) for r in rows(f"{NAME}.contacts")) == before


def test_a_revoked_token_is_said_so(crm: Crm) -> None:
    with pytest.raises(LoadError, match=r"token was refused.*access_token"):
        load(NAME, access_token="bcrm_pat_gone")
