"""Which identifiers the id of a person's record is, as the shapes of the sources declare it.

A table holds records of persons when the identifier that its subject key is made of reads the
table's key: contacts, customers, leads. A new source says so by its shapes and is known here.
"""

from functools import cache

from ingestion.registry import ALL_SOURCES


@cache
def of_tables() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, per source and table of persons, the types that its record's id is known under."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for spec in ALL_SOURCES.values():
        for shape in spec.shapes():
            reading = (each for each in shape.identifiers if each.fields == shape.key)
            of_key = {each.column: each.identifier_type for each in reading}
            own = of_key.pop(shape.subject or "subject_key", None)
            if own:
                found[spec.name, shape.resource] = (own, *of_key.values())
    return found


def vendors() -> dict[str, str]:
    """Return which vendor gives each type of record id: who must delete such a record too."""
    return {types[0]: source.removeprefix("raw_") for (source, _), types in of_tables().items()}


def types() -> tuple[str, ...]:
    """Return every type that a record's id is known under, those that vendors share first."""
    own = vendors()
    also = {kind for kinds in of_tables().values() for kind in kinds[1:]}
    return (*sorted(also - set(own)), *sorted(own, reverse=True))
