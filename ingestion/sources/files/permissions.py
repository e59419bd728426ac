"""Consents that people gave or refused on paper, by letter or by telephone -> table ``consents``.

Grain and key: one act, ``consent_id``. A file is a list an office keeps (its folder): ``email``,
``phone`` or ``customer_no`` say who, ``purpose`` (and ``channel``) what for, ``action`` what was
said, ``occurred_at`` when; then how it was said (``capture_method``), the notice shown, and the
SHA-256 of the form. The newest version of an act wins, whichever file it stands in; what the ledger
heard once, it keeps.

The words are those of the seeds ``purposes``, ``consent_actions`` and ``consent_legal_bases``: a
row with another one is turned away. So is a permission without the address or number it would be
for; a refusal counts by whatever tells who refused. An empty date is loaded: the ledger knows that
an undated yes is none.
"""

import csv
import re
from collections.abc import Mapping
from functools import lru_cache

import pyarrow as pa

from ingestion.guard import derive
from ingestion.guard.gate import Guard
from ingestion.guard.reasons import BadValueError, Reason
from ingestion.guard.shapes import Derived, Field, Identifier, Shape, Treatment, Values
from ingestion.settings import project_root
from ingestion.sources.files.feeds import SOURCE, Feed, last_of_each, marked, own_fields
from ingestion.sources.files.folder import DropFile
from ingestion.sources.files.sheets import Sheet, decoded, table

_VAULT, _INPUT = Treatment.VAULT, Treatment.INPUT
_REQUIRED = ("consent_id", "purpose", "action", "occurred_at")
# The key a permission must stand on, by channel; others stand on whatever is known.
_POINTS = {"email": "email_key", "sms": "phone_key", "phone": "phone_key"}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@lru_cache
def _words(seed: str, name: str, about: str) -> Mapping[str, str]:
    """Return a column of a seed of rules, by another one."""
    with (project_root() / "dbt_project" / "seeds" / "rules" / f"{seed}.csv").open() as file:
        return {row[name]: row[about] for row in csv.DictReader(file)}


def _told(values: Values, column: str, known: Mapping[str, str]) -> str:
    if values[column] not in known:
        raise BadValueError(Reason.NOT_LISTED, column)
    return known[values[column]]


def _channel(values: Values) -> str:
    """Return the channel of the purpose, which the row may repeat but not contradict."""
    own = _told(values, "purpose", _words("purposes", "purpose", "channel"))
    if values["stated_channel"] not in (None, own):
        raise BadValueError(Reason.NOT_LISTED, "channel")
    return own


def _legal_basis(values: Values) -> str:
    stated = values["stated_basis"]
    known = _words("consent_legal_bases", "legal_basis", "legal_basis")
    if stated not in (None, "consent") and stated not in known:
        raise BadValueError(Reason.NOT_LISTED, "legal_basis")
    return stated or ("objection" if values["action"] == "object" else "consent")


def _subject(values: Values) -> str:
    """Return the key an act is about."""
    state = _told(values, "action", _words("consent_actions", "action", "state"))
    if state == "redacted":
        raise BadValueError(Reason.NOT_LISTED, "action")
    point = _POINTS.get(_channel(values))
    if point and (values[point] or state in ("granted", "pending")):
        found = values[point]
    else:
        found = values["user_key"] or values["email_key"] or values["phone_key"]
    if found is None:
        raise BadValueError(Reason.MISSING_KEY, point or "user_key")
    return str(found)


def _proof(values: Values) -> str | None:
    digest = values["stated_proof"]
    if digest is not None and not _DIGEST.fullmatch(digest.lower()):
        raise BadValueError(Reason.ID_FORMAT, "proof_sha256")
    return digest.lower() if digest else None


CONSENTS = Shape(
    source=SOURCE,
    resource="consents",
    key=("consent_id",),
    dedup="updated_at",
    subject="subject_key",
    misfit_paths=("",),
    fields=(
        *own_fields(None),
        Field("consent_id", "consent_id", "id", required=True),
        Field("office", "_unit", "id", required=True),
        Field("email", "email", "text", _VAULT),
        Field("phone", "phone", "text", _VAULT),
        Field("customer_number", "customer_no", "text", _INPUT),
        Field("country", "country", "text", _INPUT),
        Field("purpose", "purpose", required=True, scrubbed=False),
        Field("stated_channel", "channel", "text", _INPUT),
        Field("action", "action", required=True, scrubbed=False),
        Field("stated_basis", "legal_basis", "text", _INPUT),
        Field("stated_proof", "proof_sha256", "text", _INPUT),
        Field("capture_method", "capture_method"),
        Field("notice_version", "notice_version", "id"),
        Field("occurred_at", "occurred_at", "timestamp"),
        Field("updated_at", "_exported_at", "timestamp", required=True),
    ),
    identifiers=(
        Identifier("user_key", "user_id", ("customer_number",)),
        Identifier("email_key", "email", ("email",)),
        Identifier("phone_key", "phone", ("phone",), country="country"),
    ),
    derived=(
        Derived("channel", "text", _channel),
        Derived("legal_basis", "text", _legal_basis),
        Derived("proof_sha256", "text", _proof),
        Derived("subject_key", "id", _subject),
        Derived("country_code", "text", lambda v: derive.country_code(v["country"])),
        Derived("observed_at", "timestamp", lambda v: v["as_of"]),
    ),
)


def read(content: bytes, file: DropFile) -> Sheet:
    """Return the acts of a list."""
    _, rows = table(decoded(content), _REQUIRED)
    return Sheet([marked(row, file) for row in rows])


def admit(guard: Guard, sheet: Sheet) -> Mapping[str, pa.Table]:
    """Return the table of a list."""
    return {"consents": last_of_each(guard.admit(CONSENTS, sheet.rows), CONSENTS.key)}


FEED = Feed("consents", "consents/*/*.csv", (CONSENTS,), read, admit, is_partitioned=False)
