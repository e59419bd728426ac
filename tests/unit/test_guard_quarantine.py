"""Every bad value is turned away with its reason, and its neighbours go on."""

import math
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.guard.documents import NotJsonError, parse_json
from ingestion.guard.gate import TooManyBadRowsError
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.shapes import Field, Identifier, Shape, Treatment
from ingestion.guard.values import CONVERTERS
from tests.unit.guard_memory import memory_guard

SHAPE = Shape(
    source="raw_test",
    resource="things",
    key=("thing_id",),
    subject="subject_key",
    misfit_paths=("",),
    fields=(
        Field("thing_id", "id", "id", required=True),
        Field("name", "name"),
        Field("email", "email", treatment=Treatment.VAULT),
        Field("amount", "amount", "decimal"),
        Field("quantity", "quantity", "bigint"),
        Field("is_open", "open", "bool"),
        Field("at", "at", "timestamp"),
        Field("born", "born", "date"),
    ),
    identifiers=(
        Identifier("subject_key", "thing_id", ("thing_id",), required=True),
        Identifier("email_key", "email", ("email",)),
    ),
)
DEEP = b'{"id": 2, "tree": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def nested(depth: int) -> Any:
    value: Any = "leaf"
    for _ in range(depth):
        value = {"inner": value}
    return value


BAD: list[tuple[dict[str, Any] | Any, Reason]] = [
    ({"id": 2, "name": "a\x00b"}, Reason.NUL),
    ({"id": 2, "other": {"deep": "a\x00b"}}, Reason.NUL),
    ({"id": 2, "name": "a\ud800b"}, Reason.LONE_SURROGATE),
    ({"id": 2, "other": ["\udfff"]}, Reason.LONE_SURROGATE),
    ({"id": 2, "quantity": 2**63}, Reason.INTEGER_RANGE),
    ({"id": 2, "quantity": "9223372036854775808"}, Reason.INTEGER_RANGE),
    ({"id": 2, "other": 2**70}, Reason.INTEGER_RANGE),
    ({"id": 2, "quantity": 1.5}, Reason.NUMBER_FORMAT),
    ({"id": 2, "quantity": "many"}, Reason.NUMBER_FORMAT),
    ({"id": 2, "amount": math.nan}, Reason.NOT_FINITE),
    ({"id": 2, "amount": math.inf}, Reason.NOT_FINITE),
    ({"id": 2, "amount": "NaN"}, Reason.NOT_FINITE),
    ({"id": 2, "amount": "1e400"}, Reason.NUMBER_RANGE),
    ({"id": 2, "amount": "12345678901234567.00"}, Reason.NUMBER_RANGE),
    ({"id": 2, "other": math.nan}, Reason.NOT_FINITE),
    ({"id": 2, "at": "9999-12-31T00:00:00Z"}, Reason.DATE_RANGE),
    ({"id": 2, "at": "0001-01-01T00:00:00+14:00"}, Reason.DATE_RANGE),
    ({"id": 2, "at": "2026-02-30"}, Reason.DATE_RANGE),
    ({"id": 2, "at": "yesterday"}, Reason.DATE_FORMAT),
    ({"id": 2, "at": 10**18}, Reason.DATE_RANGE),
    ({"name": "no key"}, Reason.MISSING_KEY),
    ({"id": None}, Reason.MISSING_KEY),
    ({"id": ""}, Reason.MISSING_KEY),
    ({"id": "two words"}, Reason.ID_FORMAT),
    ({"id": ["2"]}, Reason.TYPE_CHANGED),
    ({"id": 2, "name": {"first": "x"}}, Reason.TYPE_CHANGED),
    ({"id": 2, "name": 7}, Reason.TYPE_CHANGED),
    ({"id": 2, "open": "maybe"}, Reason.TYPE_CHANGED),
    ({"id": 2, "amount": [1]}, Reason.TYPE_CHANGED),
    ({"id": 2, "name": "x" * 10_000_000}, Reason.TOO_LARGE),
    ({"id": 2, "other": "x" * 10_000_000}, Reason.TOO_LARGE),
    ({"id": 2, "other": nested(200)}, Reason.TOO_DEEP),
    ({"id": 2, "userId": "1", "user_id": "2"}, Reason.AMBIGUOUS_KEY),
    ({"id": 2, "Name": "x", "name": "y"}, Reason.AMBIGUOUS_KEY),
    ("not an object", Reason.NOT_AN_OBJECT),
    (None, Reason.NOT_AN_OBJECT),
]


@pytest.mark.parametrize(("record", "reason"), BAD, ids=lambda value: str(value)[:40])
def test_a_bad_row_is_turned_away_and_its_neighbours_go_on(record: Any, reason: Reason) -> None:
    guard, store = memory_guard()
    table = guard.admit(SHAPE, [{"id": 1, "name": "before"}, record, {"id": 3, "name": "after"}])
    assert table["thing_id"].to_pylist() == ["1", "3"]
    assert [row.reason for row in store.rejected] == [reason]
    assert guard.counts("things").quarantined == 1


def test_the_sample_of_a_bad_row_holds_types_and_sizes_only() -> None:
    guard, store = memory_guard()
    guard.admit(
        SHAPE,
        [{"id": 2, "email": "jane@example.org", "name": "Jane\x00Roe", "jane@example.org": 1}],
    )
    sample = orjson.loads(store.rejected[0].sample)
    assert sample["field"] == "name"
    assert sample["members"]["email"] == "str(16)"
    assert "jane" not in store.rejected[0].sample.lower()
    assert store.rejected[0].key_hash
    assert not store.vault


def test_two_names_for_one_column_are_told_and_never_their_values() -> None:
    guard, store = memory_guard()
    guard.admit(SHAPE, [{"id": 2, "total": "7", "_total": "8"}, {"id": 3, "a@b.example": 1}])
    (row,) = store.rejected
    assert orjson.loads(row.sample)["field"] == "total beside _total"
    guard.admit(SHAPE, [{"id": 4, "jane@example.org": 1, "Jane@example.org": 2}])
    assert "jane" not in store.rejected[-1].sample.lower()


def test_a_table_of_which_every_row_is_bad_stops_the_load_however_small() -> None:
    guard, _ = memory_guard()
    guard.admit(SHAPE, [{"id": number, "amount": "x"} for number in range(9)])
    guard.finish("things")
    guard.admit(SHAPE, [{"id": 9, "amount": "x"}])
    with pytest.raises(TooManyBadRowsError, match="10 of 10"):
        guard.finish("things")


def test_a_depth_bomb_in_a_page_spoils_only_its_own_record() -> None:
    page = parse_json(b'[{"id": 1},' + DEEP + b',{"id": 3, "name": "after"}]')
    guard, store = memory_guard()
    table = guard.admit(SHAPE, page)
    assert table["thing_id"].to_pylist() == ["1", "3"]
    assert [row.reason for row in store.rejected] == [Reason.TOO_DEEP]


@pytest.mark.parametrize("oddity", [b'"\\ud800"', b"NaN", b"123456789012345678901234567890"])
def test_a_page_is_read_although_one_value_is_no_json(oddity: bytes) -> None:
    page = parse_json(b'[{"id": 1}, {"id": 2, "other": ' + oddity + b'}, {"id": 3}]')
    guard, store = memory_guard()
    assert guard.admit(SHAPE, page)["thing_id"].to_pylist() == ["1", "3"]
    assert len(store.rejected) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": [1, 2', b'{"a": "b'])
def test_half_a_document_is_no_document(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        parse_json(body)


def test_when_most_rows_are_bad_the_load_stops() -> None:
    guard, _ = memory_guard()
    guard.admit(SHAPE, [{"id": n, "amount": "?"} for n in range(60)])
    guard.admit(SHAPE, [{"id": n} for n in range(100, 130)])
    with pytest.raises(TooManyBadRowsError, match="not_a_number"):
        guard.finish("things")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(CONVERTERS)), _JSON)
def test_any_value_converts_or_is_a_reason(kind: str, value: Any) -> None:
    with suppress(BadValueError):
        CONVERTERS[kind](value)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(1, 9)},
            optional={"name": _JSON, "email": _JSON, "amount": _JSON, "at": _JSON, "x": _JSON},
        ),
        max_size=6,
    )
)
def test_any_records_become_rows_or_quarantine(records: list[dict[str, Any]]) -> None:
    guard, store = memory_guard()
    table = guard.admit(SHAPE, records)
    assert table.num_rows + len(store.rejected) == len(records)
