"""The parts of a warehouse, made in order on a server that the administrator can reach."""

from pathlib import Path

import psycopg
from psycopg import Connection, sql

from ingestion.settings import secret
from orchestration.warehouse import migrations
from orchestration.warehouse.declaration import load
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.server import (
    OLDEST,
    MissingDatabaseError,
    Server,
    connect,
)
from orchestration.warehouse.tuning import QUIET_LOG

MAINTENANCE = "postgres"


def check_server(server: Server) -> None:
    """Refuse a server that cannot carry a warehouse, before anything is made on it.

    Raises:
        WarehouseError: too old, a standby, another encoding, or too few rights.
    """
    try:
        connection = connect(server)
    except MissingDatabaseError:
        connection = connect(server, MAINTENANCE)
    with connection:
        row = connection.execute(
            """
            select
                current_setting('server_version_num')::int,
                current_setting('server_version'),
                pg_is_in_recovery(),
                current_setting('server_encoding'),
                rolsuper or (rolcreaterole and rolcreatedb),
                rolname
            from pg_roles where rolname = current_user
            """
        ).fetchone()
    if row is None:
        raise WarehouseError(f"{server.place} does not say who we are: check its catalogs")
    number, version, is_standby, encoding, may_create, user = row
    if number < OLDEST * 10000:
        raise WarehouseError(
            f"{server.place} is PostgreSQL {version}: Tandem needs {OLDEST} or newer"
        )
    if is_standby:
        raise WarehouseError(f"{server.place} is a standby: name the primary server")
    if encoding != "UTF8":
        raise WarehouseError(
            f"{server.place} is encoded in {encoding}: use a database with encoding UTF8"
        )
    if not may_create:
        raise WarehouseError(
            f"user {user} may not create roles and databases on {server.place}: "
            f'as a superuser, alter role "{user}" createrole createdb'
        )


def create_databases(server: Server) -> None:
    """Create the warehouse's database and Dagster's when they are missing."""
    try:
        connection = connect(server)
    except MissingDatabaseError:
        with connect(server, MAINTENANCE) as maintenance:
            _create_database(maintenance, server.dbname)
        connection = connect(server)
    with connection:
        dagster = f"{server.dbname}_dagster"
        found = connection.execute("select from pg_database where datname = %s", [dagster])
        if found.fetchone() is None:
            _create_database(connection, dagster)


def install(connection: Connection, server: Server, ddl: Path) -> None:
    """Create roles, settings, schemas and the tables of ``ddl``; grants come afterwards."""
    _create_roles(connection, server)
    _own_database(connection, server)
    _close_databases(connection, server)
    _set_defaults(connection, server)
    for schema in load().schemas.values():
        owner = sql.Identifier(f"{server.dbname}_{schema.owner}")
        connection.execute(
            sql.SQL("create schema if not exists {} authorization {}").format(
                sql.Identifier(schema.name), owner
            )
        )
    was_new = migrations.is_new(connection)
    if not was_new:
        migrations.apply(connection)
    for file in sorted(ddl.glob("*.sql")):
        _run_file(connection, file)
    if was_new:
        migrations.skip(connection)


def set_passwords(connection: Connection, server: Server) -> None:
    """Give each login role this home's password; only its SCRAM verifier leaves the process."""
    for name, role in load().roles.items():
        if role.login:
            user = f"{server.dbname}_{name}"
            password = secret(f"{name}.password")
            verifier = connection.pgconn.encrypt_password(
                password.encode(), user.encode(), b"scram-sha-256"
            ).decode()
            connection.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(user), sql.Literal(verifier)
                )
            )


def _create_database(connection: Connection, name: str) -> None:
    try:
        connection.execute(
            sql.SQL("create database {} encoding 'UTF8' template template0").format(
                sql.Identifier(name)
            )
        )
    except psycopg.errors.DuplicateDatabase:
        return


def _create_roles(connection: Connection, server: Server) -> None:
    """Create missing roles, and join them where the administrator is no superuser.

    A role that makes others may only hand objects to them as their member.
    """
    row = connection.execute(
        "select rolsuper from pg_roles where rolname = current_user"
    ).fetchone()
    is_superuser = bool(row and row[0])
    for name, role in load().roles.items():
        ident = sql.Identifier(f"{server.dbname}_{name}")
        found = connection.execute(
            "select from pg_roles where rolname = %s", [f"{server.dbname}_{name}"]
        )
        if found.fetchone() is None:
            login = sql.SQL("login" if role.login else "nologin")
            connection.execute(sql.SQL("create role {} {}").format(ident, login))
        elif role.login:
            connection.execute(sql.SQL("alter role {} login").format(ident))
        if not is_superuser:
            try:
                connection.execute(sql.SQL("grant {} to current_user").format(ident))
            except psycopg.errors.InsufficientPrivilege:
                raise WarehouseError(
                    f"role {server.dbname}_{name} on {server.host} was made by another user: use "
                    "that user in TANDEM_WAREHOUSE_URL, or another database name"
                ) from None


def _own_database(connection: Connection, server: Server) -> None:
    row = connection.execute(
        "select pg_has_role(current_user, datdba, 'usage'), current_user, "
        "(select rolsuper from pg_roles where rolname = current_user) "
        "from pg_database where datname = current_database()"
    ).fetchone()
    if row is not None and not (row[0] or row[2]):
        raise WarehouseError(
            f"user {row[1]} does not own database {server.dbname}: as a superuser, "
            f'alter database "{server.dbname}" owner to "{row[1]}"'
        )


def _close_databases(connection: Connection, server: Server) -> None:
    """Let nobody into a database, or create anything in it, who is not granted that."""
    dagster = sql.Identifier(f"{server.dbname}_dagster")
    owner = sql.Identifier(f"{server.dbname}_dagster")
    connection.execute(sql.SQL("alter database {} owner to {}").format(dagster, owner))
    closed = [server.dbname, f"{server.dbname}_dagster"]
    if server.embedded:
        closed += [MAINTENANCE, "template1"]
    for name in closed:
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(name))
        )


def _set_defaults(connection: Connection, server: Server) -> None:
    """Set what every session of this database starts with, and keep row values out of the log.

    Only a superuser may change what is logged; on a server of somebody else's ``tandem doctor``
    says what is logged there.
    """
    database = sql.Identifier(server.dbname)
    defaults = {"timezone": "UTC", "jit": "off"}
    row = connection.execute("select current_setting('is_superuser')").fetchone()
    if row and row[0] == "on" and not server.embedded:
        defaults |= QUIET_LOG
    for setting, value in defaults.items():
        connection.execute(
            sql.SQL("alter database {} set {} = {}").format(
                database, sql.Identifier(setting), sql.Literal(value)
            )
        )
    for name, role in load().roles.items():
        if role.rebuildable:
            where = f"{server.dbname}_{role.database}" if role.database else server.dbname
            connection.execute(
                sql.SQL("alter role {} in database {} set synchronous_commit = off").format(
                    sql.Identifier(f"{server.dbname}_{name}"), sql.Identifier(where)
                )
            )


def _run_file(connection: Connection, file: Path) -> None:
    """Run one file of statements, whole or not at all.

    Bodies of SQL functions may name tables of a later file, so they are not checked here.
    """
    try:
        with connection.transaction():
            connection.execute("set local check_function_bodies = off")
            connection.execute("set local client_min_messages = warning")
            connection.execute("set local search_path = ''")
            connection.execute(file.read_bytes())
    except psycopg.Error as error:
        raise WarehouseError(
            f"{file.name} does not run: {error.diag.message_primary or type(error).__name__}"
        ) from None
