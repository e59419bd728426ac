"""How a shape becomes a dlt resource: one place for keys, dispositions, file format, contract.

A vendor's answer often feeds several tables, so a hidden reader yields batches (table name ->
Arrow table) and each resource picks its own. dlt evaluates the shared reader once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dlt
import pyarrow as pa
from dlt.sources import DltResource, DltSource

from ingestion.failpoints import fail_point
from ingestion.guard.shapes import Shape

Batch = Mapping[str, pa.Table]
# New tables may come; columns are the shape's business; a changed type stops the load.
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}


def reader(name: str, read: Callable[[], Iterator[Batch]]) -> DltResource:
    """Return the hidden resource that talks to the vendor."""

    def pages() -> Iterator[Batch]:
        for batch in read():
            fail_point("load.extract")
            yield batch

    return dlt.resource(pages, name=name, selected=False)


def picked(shape: Shape, source_of_rows: DltResource) -> DltResource:
    """Return the resource that loads ``shape`` out of a reader's batches, merged by its key.

    An empty table is yielded first, so that the table exists even when the vendor has no rows.
    """
    begun = False

    def pick(batch: Batch) -> Iterator[pa.Table]:
        nonlocal begun
        table = batch.get(shape.resource)
        # dlt works out the schema anew for every table it is handed, empty ones included.
        if table is not None or not begun:
            begun = True
            yield shape.arrow.empty_table() if table is None else table

    keys: dict[str, Any] = {"primary_key": list(shape.key)}
    if shape.merge_key:
        keys = {"merge_key": shape.merge_key}
    return dlt.transformer(
        pick,
        data_from=source_of_rows,
        name=shape.resource,
        write_disposition="merge",
        file_format="csv",
        columns=shape.hints,
        **keys,
    )


def empty_source(name: str, shapes: Iterable[Shape]) -> DltSource:
    """Return a source that makes the tables of ``shapes`` and asks nobody for anything."""

    @dlt.source(  # type: ignore[untyped-decorator]
        name=name, max_table_nesting=0, schema_contract=CONTRACT
    )
    def tables() -> list[DltResource]:
        nothing = reader("nothing", lambda: iter([{}]))
        return [nothing, *(picked(shape, nothing) for shape in shapes)]

    return tables()
