"""Errors of a connection whose server goes down are distinguished from errors that somebody has to correct."""

import ssl

import psycopg2
import pymysql
import pytest

from pg_chameleon.errors import ReplicaBusy
from pg_chameleon.model.position import BinlogPosition, Position
from pg_chameleon.mysql.connection import SourceSettings, query_error
from pg_chameleon.mysql.connection import _connection_error as connection_error
from pg_chameleon.mysql.error_numbers import CONNECTION_ENDS
from pg_chameleon.mysql.stream import _dump_error as dump_error
from pg_chameleon.postgres.connection import translated

SETTINGS = SourceSettings("127.0.0.1", 3306, "usr")


def failed(cause: OSError) -> pymysql.err.OperationalError:
    """What PyMySQL makes of an error of the socket while it connects."""
    error = pymysql.err.OperationalError(2003, "Can't connect")
    vars(error)["original_exception"] = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query"),
        pymysql.err.OperationalError(1053, "Server shutdown in progress"),
        pymysql.err.OperationalError(1317, "Query execution was interrupted"),
        pymysql.err.OperationalError(1927, "Connection was killed"),
        pymysql.err.OperationalError(1158, "Got an error reading communication packets"),
        pymysql.err.InternalError("Packet sequence number wrong - got 0 expected 1"),
        pymysql.err.InterfaceError(0, ""),
    ],
)
def test_a_source_that_goes_down_is_tried_again(error: pymysql.MySQLError) -> None:
    assert query_error(error, "reading").transient
    assert connection_error(error, SETTINGS).transient


@pytest.mark.parametrize("code", sorted(CONNECTION_ENDS))
def test_every_connection_to_a_source_is_tried_again_for_the_same_reasons(code: int) -> None:
    error = pymysql.err.OperationalError(code, "the server's words")
    assert query_error(error, "reading").transient
    assert connection_error(error, SETTINGS).transient
    assert dump_error(code, "the server's words", Position(BinlogPosition("binlog.000001", 4)), False).transient


@pytest.mark.parametrize("code", [1184, 4031])  # aborted connection, disconnected for inactivity
def test_a_stream_that_the_source_gave_up_is_tried_again(code: int) -> None:
    assert dump_error(code, "the server's words", Position(BinlogPosition("binlog.000001", 4)), False).transient


@pytest.mark.parametrize("cause", [ssl.SSLEOFError("EOF occurred"), ConnectionResetError(), ConnectionRefusedError()])
def test_a_source_that_goes_down_while_it_is_connected_to_is_tried_again(cause: OSError) -> None:
    assert connection_error(failed(cause), SETTINGS).transient


@pytest.mark.parametrize(
    "error",
    [
        pymysql.err.OperationalError(1045, "Access denied"),
        pymysql.err.InternalError("Something else"),
        failed(ssl.SSLCertVerificationError("self-signed certificate")),
    ],
)
def test_what_somebody_has_to_correct_is_not(error: pymysql.MySQLError) -> None:
    assert not connection_error(error, SETTINGS).transient


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (psycopg2.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg2.InterfaceError("connection already closed"), True),
        (psycopg2.DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq"), True),
        (psycopg2.DataError("invalid value"), False),
        (psycopg2.ProgrammingError("no results to fetch"), False),
    ],
)
def test_a_target_that_goes_down_is_tried_again(error: psycopg2.Error, transient: bool) -> None:
    assert translated(error).transient is transient


def test_a_role_that_another_process_has_is_tried_again() -> None:
    assert ReplicaBusy("another process works on the source").transient
