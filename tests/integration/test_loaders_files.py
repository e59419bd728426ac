"""Drop files: load, change what third parties hold, load again, compare; late, restated and bad
files.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from ingestion.pipelines import load
from ingestion.sandbox.company.drops import ads, permissions, service, stores
from ingestion.sandbox.company.drops.folder import FOLDER
from ingestion.settings import role_url
from tests.conftest import Warehouse
from tests.integration import loaded_files
from tests.integration.loaded_files import Drops
from tests.integration.sandbox_company import Company, rows, served

NAME = "raw_files"


@pytest.fixture(scope="module")
def company(
    fresh_database: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    with served(people=600) as company:
        load(NAME)
        yield company


@pytest.fixture
def drops(company: Company) -> Drops:
    return Drops(company.info.company_dir)


def folder(company: Company) -> Path:
    return company.info.company_dir / FOLDER


def quarantined(company: Company) -> list[tuple[str, str]]:
    with psycopg.connect(role_url("admin")) as connection:
        return connection.execute(
            "select resource, reason from quarantine.rows where source = %s order by 1, 2", (NAME,)
        ).fetchall()


def test_a_first_load_is_identical_with_what_third_parties_hold(company: Company) -> None:
    loaded_files.assert_same(company)
    assert rows("raw_files.pos_sales")
    assert rows("raw_files.calls")
    assert rows("raw_files.consents")
    assert quarantined(company) == []


def test_unchanged_files_are_not_read_again(company: Company) -> None:
    assert load(NAME).counts["ad_spend"].loaded == 0
    loaded_files.assert_same(company)


def test_a_restated_report_replaces_the_days_it_covers(company: Company, drops: Drops) -> None:
    line = drops.lines(ads.FEED)[-1]
    drops.change(replace(line, doc=line.doc | {"clicks": line.doc["clicks"] + 7, "price": 41}))
    load(NAME)
    loaded_files.assert_same(company)


def test_what_a_restated_journal_no_longer_has_is_gone(company: Company, drops: Drops) -> None:
    gone = drops.lines(stores.FEED)[3]
    drops.forget(gone)
    load(NAME)
    loaded_files.assert_same(company)
    assert not rows("raw_files.pos_sale_lines", f"receipt_id = '{gone.id}'")


def test_a_ticket_is_followed_until_it_is_solved(company: Company, drops: Drops) -> None:
    line = drops.lines(service.TICKETS)[0]
    solved = drops.now() - 50
    drops.change(replace(line, doc=line.doc | {"solved": solved, "touched": solved, "score": 1}))
    load(NAME)
    loaded_files.assert_same(company)


def test_ten_days_later_everything_is_identical_again(company: Company) -> None:
    later = company.control("POST", "/advance?days=10")["as_of"]
    os.environ["SOURCES__AS_OF"] = later
    load(NAME)
    loaded_files.assert_same(company)


def test_reading_all_files_again_changes_nothing(company: Company) -> None:
    load(NAME, full_read=True)
    loaded_files.assert_same(company)


def test_a_late_older_export_does_not_override_a_newer_one(company: Company) -> None:
    report = max((folder(company) / "ads" / "other_ads").glob("*.csv"))
    late = report.with_name("late_20260101T000000Z.csv")
    late.write_text(report.read_text().replace(",EUR,", ",USD,"))
    load(NAME)
    loaded_files.assert_same(company)
    late.unlink()


def test_a_late_file_for_new_days_is_taken_although_its_name_is_old(company: Company) -> None:
    late = folder(company) / "ads" / "other_ads" / "2020-01.csv"
    late.write_text(
        "date,campaign_id,campaign,source,medium,impressions,clicks,cost,currency\n"
        "2020-01-15,1,old,agency,display,10,1,9.50,EUR\n"
    )
    load(NAME)
    (found,) = rows("raw_files.ad_spend", "spend_date = '2020-01-15'")
    assert str(found["spend_amount"]) == "9.50"
    late.write_text("date,campaign_id,campaign,source,medium,impressions,clicks,cost,currency\n")
    load(NAME)
    assert not rows("raw_files.ad_spend", "spend_date = '2020-01-15'")
    late.unlink()


def test_a_file_that_disappears_deletes_nothing(company: Company, tmp_path: Path) -> None:
    report = max((folder(company) / "ads" / "google_ads").glob("*.csv"))
    shutil.move(report, tmp_path / report.name)
    load(NAME)
    loaded_files.assert_same(company)
    shutil.move(tmp_path / report.name, report)


def test_an_unfinished_journal_waits_for_its_end(company: Company) -> None:
    journal = max((folder(company) / "pos" / "AMS").glob("*.csv"))
    whole = journal.read_text()
    journal.write_text("\n".join(whole.splitlines()[:-2]))
    load(NAME)
    loaded_files.assert_same(company)
    time.sleep(0.01)
    journal.write_text(whole)
    load(NAME)
    loaded_files.assert_same(company)


def test_bad_rows_are_turned_away_and_their_neighbours_loaded(company: Company) -> None:
    bad = folder(company) / "tickets" / "odd.csv"
    head = "ticket_id,created_at,updated_at,requester_email,subject,satisfaction\n"
    bad.write_bytes(
        head.encode()
        + b"X1,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,a.b@freemail.example,fine,5\n"
        + b"X2,yesterday,2026-01-01T00:00:00Z,,bad date,\n"
        + b"X3,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,good,many\n"
        + b",2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,no key,\n"
        + b"X5,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,one cell too many,,\n"
        + b"X6,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,nul \x00,\n"
        + b"X7,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,latin \xe9,\n"
        + b"X8,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,,mail me at a.b@freemail.example,2\n"
    )
    load(NAME)
    loaded = {row["ticket_id"]: row for row in rows("raw_files.tickets", "ticket_id like 'X%%'")}
    assert loaded.keys() == {"X1", "X8"}
    assert "freemail" not in loaded["X8"]["topic"]
    assert sorted(reason for name, reason in quarantined(company) if name == "tickets") == [
        "lone_surrogate", "missing_key", "not_a_date", "not_a_number", "not_an_object",
        "nul_character",
    ]  # fmt: skip
    bad.unlink()


def test_a_list_of_consents_with_words_nobody_knows_is_turned_away_row_by_row(
    company: Company,
) -> None:
    odd = folder(company) / "consents" / "office" / "odd.csv"
    digest = "0" * 64
    odd.write_text(
        "consent_id,email,phone,customer_no,country,purpose,channel,action,occurred_at,"
        "legal_basis,proof_sha256,remark\n"
        f"X1,a.b@freemail.example,,,DE,email_marketing,email,grant,2026-01-01,,{digest},seen\n"
        "X2,a.b@freemail.example,,,DE,newsletters,email,grant,2026-01-01,,,\n"
        "X3,a.b@freemail.example,,,DE,email_marketing,sms,grant,2026-01-01,,,\n"
        "X4,a.b@freemail.example,,,DE,email_marketing,email,agreed,2026-01-01,,,\n"
        "X5,a.b@freemail.example,,,DE,email_marketing,email,redact,2026-01-01,,,\n"
        "X6,a.b@freemail.example,,,DE,email_marketing,email,grant,last year,,,\n"
        "X7,a.b@freemail.example,,,DE,email_marketing,email,grant,2026-02-30,,,\n"
        "X8,a.b@freemail.example,,,DE,email_marketing,email,grant,2026-01-01,because,,\n"
        "X9,a.b@freemail.example,,,DE,email_marketing,email,grant,2026-01-01,,a photo,\n"
        "X10,a.b@freemail.example,,,DE,sms_marketing,sms,grant,2026-01-01,,,\n"
        "X11,,,,DE,email_marketing,email,withdraw,2026-01-01,,,\n"
        "X12,,,4711,DE,email_marketing,,withdraw,,,,\n"
        ",a.b@freemail.example,,,DE,email_marketing,email,grant,2026-01-01,,,\n"
    )
    load(NAME)
    loaded = {row["consent_id"]: row for row in rows("raw_files.consents", "consent_id like 'X%%'")}
    assert loaded.keys() == {"X1", "X12"}
    assert loaded["X1"]["proof_sha256"] == digest
    assert loaded["X1"]["extra"] == '{"remark":"seen"}'
    assert loaded["X12"]["subject_key"] == loaded["X12"]["user_key"]
    assert loaded["X12"]["occurred_at"] is None
    assert sorted(reason for name, reason in quarantined(company) if name == "consents") == [
        "date_out_of_range", "malformed_id", "missing_key", "missing_key", "missing_key",
        "not_a_date", *["not_one_of_the_known_words"] * 5,
    ]  # fmt: skip
    odd.unlink()


def test_a_file_without_its_columns_is_reported_and_tried_again(company: Company) -> None:
    renamed = folder(company) / "calls" / "renamed.csv"
    renamed.write_text("id,start,caller\nC9,2026-01-01T10:00:00Z,+4930231250\n")
    for _ in range(2):
        assert load(NAME).counts["calls"].quarantined == 1
    renamed.unlink()


def test_no_readable_value_is_in_the_raw_tables(company: Company, drops: Drops) -> None:
    mails = {
        line.doc["email"]
        for feed in (stores.FEED, service.TICKETS, permissions.FEED)
        for line in drops.lines(feed)
    } - {None}
    assert mails
    for table in ("ad_spend", "pos_sales", "pos_sale_lines", "calls", "tickets", "consents"):
        told = repr(rows(f"raw_files.{table}")).lower()
        assert not [mail for mail in mails if mail.lower() in told]
