"""Our own expectations, where they say it better than a chain of general ones.

Each is a statement of ``statements.py``, counted in the database: no row leaves it. Importing this
module imports GX (seconds) and registers the classes under their names in snake case.
"""

from typing import Any, ClassVar

from great_expectations.compatibility import pydantic
from great_expectations.expectations import UnexpectedRowsExpectation

from expectations import statements
from expectations.loads import MAX_RATIO, MIN_LOADS, MIN_RATIO


class CountedRows(UnexpectedRowsExpectation):  # type: ignore[misc]  # GX has no types for us
    """Passes when its statement finds nothing; knows how many rows it found, not which."""

    unexpected_rows_query: str = ""

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        raise NotImplementedError

    @pydantic.root_validator(pre=True)  # type: ignore[untyped-decorator]
    def _state(cls, values: dict[str, Any]) -> dict[str, Any]:  # noqa: N805  pydantic's form
        given = {**{n: f.default for n, f in cls.__fields__.items()}, **values}
        return {**values, "unexpected_rows_query": cls.statement(given)}

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found = int(metrics["unexpected_rows_query.row_count"])
        return {"success": found == 0, "result": {"unexpected_count": found}}


class ExpectNoRowsWhere(CountedRows):
    """No row fulfils ``condition``, a plain SQL expression over the table's columns."""

    condition: str

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.rows_where(values["condition"])


class ExpectRowsToBeKnown(CountedRows):
    """``columns`` are those of a row in ``other_table`` that fulfils ``other_condition``.

    A row without one of them is nobody's: it passes.
    """

    columns: list[str]
    other_table: str
    other_condition: str | None = None

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.unknown_rows(
            values["columns"], values["other_table"], values["other_condition"]
        )


class ExpectIntervalsNotToOverlap(CountedRows):
    """Per ``keys``, no interval begins before the one before it has ended."""

    keys: list[str]
    valid_from: str = "valid_from"
    valid_to: str = "valid_to"
    gaps_allowed: bool = True

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.overlapping_intervals(
            values["keys"], values["valid_from"], values["valid_to"], values["gaps_allowed"]
        )


class ExpectNoPersonalData(CountedRows):
    """Nothing in ``columns`` (by default in the whole row) looks like readable personal data."""

    columns: list[str] | None = None

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.personal_data(values["columns"])


class ExpectSumsToAgree(CountedRows):
    """The sum of ``column`` equals that of ``other_column``, per ``keys`` or over all rows.

    A column left out counts rows instead. Conditions are plain SQL over the table concerned.
    """

    other_table: str
    column: str | None = None
    other_column: str | None = None
    keys: list[str] | None = None
    condition: str | None = None
    other_condition: str | None = None
    tolerance: float = 0.0

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.sums_that_differ(values)


class ExpectDataToBeRecent(CountedRows):
    """The newest ``column`` is at most ``max_age_hours`` before the run's clock (ops.clock)."""

    column: str
    max_age_hours: float

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.stale(values["column"], values["max_age_hours"])


class ExpectVolumeToMatchHistory(CountedRows):
    """The last load of a resource is as large as its loads usually are (ops.load_counts)."""

    source: str
    resource: str
    min_ratio: float = MIN_RATIO
    max_ratio: float = MAX_RATIO
    min_loads: int = MIN_LOADS

    @classmethod
    def statement(cls, values: dict[str, Any]) -> str:
        """Return the statement for the expectation's arguments."""
        return statements.unusual_volume(
            values["source"],
            values["resource"],
            values["min_ratio"],
            values["max_ratio"],
            values["min_loads"],
        )
