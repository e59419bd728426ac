"""Why a row is turned away. Codes only: a reason never quotes the value."""

from enum import StrEnum


class Reason(StrEnum):
    """Reason codes of ``quarantine.rows``."""

    NOT_AN_OBJECT = "not_an_object"
    MISSING_KEY = "missing_key"
    AMBIGUOUS_KEY = "ambiguous_key"
    TYPE_CHANGED = "type_changed"
    NUL = "nul_character"
    LONE_SURROGATE = "lone_surrogate"
    INTEGER_RANGE = "integer_beyond_64_bits"
    NOT_FINITE = "not_a_finite_number"
    NUMBER_FORMAT = "not_a_number"
    NUMBER_RANGE = "number_out_of_range"
    DATE_FORMAT = "not_a_date"
    DATE_RANGE = "date_out_of_range"
    TOO_LARGE = "field_too_large"
    TOO_DEEP = "nested_too_deep"
    ID_FORMAT = "malformed_id"
    NOT_LISTED = "not_one_of_the_known_words"


class BadValueError(ValueError):
    """A value that does not fit its declared kind; carries the code, never the value."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(f"{field}: {reason.value}" if field else reason.value)
        self.reason = reason
        self.field = field
