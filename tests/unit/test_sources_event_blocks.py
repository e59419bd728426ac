"""Event files in many blocks at once: the same rows, in the same order, as in one."""

import time

import pyarrow as pa
import pytest

from ingestion.sources.web import event_lines, segment, snowplow
from ingestion.sources.web.abreast import abreast
from ingestion.sources.web.event_keys import EventKeys
from tests.unit.guard_memory import memory_guard
from tests.unit.test_sources_event_files import admitted, lines, message


def identify(number: int, email: str) -> dict[str, object]:
    return message(number) | {"type": "identify", "traits": {"email": email}}


def test_work_done_at_once_is_told_in_order_and_its_error_is_raised() -> None:
    def late(number: int) -> int:
        time.sleep(0.02 if number % 2 else 0.0)
        return 10 // (7 - number)

    told = abreast(range(10), late)
    assert [next(told) for _ in range(7)] == [10 // (7 - n) for n in range(7)]
    with pytest.raises(ZeroDivisionError):
        list(told)


def test_a_file_gives_the_same_rows_in_one_block_and_in_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = lines(*(message(n, anonymousId=f"visitor-{n % 7}") for n in range(60)))
    whole, batches, _, _ = admitted(segment, content)
    monkeypatch.setattr(event_lines, "BLOCK", 500)
    parted, parts, _, _ = admitted(segment, content)
    assert (len(batches), len(parts) > 20) == (1, True)
    assert parted == whole
    assert len({row["subject_key"] for row in whole}) == 7


def test_a_last_line_without_an_end_and_an_empty_file_lose_nothing() -> None:
    content = lines(message(1), message(2))
    assert len(admitted(segment, content.rstrip(b"\n"))[0]) == 2
    assert admitted(snowplow, b"")[0] == []


def test_the_vault_keeps_the_address_that_was_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_lines, "BLOCK", 10)
    told = [identify(n, f"who{n}@mail.example") for n in range(5)]
    _, _, store, _ = admitted(segment, lines(*told))
    assert [value.value for value in store.vault][-1] == "who4@mail.example"
    assert len({value.record_key for value in store.vault}) == 1


def test_keys_are_the_same_remembered_forgotten_or_new() -> None:
    keyer = memory_guard()[0].keyer
    keys = EventKeys(keyer, remembered=4)
    asked = [[f"v{(n * step) % 23}" for n in range(9)] for step in range(1, 12)]
    for values in asked:
        given = keys.of(pa.array([*values, None, "undefined"]), "anonymous_id").to_pylist()
        assert given == [*(keyer.key("anonymous_id", value) for value in values), None, None]


def test_what_was_not_met_for_long_is_forgotten() -> None:
    keys = EventKeys(memory_guard()[0].keyer, remembered=10)
    for first in range(0, 1_000, 5):
        keys.of(pa.array([f"v{first + n}" for n in range(5)]), "anonymous_id")
    assert sum(len(half["anonymous_id"]) for half in (keys._newer, keys._older)) <= 30
