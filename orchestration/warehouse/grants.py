"""Makes the database's privileges equal to ``grants.yml``, and refuses to go on when they are not.

dbt drops grants and view options whenever it rebuilds a table, so this runs after every build and
before every publish. Whatever is not declared is revoked, from strangers and PUBLIC too; whatever
cannot be read or mended is an error: readers see too little rather than too much.
"""

import psycopg
from psycopg import Connection

from orchestration.warehouse.differences import differences
from orchestration.warehouse.errors import WarehouseError

# One reconciler per database at a time; any constant of ours will do.
_LOCK = 7_240_917
# dbt may drop or rename a table between our look and our grant, so look again a few times.
_ROUNDS = 5
# ... which shows as one of these; a repair that is not allowed is found by the last look.
_PASSING = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InternalError_,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.InvalidGrantOperation,
    psycopg.errors.WrongObjectType,
)


def reconcile(connection: Connection) -> list[str]:
    """Make privileges equal to the declaration; return the statements that were needed.

    Raises:
        WarehouseError: when a difference remains.
    """
    connection.execute("select pg_advisory_lock(%s)", [_LOCK])
    try:
        done: list[str] = []
        for _ in range(_ROUNDS):
            repairs = differences(connection)
            if not repairs:
                return done
            done += [repair for repair in repairs if _apply(connection, repair)]
        verify(connection)
        return done
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


def verify(connection: Connection) -> None:
    """Do nothing when privileges are as declared.

    Raises:
        WarehouseError: when something differs or cannot be read; says what, and what would mend it.
    """
    try:
        repairs = differences(connection)
    except psycopg.Error as error:
        raise WarehouseError(
            f"the privileges cannot be read ({type(error).__name__}): run `tandem doctor`"
        ) from None
    if repairs:
        shown = "; ".join(repairs[:5]) + ("; …" if len(repairs) > 5 else "")
        raise WarehouseError(
            f"privileges differ from grants.yml ({len(repairs)}): "
            f"run `tandem up`, which does: {shown}"
        )


def _apply(connection: Connection, statement: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(statement.encode())
    except _PASSING:
        return False
    return True
