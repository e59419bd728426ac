"""A search that finds a value in whatever form it hides, and tells places and never values."""

import base64
import gzip
import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from orchestration.privacy import scan
from orchestration.privacy.needles import Needles
from tests.conftest import Warehouse

CANARY = "Canary.7f3a+x@leak.example"
OTHER = "somebody.else@clean.example"
HIDDEN = {
    "plain": CANARY,
    "lower": CANARY.lower(),
    "upper": CANARY.upper(),
    "percent": quote(CANARY, safe=""),
    "double percent": quote(quote(CANARY, safe=""), safe=""),
    "hex": CANARY.encode().hex(),
    "HEX": CANARY.encode().hex().upper(),
    "html": html.escape(CANARY).replace("@", "&#64;").replace("+", "&#43;").replace(".", "&#46;"),
    "escape": "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in CANARY),
    "json of escape": json.dumps("".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in CANARY)),
    "full-width": "".join(chr(ord(c) + 0xFEE0) for c in CANARY),
    "md5": "c9f1e1b5",
}
HIDDEN.pop("md5")


@pytest.mark.parametrize("name", HIDDEN)
def test_a_value_is_found_in_every_form(name: str) -> None:
    needles = Needles([OTHER, CANARY])
    assert needles.hits(f"before {HIDDEN[name]} after".encode()) == {1}


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", "{'mail': '"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_value_is_found_anywhere_inside_base64(before: str, encode: object) -> None:
    packed = encode(f"{before}{CANARY}{before}tail".encode())  # type: ignore[operator]
    assert Needles([CANARY]).hits(b"token=" + packed) == {0}


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_an_unkeyed_hash_of_a_value_is_found(algorithm: str) -> None:
    import hashlib

    digest = hashlib.new(algorithm, CANARY.lower().encode()).hexdigest()
    assert Needles([CANARY]).hits(digest.encode()) == {0}


def test_clean_text_has_no_hits() -> None:
    text = " ".join(f"user{n}@clean.example" for n in range(20_000)).encode()
    assert Needles([CANARY, OTHER]).hits(text) == set()


def test_one_of_very_many_values_is_told_apart() -> None:
    values = [f"number{n}@many.example" for n in range(3_000)]
    assert Needles(values).hits(b"... number1234@many.example ...") == {1234}


def test_files_are_searched_packed_ones_too(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/clean.log").write_text("nothing here")
    (tmp_path / "logs/leak.log").write_text("x" * 100_000 + CANARY)
    (tmp_path / "logs/old.log.gz").write_bytes(gzip.compress(CANARY.encode()))
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/base").write_text(CANARY)
    found = scan.scan_files([CANARY], tmp_path)
    assert [finding.place for finding in found] == ["file logs/leak.log", "file logs/old.log.gz"]
    assert CANARY not in str(found)


def test_a_value_that_straddles_two_chunks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "CHUNK", 64)
    for shift in range(0, 80, 7):
        (tmp_path / "file").write_text("x" * shift + CANARY + "y" * 200)
        assert scan.scan_files([CANARY], tmp_path), shift


def test_every_schema_is_searched_and_what_cannot_be_read_is_said(warehouse: Warehouse) -> None:
    packed = base64.b64encode(f"mail={CANARY}".encode()).decode()
    with warehouse.connect() as connection:
        connection.execute("create table rules.scan_leak (note text, extra jsonb, raw bytea)")
        connection.execute(
            "insert into rules.scan_leak values ('n', %s, null), ('n', null, %s)",
            [json.dumps({"deep": [{"er": packed}]}), CANARY.encode()],
        )
        connection.execute(
            "comment on table rules.scan_leak is 'seen at Canary.7f3a+x@leak.example'"
        )
        tables = [finding.place for finding in scan.scan_tables(connection, [CANARY])]
        catalogs = [finding.place for finding in scan.scan_catalogs(connection, [CANARY])]
        with warehouse.connect("analyst") as reader:
            blind = scan.scan_tables(reader, [CANARY])
        connection.execute("drop table rules.scan_leak")
    assert tables == ["rules.scan_leak"]
    assert catalogs == ["comments"]
    unread = {finding.place for finding in blind if finding.is_unreadable}
    assert {"rules.scan_leak", "vault.contact_values"} <= unread
