"""Whether what the project reads changed: by the counters of writes, or by the rows themselves.

Loaders ask vendors again for a few days back and write what comes, mostly the rows that were there.
So a raw table that was written to counts as changed only when its rows differ, as long as reading
them all is cheap; a larger one is taken for changed, and its models work by increment. Rows of a
load that never finished do not count: models leave them out too.
"""

from collections.abc import Mapping

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
    sources = {source: project.relation(source) for source in project.manifest["sources"]}
    read = {name: relations[name] for name in sources.values() if name in relations}
    found = contents(connection, read, known)
    told = {source: found[name] for source, name in sources.items() if name in found}
    told |= {
        source: name[1] for source, name in sources.items() if name in read and name[1] == _LOADS
    }
    return State(relations, known, told)


def contents(
    connection: psycopg.Connection,
    relations: Mapping[tuple[str, str], versions.Relation],
    known: Mapping[str, Record],
) -> Mapping[tuple[str, str], str]:
    """Return the digest of the rows of each of these tables that is compared row by row.

    Reads only what was written to since it was recorded, and records it.
    """
    told: dict[tuple[str, str], str] = {}
    compared: list[Record] = []
    for (schema, table), relation in relations.items():
        if not schema.startswith((_LOADED, _NOTED_BY_RUNS)) or table == _LOADS:
            continue
        node = f"rows.{schema}.{table}"
        record = known.get(node)
        if record is not None and record.definition == relation.version:
            told[schema, table] = record.content
        elif relation.size <= COMPARED_UP_TO_BYTES:
            loads = _LOADS if schema.startswith(_LOADED) else None
            digest = versions.content(connection, schema, table, loads)
            compared.append(Record(node, relation.version or "", digest, relation.identity))
            told[schema, table] = digest
    records.write(connection, compared)
    return told
