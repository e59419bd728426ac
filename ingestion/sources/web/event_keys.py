"""Subject keys of identifiers that come again and again: worked out once, remembered for a while.

A digest costs ten times a look-up. What was not met for long is forgotten, so that memory does not
grow with the number of visitors: the newer half fills up and takes the place of the older one.
"""

from threading import Lock

import numpy as np
import pyarrow as pa

from ingestion.guard.keys import Keyer, normalised

# Identifiers per kind in each half, some 250 bytes each.
REMEMBERED = 98_304


class EventKeys:
    """The keys of one run; any thread may ask."""

    def __init__(self, keyer: Keyer, remembered: int = REMEMBERED) -> None:
        self._keyer = keyer
        self._most = remembered
        self._newer: dict[str, dict[str, str | None]] = {}
        self._older: dict[str, dict[str, str | None]] = {}
        self._looking = Lock()

    def of(self, values: pa.Array, identifier_type: str) -> pa.Array:
        """Return the keys of a column; nobody's identifiers have none."""
        present = values.drop_null()
        if not len(present):
            return values
        # Most of a block are other visitors: finding equal ones costs more than looking all up.
        keys = pa.array(self._keys(identifier_type, present.to_pylist()), pa.string())
        if len(present) == len(values):
            return keys
        told = values.is_valid().to_numpy(zero_copy_only=False)
        return keys.take(pa.array(np.cumsum(told) - 1, mask=~told))

    def _keys(self, kind: str, values: list[str]) -> list[str | None]:
        with self._looking:
            newer = self._newer.setdefault(kind, {})
            if len(newer) > self._most:
                self._older[kind] = newer
                newer = self._newer[kind] = {}
            keys = [*map(newer.get, values)]
            if None not in keys:
                return keys
            where = [at for at, key in enumerate(keys) if key is None]
            missed = dict.fromkeys(values[at] for at in where)
            older = self._older.get(kind, {})
            newer.update((value, older[value]) for value in missed if value in older)
            newer.update(self._worked_out(kind, [v for v in missed if v not in newer]))
            for at in where:
                keys[at] = newer[values[at]]
            return keys

    def _worked_out(self, kind: str, values: list[str]) -> dict[str, str | None]:
        plain = [normalised(kind, value) for value in values]
        told = [each for each in plain if each]
        keys = dict(zip(told, self._keyer.keys(kind, told), strict=True))
        return {value: keys.get(spelt or "") for value, spelt in zip(values, plain, strict=True)}
