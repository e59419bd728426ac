"""The whole job on a company with a canary in every field a person's data could hide in.

Each field has an address of its own, each in another disguise. Afterwards everything the hub keeps
is searched: every table, statistics and comments, Dagster's storage, logs, dbt's target folder,
quality results and reports, working folders. Only what is behind the wall may hold one.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ingestion import sandbox
from ingestion.guard.keys import KEY_LENGTH, Keyer, KeyRing
from tests.acceptance.conftest import Hub, new_hub
from tests.unit.test_guard_scrub import DISGUISES

SMALL = 300
WALLED = ("vault.", "restricted.")
READERS = ("analyst", "marketer", "sales", "service", "activator", "auditor", "builder",
           "publisher", "resolver")  # fmt: skip
# A record's own address is as its person typed it; the name of a property is a name.
PLAIN = ("contact.email", "customer.email", "order.email", "visit.user_id",
         "contact.property_key", "visit.property_key")  # fmt: skip
CANARIES = {
    place: f"canary{number:02}.bird@secret-cage.example"
    for number, place in enumerate(sandbox.planting_places())
}
# Addresses an attacker tries beside the right ones.
GUESSES = 100_000


@pytest.fixture(scope="module")
def infested(tandem_home: Path) -> Iterator[Hub]:
    """A hub that refreshed a company full of canaries."""
    with new_hub(tandem_home, "canaries") as made:
        folder = made.home / "sandbox" / f"{SMALL}-{sandbox.DEFAULT_SEED}"
        sandbox.create(folder, SMALL)
        disguises = list(DISGUISES.values())
        sandbox.plant(
            folder,
            {
                place: value if place in PLAIN else disguises[number % len(disguises)](value)
                for number, (place, value) in enumerate(CANARIES.items())
            },
        )
        done = made.tandem("run", "--people", str(SMALL), "--json")
        assert done.returncode == 0, done.stderr[-4000:]
        for text in (done.stdout, done.stderr):
            assert "secret-cage" not in text
        yield made


def test_only_what_is_behind_the_wall_holds_a_canary(infested: Hub) -> None:
    scanned = infested.tandem("privacy", "scan", *CANARIES.values())
    *found, summary = scanned.stdout.strip().splitlines()
    places = {line.partition(": ")[0] for line in found}
    assert "vault.contact_values" in places, scanned.stderr[-2000:]
    outside = {place for place in places if not place.startswith(WALLED)}
    assert outside == set(), summary
    assert scanned.returncode == 0


def test_no_reader_may_select_where_a_canary_is(infested: Hub) -> None:
    readable = infested.query(
        "select roles.name, format('%I.%I', n.nspname, c.relname) "
        "from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        f"cross join unnest(array{list(READERS)}) as roles (name) "
        "where n.nspname in ('vault', 'restricted') and c.relkind in ('r', 'v', 'm') "
        "and has_schema_privilege(current_database() || '_' || roles.name, n.oid, 'usage') "
        "and has_table_privilege(current_database() || '_' || roles.name, c.oid, 'select')",
        role="admin",
    )
    assert readable == []


def test_a_dictionary_of_addresses_hits_nothing_that_readers_see(infested: Hub) -> None:
    addresses = {
        row[0].strip().lower()
        for row in infested.query(
            "select distinct value from vault.contact_values where value like '%@%.%'", "admin"
        )
    }
    assert len(addresses) > SMALL / 2
    guesses = addresses | {f"person{number}@mail.example" for number in range(GUESSES)}
    hashed = {digest for guess in guesses for digest in _digests(guess)}
    seen = _tokens(infested, "marts%")
    assert len(seen) > 1_000
    assert not seen & hashed
    assert not seen & addresses


def test_the_dictionary_would_hit_if_it_had_the_key(
    infested: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_HOME", str(infested.home))
    keyer = Keyer(KeyRing.from_secret("k_match.key"))
    rows = infested.query("select distinct value from vault.contact_values where field = 'email'",
                          "admin")  # fmt: skip
    keys = {keyer.key("email", value.strip().lower()) for (value,) in rows}
    assert keys & _tokens(infested, "raw_hubspot")


def test_somebody_in_a_whole_hub_is_shown_all_of_theirs_and_then_erased_from_it(
    infested: Hub, tmp_path: Path
) -> None:
    (address,) = infested.query(
        "select min(value) from vault.contact_values where source = 'raw_shopify' "
        "and record_key like 'customers/%' and field = 'email' and value like '%@%' "
        "and value not like '%secret-cage%'",
        "admin",
    )[0]
    shown = infested.tandem("privacy", "access", address, "--to", str(tmp_path))
    assert shown.returncode == 0, shown.stderr[-2000:]
    theirs = json.loads((tmp_path / "data.json").read_text())["relations"]
    assert {"raw_shopify.customers", "core.customer_360", "marts.customer_360"} <= theirs.keys()
    erased = infested.tandem("privacy", "erase", address, "--verified-by", "a test", "--yes")
    assert erased.returncode == 0, erased.stderr[-2000:]
    assert "nothing is left" in erased.stdout
    scanned = infested.tandem("privacy", "scan", address)
    assert scanned.stdout.startswith("0 places"), scanned.stdout
    assert infested.tandem("consent", "verify").returncode == 0


def _digests(value: str) -> Iterator[str]:
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()
        yield digest
        yield digest[:KEY_LENGTH]
    yield hashlib.sha256(f"email{value}".encode()).hexdigest()[:KEY_LENGTH]


def _tokens(hub: Hub, schemas: str) -> set[str]:
    """Return every text value of the tables and views in some schemas."""
    with psycopg.connect(hub.tandem("url", "--role", "admin").stdout.strip()) as connection:
        columns = connection.execute(
            "select format('%%I.%%I', table_schema, table_name), format('%%I', column_name) "
            "from information_schema.columns "
            "where table_schema like %s and data_type in ('text', 'character varying')",
            [schemas],
        ).fetchall()
        assert columns
        return {
            str(value).lower()
            for table, column in columns
            for (value,) in connection.execute(f"select distinct {column} from {table}".encode())
        }
