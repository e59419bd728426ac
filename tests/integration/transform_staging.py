"""The tables that stand for staging in tests: one per staging model, columns and types as it says.

Read from the models themselves, so that a new source needs no second list here. Every staging
model casts its columns one a line; those of identifiers share one shape.
"""

import re
from collections.abc import Iterator

from ingestion.settings import project_root

FOLDER = project_root() / "dbt_project" / "models" / "staging"
CAST = re.compile(r"^ +cast\(.* as (?P<type>.+?)\) as (?P<name>\w+),?$", re.MULTILINE)
MACROS = {
    "{{ t_text() }}": "text",
    "{{ t_money() }}": "numeric(18,2)",
    "{{ t_rate() }}": "numeric(18,8)",
    "{{ t_ratio() }}": "numeric(18,6)",
    "{{ t_double() }}": "double precision",
}
IDENTIFIERS = {
    "source": "text",
    "record_key": "text",
    "identifier_type": "text",
    "subject_key": "text",
    "first_seen": "timestamp",
    "last_seen": "timestamp",
    "observation_count": "bigint",
}


def statements() -> Iterator[str]:
    """Yield a ``create table`` for every staging model."""
    for path in sorted(FOLDER.rglob("stg_*.sql")):
        columns = IDENTIFIERS
        if not path.stem.endswith("__identifiers"):
            found = CAST.finditer(path.read_text())
            columns = {cast["name"]: MACROS.get(cast["type"], cast["type"]) for cast in found}
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        yield f"create table staging.{path.stem} ({listed})"
