"""A hub of a few people made by hand: real ledger, real erasure, real SQL of the restricted models.

``build`` does what the zones derive and reveal do for the tables that the tests look at, from the
same model files, in the database of the test.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from ingestion.guard.keys import Keyer, KeyRing
from orchestration.consent.algebra import query
from orchestration.consent.ledger import Act, submit
from orchestration.privacy import erase, scan
from orchestration.privacy.receipts import Receipt
from orchestration.warehouse.bootstrap import reconcile
from tests.conftest import Warehouse
from tests.privacy.consent_world import SEEDS, seed_sql

AS_OF = datetime(2026, 6, 1)  # noqa: DTZ001
_STAGED = """
select *, null::text as age_band from (values {rows})
    as staged (subject_key, email_key, phone_key, country_code, {region})
"""
_TABLES = (
    ("core", "consent_current"),
    ("intermediate", "int_consent__subject_intervals"),
    ("restricted", "contact_golden_records"),
    ("restricted", "contact_points"),
    ("restricted", "sendable_keys"),
    ("restricted", "sendable_contact_points"),
)


@dataclass(frozen=True)
class Person:
    """Somebody with one CRM record."""

    number: int
    email: str
    phone: str = ""

    @property
    def person_id(self) -> str:
        return f"00000000-0000-0000-0000-{self.number:012d}"


class SmallHub:
    """The hub of one test module's database."""

    def __init__(self, warehouse: Warehouse, people: list[Person]) -> None:
        self.warehouse = warehouse
        self.people = people
        self.keyer = Keyer(KeyRing.from_secret("k_match.key"))
        with warehouse.connect() as connection:
            connection.execute("update ops.clock set as_of = %s", [AS_OF])
            _make_tables(connection)
            for person in people:
                self._register(connection, person)
        reconcile()

    def key(self, kind: str, value: str) -> str:
        """Return the subject key of a value."""
        key = self.keyer.key(kind, value)
        assert key is not None
        return key

    def say(self, person: Person, action: str, at: datetime, **rest: Any) -> None:
        """Have a person say something about e-mail marketing, as their address."""
        act = Act(
            subject_key=self.key("email", person.email),
            subject_scope="contact_point",
            purpose="email_marketing",
            channel="email",
            action=action,
            received_at=at,
            occurred_at=at,
            **rest,
        )
        submit(self.warehouse.url("loader"), [act])

    def settle(self) -> None:
        """Let everybody have granted, load their records and build: a hub at work."""
        for person in self.people:
            self.say(person, "grant", AS_OF - timedelta(days=9))
        self.load()
        self.build()

    def erase(self, person: Person) -> Receipt:
        """Erase somebody, by their address."""
        url = self.warehouse.url("dsr")
        return erase.erase(url, person.email, verified_by="letter, clerk 7")

    def places_with(self, value: str) -> list[str]:
        """Return where a value is found in tables, statistics, comments and definitions."""
        with self.warehouse.connect() as connection:
            found = scan.scan_tables(connection, [value])
            found += scan.scan_catalogs(connection, [value])
        return [finding.place for finding in found]

    def guard(self, ring: KeyRing | None = None) -> Keyer:
        """Return the keyer that stands at the door, with the tombstones of now."""
        with self.warehouse.connect("loader") as connection:
            rows = connection.execute("select subject_key_supp from privacy.tombstones").fetchall()
        stones = frozenset(row[0] for row in rows)
        return Keyer(
            KeyRing.from_secret("k_match.key"), ring or KeyRing.from_secret("k_supp.key"), stones
        )

    def load(self) -> None:
        """Load a contact of the CRM and an order of the shop for everybody."""
        with self.warehouse.connect() as connection:
            for person in self.people:
                own = self.key("hubspot_contact_id", str(person.number))
                email = self.key("email", person.email)
                connection.execute(
                    "insert into raw_hubspot.contacts values (%s, %s, %s, null)",
                    [str(person.number), own, email],
                )
                connection.execute(
                    "insert into raw_shopify.orders values "
                    "(%s, %s, %s, %s, %s, %s, null, '/', 'x.example', 10)",
                    [f"o{person.number}", "c1", own, f"k{person.number}", own, email],
                )

    def build(self) -> None:
        """Rebuild what activation stands on, from the ledger as it is now."""
        given = self._given()
        with self.warehouse.connect() as connection, connection.transaction():
            for schema, name in _TABLES:
                text = query(name, given)
                connection.execute(f"drop table if exists {schema}.{name} cascade".encode())
                connection.execute(f"create table {schema}.{name} as {text}".encode())
            stored = {f"{n}": f"select * from {s}.{n}" for s, n in _TABLES}
            view = query("sendable_email_marketing_email", {**given, **stored})
            connection.execute(
                b"create or replace view activation.sendable_email_marketing_email "
                b"with (security_barrier) as " + view.encode()
            )
            for relation in (
                "activation.sendable_email_marketing_email",
                *(f"{schema}.{name}" for schema, name in _TABLES if schema == "restricted"),
            ):
                owner = f'"{self.warehouse.dbname}_builder_pii"'
                connection.execute(f"alter table {relation} owner to {owner}".encode())
        reconcile()

    def sendable(self) -> set[str]:
        """Return whom an exporter would reach by e-mail at this moment."""
        with self.warehouse.connect() as connection:
            rows = connection.execute(
                "select email from activation.sendable_email_marketing_email"
            ).fetchall()
        return {row[0] for row in rows}

    def _given(self) -> dict[str, str]:
        records = [
            f"('{self.key('hubspot_contact_id', str(each.number))}', "
            f"'{self.key('email', each.email)}', "
            f"{self._phone(each)}, 'DE', null)"
            for each in self.people
        ]
        nobody = "(null::text, null::text, null::text, null::text, null::text)"
        return {
            "stg_hubspot__contacts": _STAGED.format(rows=", ".join(records), region="region"),
            "stg_shopify__customers": _STAGED.format(rows=nobody, region="region_code"),
            "int_identity__person_links": "select * from identity.person_links",
            **{name: seed_sql(name) for name in SEEDS},
            "consent_contact_survivorship": seed_sql("consent_contact_survivorship"),
            "consent_sources": seed_sql("consent_sources"),
        }

    def _phone(self, person: Person) -> str:
        return f"'{self.key('phone', person.phone)}'" if person.phone else "null"

    def _register(self, connection: Connection[Any], person: Person) -> None:
        own = self.key("hubspot_contact_id", str(person.number))
        pairs = [("hubspot_contact_id", own), ("email", self.key("email", person.email))]
        if person.phone:
            pairs.append(("phone", self.key("phone", person.phone)))
        connection.execute(
            "insert into identity.persons (person_id, created_at) values (%s, now())",
            [person.person_id],
        )
        for kind, key in pairs:
            connection.execute(
                "insert into identity.identifiers values ('hubspot', %s, %s, %s, now(), now(), 1)",
                [f"contacts/{person.number}", kind, key],
            )
            connection.execute(
                "insert into identity.person_links values (%s, %s, %s, '1900-01-01', '9999-12-31')"
                " on conflict do nothing",
                [key, kind, person.person_id],
            )
        values = {"email": person.email, "phone": person.phone, "first_name": "Ada"}
        for field, value in values.items():
            connection.execute(
                "insert into vault.contact_values (subject_key, source, record_key, field, value, "
                "observed_at, load_id) values (%s, 'raw_hubspot', %s, %s, %s, now(), 'test')",
                [own, f"contacts/{person.number}", field, value],
            )


def _make_tables(connection: Connection[Any]) -> None:
    """Make what dlt and dbt make before the derive zone: evidence, rules, shop orders."""
    connection.execute(
        """
        create table identity.identifiers (
            source text, record_key text, identifier_type text, subject_key text,
            first_seen timestamp, last_seen timestamp, observation_count bigint
        );
        create table raw_shopify.orders (
            shopify_order_id text, shopify_customer_id text, subject_key text, order_key text,
            customer_key text, email_key text, phone_key text, landing_path text,
            referrer_host text, total_amount numeric(18, 2)
        );
        create table raw_hubspot.contacts (
            hubspot_contact_id text, subject_key text, email_key text, phone_key text
        );
        """
    )
    connection.execute(f"create table rules.purposes as {seed_sql('purposes')}".encode())
