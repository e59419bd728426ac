"""Where a load reads on: never beyond the moment it began, never backwards, with a look-back."""

from datetime import timedelta
from typing import Any

import pytest

from ingestion.sources.errors import EmptySourceError
from ingestion.sources.session import Session
from ingestion.sources.transport import Transport
from tests.unit.guard_memory import AS_OF, memory_guard

LOOKBACK = timedelta(minutes=10)


@pytest.fixture
def session() -> Session:
    session = Session("raw_acme", lambda: Transport("acme", "https://unresolved.invalid"))
    session._guard = memory_guard()[0]
    return session


def test_a_first_load_reads_everything(session: Session) -> None:
    assert session.since({}, LOOKBACK) is None


def test_a_cursor_from_the_future_is_taken_for_now(session: Session) -> None:
    state = {"cursor": (AS_OF + timedelta(days=400)).isoformat()}
    assert session.since(state, LOOKBACK) == AS_OF - LOOKBACK


def test_a_record_dated_in_the_future_does_not_move_the_cursor_there(session: Session) -> None:
    state: dict[str, Any] = {}
    session.advance(state, AS_OF + timedelta(days=400))
    assert state["cursor"] == AS_OF.isoformat()


def test_the_cursor_never_goes_back_and_an_empty_increment_leaves_it(session: Session) -> None:
    state: dict[str, Any] = {}
    session.advance(state, AS_OF - timedelta(hours=1))
    session.advance(state, AS_OF - timedelta(hours=5))
    session.advance(state, None)
    assert session.since(state, LOOKBACK) == AS_OF - timedelta(hours=1) - LOOKBACK


def test_what_shrank_too_far_is_refused_unless_somebody_said_why(session: Session) -> None:
    session.refuse_shrinking("customers", 80, 100)
    session.refuse_shrinking("customers", 0, 19)
    with pytest.raises(EmptySourceError, match="accept_shrinking"):
        session.refuse_shrinking("customers", 79, 100)
    session._accept_shrinking = "the shop was closed"
    session.refuse_shrinking("customers", 0, 100)
