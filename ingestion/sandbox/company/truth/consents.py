"""Truth about permissions: every act, and the state of each subject and person at each instant.

Per subject the latest act counts. A person is denied where any subject is denied, granted where
none is and at least one is granted, unknown otherwise. An erasure ends everything said by the
person, and by the addresses and numbers it names; a browser's own answer stands until it is changed
there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.sandbox.company.clock import NEVER
from ingestion.sandbox.company.draws import Ints
from ingestion.sandbox.company.drops.permissions import Said
from ingestion.sandbox.company.render.naming import Naming
from ingestion.sandbox.company.truth.columns import bounds, instants
from ingestion.sandbox.company.truth.consent_acts import DENY, GRANT, collected
from ingestion.sandbox.company.world import World

STATES = ("unknown", "granted", "denied")


def tables(
    world: World, naming: Naming, seed: int, now: int, elsewhere: Iterable[Said] = ()
) -> dict[str, pa.Table]:
    """Return acts, subject states and person states up to ``now``; ``elsewhere``: told by files.

    ``consent_shown`` is ``consent_subjects`` without what no vendor shows any more.
    """
    acts = collected(world, naming, seed, now, elsewhere).columns
    at = np.array(acts.pop("at"), dtype=np.int64)
    state = np.array(acts.pop("state"), dtype=np.int64)
    erased = world.people["erased_at"][np.array(acts["person_id"], dtype=np.int64)]
    topics = list(zip(acts["purpose"], acts["channel"], strict=True))
    subjects = list(zip(topics, acts["subject"], strict=True))
    said = _Said(
        acts, at, state, erased, list(dict.fromkeys(topics)), _codes(topics), _codes(subjects)
    )
    everything = np.arange(len(at))
    shown = np.flatnonzero(np.array(acts["is_shown"], dtype=np.bool_))
    order = pa.array(np.argsort(at, kind="stable"))
    return {
        "consent_acts": pa.table({**acts, "occurred_at": instants(at)}).take(order),
        "consent_subjects": _subjects(said, everything),
        "consent_shown": _subjects(said, shown),
        "consent_states": _states(said, everything),
    }


@dataclass(frozen=True)
class _Said:
    """Every act, as columns of equal length."""

    acts: Mapping[str, Sequence[object]]
    at: Ints
    state: Ints
    erased_at: Ints
    topics: Sequence[tuple[object, object]]
    """Purposes with channels, each once."""
    topic: Ints
    """Place of each act's purpose and channel among them."""
    subject: Ints
    """One number per subject, purpose and channel."""

    def intervals(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return, of some acts, those that set a state, and when the subject's next ends it."""
        rows = chosen[self.state[chosen] > 0]
        rows = rows[np.lexsort((self.state[rows], self.at[rows], self.subject[rows]))]
        ends = np.full(len(rows), NEVER)
        same = self.subject[rows[1:]] == self.subject[rows[:-1]]
        ends[:-1][same] = self.at[rows[1:]][same]
        keep = ends > self.at[rows]
        return rows[keep], ends[keep]


def _codes(values: Sequence[object]) -> Ints:
    """Return the same number for the same value, counted from 0 as they first come."""
    number: dict[object, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], dtype=np.int64)


def _subjects(said: _Said, chosen: Ints) -> pa.Table:
    rows, ends = said.intervals(chosen)
    is_device = np.array(said.acts["subject_type"])[rows] == "device"
    ends = np.where(is_device, ends, np.minimum(ends, said.erased_at[rows]))
    lasting = ends > said.at[rows]
    rows, ends = rows[lasting], ends[lasting]
    return pa.table(
        {
            **{
                name: pa.array([said.acts[name][row] for row in rows.tolist()])
                for name in ("person_id", "subject_type", "subject", "purpose", "channel")
            },
            "state": [STATES[value] for value in said.state[rows].tolist()],
            "valid_from": instants(said.at[rows]),
            "valid_to": bounds(ends),
        }
    )


def _states(said: _Said, chosen: Ints) -> pa.Table:
    rows, ends = said.intervals(chosen)
    ends = np.minimum(ends, said.erased_at[rows])
    living = ends > said.at[rows]
    rows, ends = rows[living], ends[living]
    person = np.array(said.acts["person_id"], dtype=np.int64)[rows]
    persons, topics, states, begins, finishes = _persons(
        person, said.topic[rows], said.state[rows], said.at[rows], ends
    )
    return pa.table(
        {
            "person_id": persons,
            "purpose": [said.topics[value][0] for value in topics.tolist()],
            "channel": [said.topics[value][1] for value in topics.tolist()],
            "state": [STATES[value] for value in states.tolist()],
            "valid_from": instants(begins),
            "valid_to": bounds(finishes),
        }
    )


def _persons(
    person: Ints, topic: Ints, state: Ints, begin: Ints, end: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Union the subjects of each person: denied if any is, else granted if any is."""
    key = person * 64 + topic
    keys, moments = np.concatenate([key, key]), np.concatenate([begin, end])
    grants = np.concatenate([state == GRANT, -(state == GRANT).astype(np.int64)]).astype(np.int64)
    denials = np.concatenate([state == DENY, -(state == DENY).astype(np.int64)]).astype(np.int64)
    order = np.lexsort((moments, keys))
    keys, moments = keys[order], moments[order]
    granted, denied = np.cumsum(grants[order]), np.cumsum(denials[order])
    last = np.ones(len(keys), dtype=np.bool_)
    last[:-1] = (keys[1:] != keys[:-1]) | (moments[1:] != moments[:-1])
    keys, moments = keys[last], moments[last]
    value = np.where(denied[last] > 0, DENY, np.where(granted[last] > 0, GRANT, 0))
    change = np.ones(len(keys), dtype=np.bool_)
    change[1:] = (keys[1:] != keys[:-1]) | (value[1:] != value[:-1])
    keys, moments, value = keys[change], moments[change], value[change]
    ends = np.full(len(keys), NEVER)
    same = keys[1:] == keys[:-1]
    ends[:-1][same] = moments[1:][same]
    real = moments < NEVER
    return keys[real] // 64, keys[real] % 64, value[real], moments[real], ends[real]
