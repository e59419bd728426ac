"""Whether what the project reads changed: by the counters of writes, or by the rows themselves.

Loaders ask vendors again for a few days back and write what comes, mostly the rows that were there.
So a raw table that was written to counts as changed only when its rows differ, as long as reading
them all is cheap; a larger one is taken for changed, and its models work by increment. Rows of a
load that never finished do not count: models leave them out too.
"""

import psycopg

from orchestration.building import records, versions
from orchestration.building.plan import State
from orchestration.building.project import Project
from orchestration.building.records import Record

# Hashing rows costs about 2 s of CPU per 256 MB: less than building anything from as many.
COMPARED_UP_TO_BYTES = 256 * 1024 * 1024
# Written by every run with what they held before, a few rows each.
_NOTED_BY_RUNS = "ops"
_LOADED = "raw_"
# dlt's list of finished loads: grows with every load, and matters through the rows they left only.
_LOADS = "_dlt_loads"


def state(connection: psycopg.Connection, project: Project) -> State:
    """Return relations, records and the contents of sources compared row by row.

    ``connection`` reads every source table; what was compared is recorded.
    """
    relations = versions.look(connection, project.schemas)
    known = records.read(connection)
    told: dict[str, str] = {}
    compared: list[Record] = []
    for source in project.manifest["sources"]:
        schema, table = project.relation(source)
        relation = relations.get((schema, table))
        if relation is None or not schema.startswith((_LOADED, _NOTED_BY_RUNS)):
            continue
        if table == _LOADS:
            told[source] = table
            continue
        record = known.get(source)
        if record is not None and record.definition == relation.version:
            told[source] = record.content
        elif relation.size <= COMPARED_UP_TO_BYTES:
            loads = _LOADS if schema.startswith(_LOADED) else None
            told[source] = versions.content(connection, schema, table, loads)
            version = relation.version or ""
            compared.append(Record(source, version, told[source], relation.identity))
    records.write(connection, compared)
    return State(relations, known, told)
