"""Limits on the size of a release, and messages that tell no values."""

from pathlib import Path

import psycopg
import pytest

from ingestion import failpoints
from orchestration.publishing.difference import MartChange
from orchestration.publishing.errors import cleaned
from orchestration.publishing.gate import Limit, _covers, excesses

ANY = Limit("*", "*", 50, 10, 60, 100)


def change(table: str = "people", **counts: int) -> MartChange:
    told = {"rows_before": 1000, "rows_after": 1000, "added": 0, "removed": 0, "changed": 0}
    return MartChange("marts", table, False, **{**told, **counts})


def test_a_change_within_its_limits_passes() -> None:
    assert excesses([change(added=500, removed=100, changed=600)], [ANY]) == []


@pytest.mark.parametrize(("measure", "rows"), [("added", 501), ("removed", 101), ("changed", 601)])
def test_each_measure_has_its_own_limit(measure: str, rows: int) -> None:
    (found,) = excesses([change(**{measure: rows})], [ANY])
    assert (found.key, found.rows) == (f"marts.people {measure}", rows)
    assert f"{rows} rows {measure}" in str(found)


def test_a_first_release_is_exempt() -> None:
    first = MartChange("marts", "people", True, 0, 5000, 5000, 0, 0)
    assert excesses([first], [ANY]) == []


def test_few_rows_never_block() -> None:
    assert excesses([change(rows_before=100, removed=99)], [ANY]) == []


def test_values_in_new_columns_are_no_change_of_rows() -> None:
    assert excesses([change(changed=1000, filled=1000)], [ANY]) == []


def test_the_most_specific_line_wins_and_an_empty_cell_is_no_limit() -> None:
    free = Limit("marts", "people", None, None, None, 0)
    assert excesses([change(removed=1000)], [ANY, free]) == []
    assert len(excesses([change("visits", removed=1000)], [ANY, free])) == 1


def test_an_acknowledgement_covers_about_what_was_seen_and_nothing_else() -> None:
    (seen,) = excesses([change(removed=200)], [ANY])
    (more,) = excesses([change(removed=300)], [ANY])
    (other,) = excesses([change("visits", removed=200)], [ANY])
    acknowledged = {seen.key: 190}
    assert _covers(acknowledged, [seen])
    assert not _covers(acknowledged, [more])
    assert not _covers(acknowledged, [other])


def test_key_overlap_is_the_share_of_keys_that_stay() -> None:
    assert change(removed=250).key_overlap == 0.75
    assert change(rows_before=0).key_overlap == 1.0


def test_a_database_error_is_told_without_its_values() -> None:
    told = cleaned(psycopg.errors.UniqueViolation("Key (email)=(ada@x.org) exists"), "publishing")
    assert "ada@x.org" not in str(told)
    assert "UniqueViolation" in str(told)


def test_a_fail_point_fails_at_its_nth_passing_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    monkeypatch.setenv("TANDEM_FAIL_MARKER", str(marker))
    monkeypatch.setenv("TANDEM_FAIL_AT", "here#2=raise, there=raise")
    failpoints.fail_point("elsewhere")
    failpoints.fail_point("here")
    assert not marker.exists()
    with pytest.raises(failpoints.FailPointReached, match="here"):
        failpoints.fail_point("here")
    assert marker.read_text() == "here"
