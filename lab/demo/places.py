"""Where the demonstration takes place: on private servers, or on servers of the user's own."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg2
import pymysql
from psycopg2 import sql

from lab.example import SCHEMA
from lab.servers import REPLICA_USER, LabError, source_server, target_server
from lab.urls import source_of, target_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection as TargetConnection
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

    SourceConnection = Connection[Cursor]

DEFAULT_SOURCE = "mariadb-10.11"
DEFAULT_TARGET = "postgresql-15"
DATABASE = "chameleon_demo"
APPLICATION = "usr_boat_hire"


class PlaceUnfit(LabError):
    """The demonstration cannot take place here; the message says why."""


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """The source: how chameleon reaches it, how the demonstration writes to it, and the schema that it uses."""

    label: str
    db_conn: Mapping[str, Any]
    connect: Callable[[], "SourceConnection"]
    schema: str


@dataclass(frozen=True, slots=True)
class TargetPlace:
    """The target: the same. `application` is a role that may write after the cutover, if one could be made."""

    label: str
    pg_conn: Mapping[str, Any]
    connect: Callable[[], "TargetConnection"]
    schema: str
    application: str | None = None


@contextmanager
def source_place() -> Iterator[SourcePlace]:
    """Give the source that SOURCE names, by a URL or as a private server, and leave nothing behind there."""
    name = os.environ.get("SOURCE") or DEFAULT_SOURCE
    if "://" in name:
        with own_source(name) as place:
            yield place
        return
    with source_server(name) as server:
        yield SourcePlace(f"{server.name}, private", server.db_conn(), server.connect, SCHEMA)


@contextmanager
def target_place() -> Iterator[TargetPlace]:
    """Give the target that TARGET names, by a URL or as a private server, and leave nothing behind there."""
    name = os.environ.get("TARGET") or DEFAULT_TARGET
    if "://" in name:
        with own_target(name) as place:
            yield place
        return
    with target_server(name) as server:
        database = server.create_database("db_replica")
        application, replica = sql.Identifier(APPLICATION), sql.Identifier(REPLICA_USER)
        server.execute(sql.SQL("create role {}").format(application))
        # Only so that the demonstration can act as the application.
        server.execute(sql.SQL("grant {} to {}").format(application, replica))
        yield TargetPlace(f"{server.name}, private", database.pg_conn(), database.connect, f"sch_{SCHEMA}", APPLICATION)


@contextmanager
def own_source(url: str) -> Iterator[SourcePlace]:
    """Make a schema on a server of the user's own, and drop it at the end."""
    db_conn = source_of(url)
    connect = partial(pymysql.connect, charset="utf8mb4", autocommit=True, **db_conn)
    schema = f"{SCHEMA}_demo"
    try:
        with closing(connect()) as connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from information_schema.schemata where schema_name = %s", (schema,))
            if cursor.fetchone() != (0,):
                raise PlaceUnfit(f"the source already has a database {schema}; drop it if it is left over")
    except pymysql.err.OperationalError as error:
        raise PlaceUnfit(f"the source cannot be used: {error.args[-1]}") from error
    try:
        yield SourcePlace(f"{db_conn['host']}, database {schema}", db_conn, connect, schema)
    finally:
        with closing(connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"drop database if exists {schema}")


@contextmanager
def own_target(url: str) -> Iterator[TargetPlace]:
    """Make a database on a server of the user's own, and drop it at the end."""
    pg_conn = target_of(url)
    database = sql.Identifier(DATABASE)
    execute_alone(url, sql.SQL("create database {}").format(database))
    try:
        connect = partial(psycopg2.connect, dbname=DATABASE, **pg_conn)
        label = f"{pg_conn['host']}, database {DATABASE}"
        yield TargetPlace(label, {**pg_conn, "database": DATABASE}, connect, f"sch_{SCHEMA}")
    finally:
        execute_alone(url, sql.SQL("drop database if exists {} with (force)").format(database))


def execute_alone(url: str, statement: sql.Composable) -> None:
    """Execute a statement that must not be in a transaction."""
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(statement)
    except psycopg2.errors.DuplicateDatabase as error:
        raise PlaceUnfit(f"the target already has a database {DATABASE}; drop it if it is left over") from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise PlaceUnfit("the user of the target may not create a database, which the demo needs") from error
    except psycopg2.OperationalError as error:
        raise PlaceUnfit(f"the target cannot be used: {error}") from error
