"""What can stop a release; every message says the cause and the next step, never a value."""

import psycopg

from orchestration.warehouse.errors import condition


class PublishError(RuntimeError):
    """A release did not happen; the previous one is untouched and readable."""


class ManifestError(PublishError):
    """The dbt project describes a mart that cannot be published as it is."""


class SchemaRefused(PublishError):
    """A change would break readers: a column or key was removed or retyped."""


class PersonalDataRefused(PublishError):
    """A column with readable personal data, or without a class, was headed for an open mart."""


class PublishBusy(PublishError):
    """Another publish holds the lock and is alive."""


class LockedOut(PublishError):
    """Somebody holds a lock on a mart longer than the publisher is willing to wait."""


class ChecksFailed(PublishError):
    """The last checks of a core model hold its release back."""


class ReleaseBlocked(PublishError):
    """The difference is larger than the limits allow, or the last release was rolled back."""

    def __init__(self, block_id: int, reasons: tuple[str, ...]) -> None:
        self.block_id = block_id
        self.reasons = reasons
        super().__init__(
            f"release blocked (block {block_id}): {'; '.join(reasons)}. Look at it with "
            f"`tandem release diff`, then `tandem release acknowledge {block_id} --reason …` "
            "or mend the data and run again."
        )


def cleaned(error: psycopg.Error, doing: str) -> PublishError:
    """Return ``error`` without DETAIL, CONTEXT and values, which may quote rows."""
    if told := condition(error):
        return PublishError(f"{doing} failed: {told}. The previous release is untouched")
    diag = error.diag
    place = ".".join(part for part in (diag.schema_name, diag.table_name) if part)
    named = [
        f"{what} {value}"
        for what, value in (
            ("table", place),
            ("column", diag.column_name),
            ("constraint", diag.constraint_name),
        )
        if value
    ]
    detail = f" ({', '.join(named)})" if named else ""
    return PublishError(
        f"{doing} failed: {type(error).__name__}, SQLSTATE {error.sqlstate or 'none'}{detail}. "
        "The previous release is untouched; see orchestration/runbooks/publish_failed.md."
    )
