"""The guard as a run sees it: records in, an Arrow table without readable personal data out.

Per record: parse into the shape (or quarantine), normalise and key identifiers, suppress erased
subjects, write readable values to the vault, scrub texts, gather misfits. One `Guard` per source
and run; `admit` may be called any number of times, `finish` once per resource.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import pyarrow as pa

from ingestion.guard import misfits, scrub
from ingestion.guard.keys import Keyer, KeyRing, normalised
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.shapes import Field, Shape, Treatment
from ingestion.guard.store import Counts, PostgresStore, Rejected, Store, VaultValue
from ingestion.guard.values import CONVERTERS

# Above this share of bad rows (and number of rows) a load is not bad rows but a changed schema.
MAX_QUARANTINED_SHARE = 0.2
_ENOUGH_TO_JUDGE = 50
# So few say something when every single one is bad: a new source, or a small table that changed.
_ENOUGH_WHEN_ALL_ARE_BAD = 10


class TooManyBadRowsError(RuntimeError):
    """Most rows of a resource are turned away: the vendor changed something."""


class Guard:
    """What every row of one source passes in one run."""

    def __init__(
        self, source: str, keyer: Keyer, store: Store, as_of: datetime, run_id: str | None = None
    ) -> None:
        self.source = source
        self.as_of = as_of
        self.run_id = run_id or uuid.uuid4().hex
        self.keyer = keyer
        self.store = store
        self.counted: dict[str, Counts] = {}
        self._drift: dict[str, dict[str, int]] = {}
        self._reasons: dict[str, dict[Reason, int]] = {}

    def counts(self, resource: str) -> Counts:
        """Return the running counts of one resource."""
        return self.counted.setdefault(resource, Counts())

    def admit(self, shape: Shape, records: Iterable[Any]) -> pa.Table:
        """Return the rows that may be loaded; everything else is written where it belongs."""
        columns: dict[str, list[Any]] = {name: [] for name in shape.kinds}
        values: list[VaultValue] = []
        rejected: list[Rejected] = []
        counts = self.counts(shape.resource)
        for record in records:
            try:
                row = self._row(shape, record, values)
            except BadValueError as error:
                rejected.append(self._reject(shape, record, error))
                continue
            if row is None:
                counts.suppressed += 1
                continue
            for name, column in columns.items():
                column.append(row.get(name))
        if values:
            self.store.keep_values(self.source, values, self.run_id)
        self.turn_away(shape.resource, rejected)
        table = pa.table(columns, schema=shape.arrow)
        counts.loaded += table.num_rows
        return table

    def pass_over(self, resource: str, rows: int) -> None:
        """Take back ``rows`` admitted rows that turned out to be loaded already."""
        self.counts(resource).loaded -= rows

    def turn_away(self, resource: str, rejected: Sequence[Rejected]) -> None:
        """Write rejected rows to quarantine and count them."""
        if rejected:
            self.counts(resource).quarantined += len(rejected)
            reasons = self._reasons.setdefault(resource, {})
            for row in rejected:
                reasons[row.reason] = reasons.get(row.reason, 0) + 1
            self.store.quarantine(self.source, rejected, self.run_id)

    def note_drift(self, resource: str, name: str, rows: int = 1) -> None:
        """Remember that ``rows`` rows carried a field nobody declared."""
        fields = self._drift.setdefault(resource, {})
        kept = misfits.scrubbed_name(name)
        fields[kept] = fields.get(kept, 0) + rows

    def finish(self, resource: str) -> None:
        """Write counts and drift of a resource that was read to its end.

        Raises:
            TooManyBadRowsError: when most of its rows were turned away.
        """
        counts = self.counts(resource)
        if fields := self._drift.pop(resource, None):
            self.store.drift(self.source, resource, fields)
        self.store.counts(self.source, resource, counts, self.run_id)
        seen = counts.loaded + counts.quarantined
        is_most = seen >= _ENOUGH_TO_JUDGE and counts.quarantined > MAX_QUARANTINED_SHARE * seen
        if is_most or (not counts.loaded and seen >= _ENOUGH_WHEN_ALL_ARE_BAD):
            reasons = self._reasons[resource]
            worst = max(reasons, key=lambda reason: reasons[reason])
            raise TooManyBadRowsError(
                f"{counts.quarantined} of {seen} rows of {self.source}.{resource} were turned "
                f"away, most for {worst.value}: the vendor's schema seems to have changed; see "
                "quarantine.rows (`tandem sql --role auditor`), then mend the shape in "
                "ingestion/sources"
            )

    def _row(self, shape: Shape, record: Any, values: list[VaultValue]) -> dict[str, Any] | None:
        if not isinstance(record, dict):
            raise BadValueError(Reason.NOT_AN_OBJECT)
        _refuse_ambiguous(tuple(record))
        parsed = {f.name: _parsed(f, record) for f in shape.fields}
        if any(parsed.get(name) is None for name in shape.key if name in parsed):
            raise BadValueError(Reason.MISSING_KEY)
        row: dict[str, Any] = {}
        for identifier in shape.identifiers:
            plain = _first_normalised(identifier, parsed)
            if self.keyer.is_erased(identifier.identifier_type, plain):
                return None
            parsed[identifier.column + ".normalised"] = plain
            row[identifier.column] = self.keyer.key(identifier.identifier_type, plain)
            if identifier.required and plain is None:
                raise BadValueError(Reason.MISSING_KEY, identifier.column)
        unknown = self._unknown(shape, record) if shape.misfit_paths else {}
        hidden = {n: unknown.pop(n) for n in list(unknown) if misfits.is_personal_name(n)}
        extra = misfits.extra_of(unknown)
        misfits.extra_of(hidden)
        for derived in shape.derived:
            row[derived.column] = derived.compute({**parsed, **row, "as_of": self.as_of})
        self._sort_out(shape, parsed, row, values, hidden)
        if shape.misfit_paths:
            row["extra"] = extra
        return row

    def _sort_out(
        self,
        shape: Shape,
        parsed: dict[str, Any],
        row: dict[str, Any],
        values: list[VaultValue],
        hidden: dict[str, Any],
    ) -> None:
        """Send each parsed value to raw or to the vault."""
        record_key = (
            shape.resource
            + "/"
            + "/".join(str(row[k] if k in row else parsed[k]) for k in shape.key)
        )
        subject = row.get(shape.subject or "subject_key")
        for declared in shape.fields:
            value = parsed[declared.name]
            if declared.treatment is Treatment.OPEN:
                is_free = declared.kind == "text" and declared.scrubbed
                row[declared.name] = scrub.free_text(value) if is_free else value
            elif declared.treatment is Treatment.VAULT and subject:
                text = None if value is None else str(value)
                values.append(VaultValue(subject, record_key, declared.name, text))
        if subject:
            for name, value in hidden.items():
                text = value if isinstance(value, str) else orjson.dumps(value).decode()
                values.append(VaultValue(subject, record_key, f"extra.{name}", text))

    def _unknown(self, shape: Shape, record: dict[str, Any]) -> dict[str, Any]:
        """Return the members nobody declared, and remember them as drift."""
        unknown: dict[str, Any] = {}
        for path in shape.misfit_paths:
            members = _at(record, path) if path else record
            if not isinstance(members, dict):
                continue
            _refuse_ambiguous(tuple(members))
            for name in shape.unknown(path, tuple(members)):
                if members[name] not in (None, ""):
                    unknown[name] = members[name]
        for name in unknown:
            self.note_drift(shape.resource, name)
        return unknown

    def _reject(self, shape: Shape, record: Any, error: BadValueError) -> Rejected:
        return Rejected(
            shape.resource, error.reason, self._key_hash(shape, record), redacted(record, error)
        )

    def _key_hash(self, shape: Shape, record: Any) -> str | None:
        """Return a hash an operator can find the row by, once they know its key."""
        try:
            paths = {f.name: f.path for f in shape.fields}
            parts = [str(_at(record, paths[name])) for name in shape.key if name in paths]
            return self.keyer.keys("source_key", ["/".join(parts)])[0] if parts else None
        except (BadValueError, UnicodeEncodeError):
            return None


def open_guard(source: str, as_of: datetime) -> Guard:
    """Return the guard of a real run: keys from the secrets, store as role ``loader``."""
    from ingestion.settings import role_url

    store = PostgresStore(role_url("loader"), as_of)
    tombstones = store.tombstones()
    suppression = KeyRing.from_secret("k_supp.key") if tombstones else None
    keyer = Keyer(KeyRing.from_secret("k_match.key"), suppression, tombstones)
    return Guard(source, keyer, store, as_of)


def redacted(record: Any, error: BadValueError) -> str:
    """Return a JSON sketch of a record: member names, types and sizes, no value."""
    if not isinstance(record, dict):
        return orjson.dumps({"is": type(record).__name__}).decode()
    sketch = {
        misfits.scrubbed_name(str(name).encode("ascii", "replace").decode()): _sketch(value)
        for name, value in list(record.items())[:60]
    }
    return orjson.dumps({"field": error.field, "members": sketch}).decode()


def _sketch(value: Any) -> str:
    size = f"({len(value)})" if isinstance(value, str | list | dict) else ""
    return type(value).__name__ + size


def _parsed(declared: Field, record: dict[str, Any]) -> Any:
    try:
        value = CONVERTERS[declared.kind](_at(record, declared.path))
    except BadValueError as error:
        raise BadValueError(error.reason, declared.name) from None
    if value is None and declared.required:
        raise BadValueError(Reason.MISSING_KEY, declared.name)
    return value


def _first_normalised(identifier: Any, parsed: dict[str, Any]) -> str | None:
    country = parsed.get(identifier.country) if identifier.country else None
    if country:
        from ingestion.guard.derive import country_code

        country = country_code(country)
    for name in identifier.fields:
        value = parsed.get(name)
        if value and (plain := normalised(identifier.identifier_type, value, country)):
            return plain
    return None


def _at(record: Any, path: str) -> Any:
    for step in _steps(path):
        if record is None:
            return None
        if not isinstance(record, dict):
            raise BadValueError(Reason.TYPE_CHANGED)
        record = record.get(step)
    return record


@lru_cache(maxsize=4_096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _refuse_ambiguous(names: tuple[str, ...]) -> None:
    """Refuse ``userId`` beside ``user_id``: either could be the one that is meant."""
    if found := misfits.ambiguous(names):
        raise BadValueError(Reason.AMBIGUOUS_KEY, found)
