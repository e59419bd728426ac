"""Finds any of very many byte strings in much text, at memory speed.

A table of the needles' first eight bytes rules almost every position out with one look-up; what
is left is compared. Needles shorter than eight bytes are searched one by one.
"""

import re

import numpy as np

from orchestration.privacy.encodings import forms

_WINDOW = 8
_TABLE_BITS = 20
_BACKSLASHES = re.compile(rb"\\+")
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Needles:
    """What is looked for: values in every form they may hide in."""

    def __init__(self, values: list[str]) -> None:
        """Prepare the search; ``hits`` answers with positions in ``values``, never with values."""
        self._short: list[tuple[bytes, int]] = []
        self._long: dict[bytes, list[tuple[bytes, int]]] = {}
        for number, value in enumerate(values):
            for form in forms(value).values():
                if len(form) < _WINDOW:
                    self._short.append((form, number))
                else:
                    self._long.setdefault(form[:_WINDOW], []).append((form, number))
        self._table = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
        if self._long:
            heads = np.frombuffer(b"".join(self._long), dtype="<u8")
            self._table[_slot(heads)] = True
        self.longest = max(
            (len(form) for group in self._long.values() for form, _ in group),
            default=_WINDOW,
        )

    def hits(self, text: bytes) -> set[int]:
        """Return the numbers of the values that occur in a text, in whatever form."""
        # Records and COPY double backslashes, once or twice.
        haystack = _BACKSLASHES.sub(b"\\\\", text.lower()) if b"\\" in text else text.lower()
        found = {number for form, number in self._short if form in haystack}
        if self._long:
            for start in range(_WINDOW):
                found |= self._hits_at(haystack, start)
        return found

    def _hits_at(self, haystack: bytes, start: int) -> set[int]:
        count = (len(haystack) - start) // _WINDOW
        if count <= 0:
            return set()
        words = np.frombuffer(haystack, dtype="<u8", count=count, offset=start)
        found = set()
        for index in np.flatnonzero(self._table[_slot(words)]):
            place = start + int(index) * _WINDOW
            for form, number in self._long.get(haystack[place : place + _WINDOW], ()):
                if haystack.startswith(form, place):
                    found.add(number)
        return found


def _slot(words: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = (words.astype(np.uint64) * _MIX) >> np.uint64(64 - _TABLE_BITS)
    return mixed
