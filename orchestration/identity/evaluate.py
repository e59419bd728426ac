"""Compare the persons found with the sandbox company's ground truth.

The truth (``truth/records.parquet``) knows the person behind each CRM contact, shop customer,
order and browser, and which records the evidence can join at all (``supported_id``: connected
through values that one person only carries). Records whose person is not one (shared browsers,
test orders) are left out.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.sandbox.company.folder import CompanyError, facts
from ingestion.settings import home
from orchestration.identity import reading
from orchestration.identity.assembling import key_words
from orchestration.identity.graph import END, Int, Word
from orchestration.identity.keys import key_maker
from orchestration.identity.measures import Agreement, Contingency, b_cubed, pairwise
from orchestration.identity.rules import IdentityError

TYPES = {
    "contact": "hubspot_contact_id",
    "customer": "shopify_customer_id",
    "order": "order_id",
    "browser": "anonymous_id",
}


@dataclass(frozen=True)
class Evaluation:
    """Figures over the records that truth and warehouse both know."""

    records: int
    unknown_records: int
    """Records of the truth that the warehouse has no identifier of (not loaded, not permitted)."""
    true_persons: int
    found_persons: int
    largest: int
    """Records of the largest person found, and of the truly largest."""
    largest_true: int
    pairwise: Agreement
    """Against the truth, whether the evidence can show it or not."""
    supported: Agreement
    """The same precision; recall of the pairs that the evidence supports."""
    b_cubed: Agreement
    wrong_pairs: int
    is_truth_newer: bool = False
    """Whether the company lived on after the last run: then compare nothing before the next."""


def truth_folder(given: Path | None) -> Path:
    """Return the folder of truth tables: the one given, else the latest company's.

    Raises:
        IdentityError: when there is none.
    """
    if given is not None:
        found = [given]
    else:
        found = sorted(
            home().glob("sandbox/*/truth"), key=lambda path: path.stat().st_mtime, reverse=True
        )
    if not found or not (found[0] / "records.parquet").exists():
        raise IdentityError("no ground truth found: run the sandbox first, or name --truth")
    return found[0]


def evaluate(connection: psycopg.Connection, url: str, truth: Path | None = None) -> Evaluation:
    """Measure the persons in the warehouse against the truth."""
    folder = truth_folder(truth)
    records = pq.read_table(folder / "records.parquet")
    records = records.filter(
        pc.and_(
            pc.is_valid(records["person_id"]),
            pc.is_in(records["record_type"], pa.array(list(TYPES))),
        )
    )
    key_of = key_maker()
    kinds, values = records["record_type"].to_pylist(), records["record_id"].to_pylist()
    keys = [
        key_of(TYPES[kind], value) or "0" * 32 for kind, value in zip(kinds, values, strict=True)
    ]
    with connection.transaction():
        row = connection.execute("select pg_export_snapshot()").fetchone()
        with reading.reader(url, str(row[0] if row else "")) as cursor:
            links = reading.read_links(cursor)
            cursor.execute(
                "select distinct subject_key from identity.identifiers where observation_count > 0"
            )
            known = cursor.fetch_arrow_table().column(0)
    high, _ = key_words(keys)
    person = _current_person(high, links)
    loaded = pc.is_in(pa.array(keys), value_set=pc.cast(known, pa.string()).combine_chunks())
    seen = np.asarray(loaded.to_numpy(zero_copy_only=False), bool)
    true = np.asarray(records["person_id"].to_numpy(), np.int64)[seen]
    supported = np.asarray(records["supported_id"].to_numpy(), np.int64)[seen]
    found = measure(person[seen], true, supported, int((~seen).sum()))
    return replace(found, is_truth_newer=_is_newer(connection, folder.parent))


def _is_newer(connection: psycopg.Connection, company: Path) -> bool:
    """Tell whether a company stands at a later moment than the last run's figures."""
    row = connection.execute("select as_of at time zone 'UTC' from ops.clock").fetchone()
    try:
        return row is not None and facts(company).as_of() > row[0]
    except CompanyError:  # truth given without its company: nothing to tell the moment by
        return False


def _current_person(high: Word, links: reading.RecordedLinks) -> Int:
    """Return a number for the person each key belongs to now; unlinked keys get their own."""
    current = links.end == END
    keys = pa.array(links.high[current])
    place = pc.fill_null(pc.index_in(pa.array(high), value_set=keys), -1)
    position = np.asarray(place.to_numpy(zero_copy_only=False), np.int64)
    encoded = links.person.dictionary_encode().indices.to_numpy().astype(np.int64)[current]
    alone = -1 - np.arange(len(high), dtype=np.int64)
    return np.where(position >= 0, encoded[position], alone) if len(encoded) else alone


def measure(found: Int, true: Int, supported: Int, unknown: int) -> Evaluation:
    """Compute all figures from labels per record."""
    table = Contingency.of(found, true)
    pairs = pairwise(table)
    _, both = np.unique(np.stack([true, supported]), axis=1, return_inverse=True)
    shown = pairwise(Contingency.of(found, np.asarray(both, np.int64)))
    total = pairs.precision + shown.recall
    f1 = 2 * pairs.precision * shown.recall / total if total else 0.0
    wrong = (1 - pairs.precision) * float((table.found * (table.found - 1) // 2).sum())
    return Evaluation(
        records=len(found),
        unknown_records=unknown,
        true_persons=len(table.true),
        found_persons=len(table.found),
        largest=int(table.found.max(initial=0)),
        largest_true=int(table.true.max(initial=0)),
        pairwise=pairs,
        supported=Agreement(pairs.precision, shown.recall, f1),
        b_cubed=b_cubed(table),
        wrong_pairs=round(wrong),
    )
