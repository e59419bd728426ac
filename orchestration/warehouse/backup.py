"""Backup and restore of the whole warehouse with PostgreSQL's own pg_dump and pg_restore.

A backup is one file in pg_dump's custom format (compressed, restorable in parts) of the warehouse's
database; Dagster's run history is not part of it. Privileges and owners are restored as roles of
the same names. A backup holds what the vault holds, so it is written 0600 into a 0700 folder; keys
are *not* in it: without this home's ``secrets/`` it can be read but nothing new matches it.

Erasure must survive a restore: people erased after the backup are in it again. So ``restore``
closes the database to everybody, restores, replays the tombstones (which it carries over from the
database it replaces) and only then opens it. The replay is handed in by its owner.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import Connection, sql

from ingestion.settings import home
from orchestration.warehouse import client, embedded, grants
from orchestration.warehouse.bootstrap import admin_server, prepare
from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.server import Server, connect

Replay = Callable[[Connection], None]
# Written by erasure, and the reason why a restored person must not come back.
CARRIED = ("privacy.tombstones",)
MAINTENANCE = "postgres"


def backup(target: Path | None = None) -> Path:
    """Write a backup and return its file, by default ``<home>/backups/<dbname>-<UTC time>.dump``.

    Readers and writers go on meanwhile; the backup is the state at its start.

    Raises:
        WarehouseError: when pg_dump fails; nothing is left behind.
    """
    server = admin_server()
    file = target or _default_file(server)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.part")
    os.close(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        client.run(
            "pg_dump", server, "--format=custom", f"--file={draft}", f"--dbname={server.dbname}"
        )
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return file


def restore(file: Path, replay: Replay | None = None) -> None:
    """Replace the warehouse's database by a backup, tombstones replayed before anybody gets in.

    The database that is there is kept under another name until all went well, then dropped.

    Raises:
        WarehouseError: when the file is no backup or cannot be restored; the former database is
            back in its place then.
    """
    if not file.exists():
        raise WarehouseError(f"there is no file {file}: `tandem backup` prints where it wrote to")
    server = admin_server()
    client.run("pg_restore", None, "--list", str(file))
    former = f"{server.dbname}_before_restore"
    with embedded.lock():
        with connect(server, MAINTENANCE) as connection:
            _refuse_leftover(connection, former)
            _rename(connection, server.dbname, former)
        try:
            _restore_into(server, file, former, replay)
        except BaseException:
            with connect(server, MAINTENANCE) as connection:
                _drop(connection, server.dbname)
                _rename(connection, former, server.dbname)
            raise
        with connect(server, MAINTENANCE) as connection:
            _drop(connection, former)
        prepare()


def _restore_into(server: Server, file: Path, former: str, replay: Replay | None) -> None:
    with connect(server, MAINTENANCE) as connection:
        database = sql.Identifier(server.dbname)
        connection.execute(
            sql.SQL("create database {} encoding 'UTF8' template template0").format(database)
        )
        connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    client.replay_script(server, file)
    with connect(server) as connection:
        with connect(server, former) as source:
            for table in CARRIED:
                _carry_over(source, connection, table)
        if replay is not None:
            replay(connection)
        grants.reconcile(connection)


def _carry_over(source: Connection, target: Connection, table: str) -> None:
    """Add the rows of ``table`` that the backup does not know yet."""
    for connection in (source, target):
        row = connection.execute("select to_regclass(%s)::text", [table]).fetchone()
        if row is None or row[0] is None:
            return
    schema, _, name = table.partition(".")
    ident = sql.Identifier(schema, name)
    with target.transaction():
        target.execute(sql.SQL("create temp table carried (like {}) on commit drop").format(ident))
        with (
            source.cursor().copy(sql.SQL("copy {} to stdout").format(ident)) as reading,
            target.cursor().copy("copy carried from stdin") as writing,
        ):
            for block in reading:
                writing.write(block)
        target.execute(
            sql.SQL("insert into {} select * from carried on conflict do nothing").format(ident)
        )


def _default_file(server: Server) -> Path:
    folder = home() / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder / f"{server.dbname}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"


def _refuse_leftover(connection: Connection, former: str) -> None:
    found = connection.execute("select from pg_database where datname = %s", [former]).fetchone()
    if found is not None:
        raise WarehouseError(
            f'an interrupted restore left database "{former}", which is the one from before it: '
            "look which one you want, drop or rename the other, then restore again"
        )


def _rename(connection: Connection, old: str, new: str) -> None:
    """Rename a database; whoever is connected is asked to leave."""
    connection.execute(
        sql.SQL("alter database {} allow_connections false").format(sql.Identifier(old))
    )
    connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [old]
    )
    try:
        connection.execute(
            sql.SQL("alter database {} rename to {}").format(
                sql.Identifier(old), sql.Identifier(new)
            )
        )
    except psycopg.errors.ObjectInUse:
        connection.execute(
            sql.SQL("alter database {} allow_connections true").format(sql.Identifier(old))
        )
        raise WarehouseError(f"database {old} is in use: stop what uses it, then again") from None
    connection.execute(
        sql.SQL("alter database {} allow_connections true").format(sql.Identifier(new))
    )


def _drop(connection: Connection, name: str) -> None:
    connection.execute(
        sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    )
