"""Consent strings against what the industry's own libraries say of the same strings.

`data/consent_strings.json` holds strings and facts that @iabtcf/core and @iabgpp/cmpapi (npm)
encoded and decoded; their versions are in the file.
"""

import csv
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.guard import permit
from ingestion.guard.consent_strings import ConsentStringError, read
from ingestion.settings import project_root

VECTORS = json.loads((Path(__file__).parent / "data/consent_strings.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["tcf"], ids=lambda vector: vector["string"][:12])
def test_a_tc_string_holds_the_purposes_that_its_library_reads(vector: dict[str, Any]) -> None:
    assert read(vector["string"]).purposes == set(vector["purposes"])


@pytest.mark.parametrize("vector", VECTORS["gpp"], ids=lambda vector: vector["string"][:16])
def test_a_gpp_string_holds_the_opt_outs_that_its_library_reads(vector: dict[str, Any]) -> None:
    said = read(vector["string"])
    told: dict[str, bool] = {}
    for section in vector["sections"].values():
        for name, value in section.items():
            if name != "gpc" and value:
                right = name.removesuffix("_opt_out")
                told[right] = told.get(right, False) or value == 1
    if "us_privacy" in vector:
        told["sale"] = vector["us_privacy"][2] == "Y"
    assert dict(said.opt_outs) == told
    assert said.has_gpc == any(section.get("gpc") for section in vector["sections"].values())
    wanted = vector.get("tcf_purposes")
    assert said.purposes == (None if wanted is None else set(wanted))


@pytest.mark.parametrize("vector", VECTORS["tcf"] + VECTORS["gpp"])
def test_a_string_that_is_cut_off_permits_nothing_it_did_not_permit(vector: dict[str, Any]) -> None:
    whole = permit.signals_of(vector["string"])
    for length in range(len(vector["string"])):
        cut = permit.signals_of(vector["string"][:length])
        for signal in permit.SIGNALS:
            assert cut[signal] != "granted" or whole[signal] in ("granted", "denied")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConsentStringError):
        read(text)
    assert permit.signals_of(f"tcf={text}")["gpc"] in ("0", "1")


def test_a_refusal_in_either_string_outweighs_a_grant_in_the_other() -> None:
    agreed = next(v["string"] for v in VECTORS["tcf"] if {1, 8} <= set(v["purposes"]))
    refused = next(v["string"] for v in VECTORS["tcf"] if 8 not in v["purposes"])
    assert permit.signals_of(agreed)["analytics_storage"] == "granted"
    assert permit.signals_of(f"tcf={refused}")["analytics_storage"] == "denied"
    both = permit.signals_of(f"analytics_storage=granted;tcf={refused}")
    assert both["analytics_storage"] == "denied"
    assert permit.signals_of(f"analytics_storage=denied;tcf={agreed}")["analytics_storage"] == (
        "denied"
    )


def test_a_us_opt_out_and_gpc_reach_the_signals() -> None:
    minnesota = next(v for v in VECTORS["gpp"] if v["section_ids"] == [23])
    signals = permit.signals_of(f"analytics_storage=granted;gpp={minnesota['string']}")
    assert minnesota["sections"]["usmn"]["sale_opt_out"] == 1
    assert (signals["ad_user_data"], signals["analytics_storage"]) == ("denied", "granted")
    california = next(v["string"] for v in VECTORS["gpp"] if v["section_ids"] == [8])
    assert permit.signals_of(california)["gpc"] == "1"
    assert permit.signals_of("us_privacy=1YYN")["ad_user_data"] == "denied"


def test_the_rules_seed_and_the_guard_ask_for_the_same_tcf_purposes() -> None:
    with (project_root() / "dbt_project/seeds/rules/consent_mappings.csv").open() as file:
        rows = list(csv.DictReader(file))
    purpose_of = {
        row["field"]: row["purpose"] for row in rows if row["system"] == "google_consent_mode"
    }
    seeded = {
        (row["purpose"], int(row["field"].removeprefix("purpose_")))
        for row in rows
        if row["system"] == "tcf_v2"
    }
    asked = {
        (purpose_of[signal], number)
        for signal, numbers in permit.TCF_PURPOSES.items()
        for number in numbers
    }
    assert seeded == asked
