"""``tandem identity`` against a warehouse: explain, decide, preview, evaluate, review."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from ingestion.sandbox.company import clock
from ingestion.sandbox.company.folder import Facts, remember
from ingestion.settings import project_root
from orchestration.cli.identity import app
from orchestration.identity import IdentityError, probabilistic, queue, resolve
from orchestration.identity.evaluate import evaluate
from orchestration.identity.keys import key_maker
from orchestration.identity.queue import Pair
from tests.conftest import Warehouse
from tests.integration import identity_warehouse as at
from tests.unit.identity_world import Record, key, record


@pytest.fixture
def hub(fresh_database: Warehouse) -> Warehouse:
    at.build(fresh_database)
    at.forget(fresh_database)
    return fresh_database


def tandem(*words: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words))


def found(*words: str) -> dict[str, object]:
    result = tandem(*words, "--json")
    assert result.exit_code == 0, result.output
    loaded: dict[str, object] = json.loads(result.output)
    return loaded


def test_explain_shows_the_path_of_evidence(hub):
    at.add(hub, [record("u1", "e1", name="customer/7"), record("c1", "e1", name="contact/9")])
    resolve(hub.url("resolver"))
    told = found("explain", key("c1"), key("u1"))
    assert [step["records"] for step in told["steps"]] == [
        ["shopify contact/9"],
        ["shopify customer/7"],
    ]
    assert told["person"] == at.person_of(hub, "u1")


def test_explain_follows_a_device_to_the_person_who_used_it(hub):
    at.add(hub, [record("u1", "e1"), record("u1", "d1", source="matomo", name="visit/1")])
    resolve(hub.url("resolver"))
    told = found("explain", key("d1"))
    assert told["steps"][0]["records"] == ["matomo visit/1"]


def test_explain_says_what_was_cut_between_two(hub):
    at.add(hub, [record("u1", "e1"), record("u2", "e1", first=3)])
    resolve(hub.url("resolver"))
    result = tandem("explain", key("u1"), key("u2"))
    assert "max_values_per_person:user_id" in result.output
    assert "different people" in result.output


def test_explain_takes_a_value_and_never_prints_one(hub):
    address = "canary.jane@example.org"
    subject = key_maker()("email", address)
    assert subject
    with hub.connect("builder") as connection:
        connection.execute(
            "insert into identity.identifiers values"
            " ('hubspot', 'contact/1', 'email', %s, '2026-01-01', '2026-01-02', 1)",
            [subject],
        )
    resolve(hub.url("resolver"))
    result = tandem("explain", f"email:{address}")
    assert subject[:12] in result.output
    assert "canary" not in result.output


@pytest.mark.parametrize(
    ("who", "complaint"),
    [
        ("shoe:42", "no identifier type"),
        ("email:nobody-here", "no email"),
        ("f" * 32, "no evidence knows"),
        ("jane", "expected a person id"),
        ("01a201c0-a154-75f1-a520-6c150a3c0e4b", "no such person"),
    ],
)
def test_what_nobody_knows_is_said_plainly(hub, who, complaint):
    result = tandem("explain", who)
    assert isinstance(result.exception, IdentityError)
    assert complaint in str(result.exception)
    assert "nobody-here" not in str(result.exception)


def test_join_and_withdraw_by_command_take_effect_at_once(hub):
    at.add(hub, [record("u1", "e1"), record("c2", "e2")])
    resolve(hub.url("resolver"))
    before = at.links(hub)
    assert tandem("join", key("c2"), key("u1"), "--reason", "same card").exit_code == 0
    assert at.person_of(hub, "c2") == at.person_of(hub, "u1")
    assert tandem("withdraw", key("c2"), key("u1"), "--reason", "wrong").exit_code == 0
    assert at.links(hub) == before


def test_split_by_command_parts_an_identifier_from_its_person_for_good(hub):
    at.add(hub, [record("u1", "e1"), record("c2", "e1", first=4)])
    resolve(hub.url("resolver"))
    assert tandem("split", key("c2"), "--reason", "her husband").exit_code == 0
    at.add(hub, [record("c2", "p1"), record("u1", "p1", first=9)])
    resolve(hub.url("resolver"))
    assert at.person_of(hub, "c2") != at.person_of(hub, "u1")


def test_a_decision_without_effect_is_refused(hub):
    at.add(hub, [record("u1", "e1"), record("c2", "e2")])
    resolve(hub.url("resolver"))
    assert "nothing to split" in str(
        tandem("split", key("c2"), key("u1"), "--reason", "x").exception
    )
    assert "nothing to join" in str(tandem("join", key("e1"), key("u1"), "--reason", "x").exception)


def test_preview_shows_a_rule_change_and_changes_nothing(hub, tmp_path: Path):
    at.add(hub, [record("c1", "e1"), record("c2", "e1", "p2"), record("c3", "p2")])
    resolve(hub.url("resolver"))
    before = at.links(hub)
    for seed in (project_root() / "dbt_project" / "seeds" / "rules").glob("identity_*.csv"):
        text = seed.read_text()
        if seed.name == "identity_rules.csv":
            text = re.sub(r"(?m)^email,always,", "email,never,", text)
        (tmp_path / seed.name).write_text(text)
    told = found("preview", "--rules", str(tmp_path))
    assert (told["persons_before"], told["persons_after"], told["persons_split"]) == (1, 2, 1)
    assert at.links(hub) == before


def test_evaluate_compares_with_the_truth(hub, tmp_path: Path):
    key_of = key_maker()
    truth = pa.table(
        {
            "record_type": ["contact", "customer", "contact", "contact"],
            "record_id": ["1", "2", "3", "4"],
            "person_id": [7, 7, 8, None],
            "supported_id": [0, 0, 1, 2],
        }
    )
    pq.write_table(truth, tmp_path / "records.parquet")
    with hub.connect("builder") as connection:
        for source, record_key, kind, subject in (
            ("hubspot", "contact/1", "hubspot_contact_id", key_of("hubspot_contact_id", "1")),
            ("hubspot", "contact/1", "email", "e" * 32),
            ("shopify", "customer/2", "shopify_customer_id", key_of("shopify_customer_id", "2")),
            ("shopify", "customer/2", "email", "e" * 32),
            ("hubspot", "contact/3", "hubspot_contact_id", key_of("hubspot_contact_id", "3")),
            ("hubspot", "contact/3", "email", "e" * 32),
        ):
            connection.execute(
                "insert into identity.identifiers values (%s, %s, %s, %s, '2026-01-01',"
                " '2026-01-01', 1)",
                [source, record_key, kind, subject],
            )
    resolve(hub.url("resolver"))
    with hub.connect("resolver") as connection:
        result = evaluate(connection, hub.url("resolver"), tmp_path)
    assert (result.records, result.true_persons, result.found_persons) == (3, 2, 1)
    assert result.pairwise.precision == pytest.approx(1 / 3)
    assert result.supported.recall == 1
    assert result.wrong_pairs == 2
    assert found("evaluate", "--truth", str(tmp_path))["largest"] == 3
    remember(tmp_path.parent, Facts(people=3, seed=1, day=200))
    for day, is_newer in ((199, True), (200, False)):
        with hub.connect("loader") as connection:
            moment = clock.as_of(day).replace(tzinfo=None)
            connection.execute("update ops.clock set as_of = %s", [moment])
        assert found("evaluate", "--truth", str(tmp_path))["is_truth_newer"] == is_newer


def proposed(hub: Warehouse, left: Record, right: Record) -> Pair:
    at.add(hub, [left, right])
    resolve(hub.url("resolver"))
    a, b = key(left.words[0]), key(right.words[0])
    return Pair(a, "hubspot_contact_id", b, "shopify_customer_id", 0.93, 5.5, "name ++, city +")


def test_a_reviewed_pair_joins_only_once_somebody_accepted_it(hub):
    pair = proposed(hub, record("c1", "e1"), record("s1", "e2"))
    with hub.connect("resolver") as connection:
        assert queue.propose(connection, [pair]) == 1
    resolve(hub.url("resolver"))
    assert at.person_of(hub, "c1") != at.person_of(hub, "s1")
    assert pair.left_key in tandem("review").output
    assert tandem("review", "accept", pair.left_key, pair.right_key).exit_code == 0
    resolve(hub.url("resolver"))
    assert at.person_of(hub, "c1") == at.person_of(hub, "s1")
    assert "nothing waits" in tandem("review").output


def contacts(hub: Warehouse, people: int) -> None:
    """Each person twice, as contact and as customer, the second with a typing error."""
    names = [
        "anna",
        "bruno",
        "clara",
        "dario",
        "elena",
        "fabio",
        "gerda",
        "henri",
        "ilona",
        "jonas",
    ]
    last = ["moser", "keller", "steiner", "brunner", "gerber", "lehmann", "schmid", "weber"]
    rows = []
    for n in range(people):
        fields = {
            "first_name": names[n % 10], "last_name": last[n // 10 % 8] + "abcdefgh"[n // 80 % 8],
            "street": f"{['rose', 'lake', 'hill', 'mill'][n % 4]} road {n}",
            "postal_code": f"{8000 + n}", "city": f"town{n % 50}",
            "phone": f"+41790{n:06d}", "email": f"mail{n}@example.org",
        }  # fmt: skip
        wrong = fields | {"last_name": fields["last_name"] + "r", "email": f"other{n}@example.org"}
        for source, kind_of_record, word, found in (
            ("raw_hubspot", "contacts", "c", fields),
            ("raw_shopify", "customers", "s", wrong),
            ("raw_shopify", "orders", "s", {"email": "somebody.else@example.org", "phone": ""}),
        ):
            rows += [
                (key(f"{word}{n}"), source, f"{kind_of_record}/{n}", field, value)
                for field, value in found.items()
            ]
    with hub.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into vault.contact_values values (%s, %s, %s, %s, %s, now(), 'load')", rows
        )
    at.add(hub, [record(f"{word}{n}", name=f"{word}/{n}") for n in range(people) for word in "cs"])


def test_the_probabilistic_tier_proposes_and_joins_only_when_told(hub):
    pytest.importorskip("splink")
    contacts(hub, 200)
    resolve(hub.url("resolver"))
    apart = at.links(hub)
    assert tandem("propose").exit_code == 0
    resolve(hub.url("resolver"))
    assert at.links(hub) == apart
    with hub.connect("resolver") as connection:
        waiting = queue.waiting(connection, 1000)
    right = [
        p
        for p in waiting
        if at.person_of(hub, "c7") and {p.left_key, p.right_key} == {key("c7"), key("s7")}
    ]
    assert right
    assert "example.org" not in str(waiting)
    assert "moser" not in str(waiting)
    assert "phone +" in right[0].explanation
    accepting = tandem("propose", "--accept")
    assert accepting.exit_code == 0
    assert " 0 new in the queue" in accepting.output
    resolve(hub.url("resolver"))
    assert at.person_of(hub, "c7") == at.person_of(hub, "s7")
    assert at.person_of(hub, "c7") != at.person_of(hub, "c8")
    assert probabilistic.AUTHOR == "probabilistic tier"
