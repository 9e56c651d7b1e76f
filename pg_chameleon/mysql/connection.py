"""Connections to the source: how they are set up, and how the driver's errors become ours."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from pg_chameleon.errors import SourceError, SourceUnreachable
from pg_chameleon.mysql.error_numbers import CANNOT_CONNECT, CONNECTION_ENDS, TOO_MANY_CONNECTIONS, UNKNOWN_VARIABLE

SourceConnection: TypeAlias = "Connection[Cursor]"

_CHECK_LOGIN = "Check user and password in db_conn, and from which hosts the user may connect"
_CHECK_HOSTS = "Create the user for this host, or FLUSH HOSTS after too many failed attempts"
_RENEW = "Renew the password or unlock the account"
# Refused logins, by error number: what happened, and what to do.
_REFUSALS: dict[int, tuple[str, str | None]] = {
    1045: ("refused user '{user}'", _CHECK_LOGIN),
    1698: ("refused user '{user}'", _CHECK_LOGIN),
    1044: ("refused user '{user}' the schema", "Grant the user SELECT on the schemas to replicate"),
    1049: ("has no such schema", "Check schema_mappings"),
    1129: ("refuses connections from this host", _CHECK_HOSTS),
    1130: ("refuses connections from this host", _CHECK_HOSTS),
    1820: ("does not let user '{user}' work", _RENEW),
    1862: ("does not let user '{user}' work", _RENEW),
    3118: ("does not let user '{user}' work", _RENEW),
    4151: ("does not let user '{user}' work", _RENEW),
    2026: ("made no encrypted connection", "Check the ssl settings of db_conn and those of the server"),
}


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How to reach a source.

    ``ssl`` has the keys ca, cert, key and verify; without it the connection is encrypted when the server offers it,
    and its certificate is not checked.
    """

    host: str
    port: int = 3306
    user: str = ""
    password: str = field(default="", repr=False)
    connect_timeout: int = 10
    net_read_timeout: int = 600
    ssl: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """The server as it is shown to people."""
        return f"{self.host}:{self.port}"


class _Connection(Connection):
    """PyMySQL's connection, without the 20 ms it takes to load certificate authorities that are not used."""

    def _create_ssl_ctx(self, options: ssl.SSLContext | dict[str, Any]) -> ssl.SSLContext:
        """Give PyMySQL a context for servers that may or may not offer encryption; any other was passed in already."""
        if isinstance(options, ssl.SSLContext):
            return options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def connect(settings: SourceSettings, *, schema: str | None = None) -> SourceConnection:
    """Connect with a session whose output does not depend on the server's settings."""
    with _connection_errors(settings):
        connection: SourceConnection = _Connection(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            # PyMySQL would encode text as latin1, in which not every password can be written
            password=settings.password.encode(),
            database=schema,
            # The one character set in which every text can be written, whatever the configuration names
            charset="utf8mb4",
            connect_timeout=settings.connect_timeout,
            ssl=tls_context(settings.ssl),
            program_name="pg_chameleon",
            autocommit=True,
            local_infile=False,
            max_allowed_packet=1 << 30,
        )
        _set_up_session(connection, settings.net_read_timeout)
    return connection


def tls_context(options: Mapping[str, Any] | None) -> ssl.SSLContext | None:
    """Build the TLS context of the configuration's ``ssl`` section; None leaves it to the server."""
    if options is None:
        return None
    try:
        context = ssl.create_default_context(cafile=options.get("ca"))
        # The certificates that MySQL makes for itself do not pass the strict check of Python 3.13
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not options.get("verify", "ca" in options):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if options.get("cert"):
            context.load_cert_chain(options["cert"], options.get("key"))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"the TLS settings of the source cannot be used: {error}",
            advice="Check the files that ca, cert and key name",
        ) from error
    return context


def _set_up_session(connection: SourceConnection, net_timeout: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET time_zone = '+00:00', sql_mode = '', net_read_timeout = %s, net_write_timeout = %s",
            (net_timeout, net_timeout),
        )
    # Where the server's defaults may differ: how many rows a SELECT returns or looks at, whether SHOW CREATE
    # TABLE quotes names, and that the end of a transaction begins another one, or ends the connection.
    # A time limit for statements would cut long copies short; MySQL and MariaDB name it differently.
    # Generated invisible primary keys are in the binlog, so they must be in information_schema too,
    # and the estimates and times of creation there shall not be those of yesterday.
    for assignment in (
        "sql_select_limit = 18446744073709551615",
        "sql_big_selects = ON",
        "sql_quote_show_create = ON",
        "completion_type = NO_CHAIN",
        "max_execution_time = 0",
        "max_statement_time = 0",
        "information_schema_stats_expiry = 0",
        "show_gipk_in_create_table_and_information_schema = ON",
    ):
        _set_where_known(connection, assignment)


def _set_where_known(connection: SourceConnection, assignment: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION {assignment}")
    except pymysql.MySQLError as error:
        if error_number(error) != UNKNOWN_VARIABLE:
            raise


@contextmanager
def source_errors(doing: str) -> Iterator[None]:
    """Turn the driver's errors in the block into a SourceError that says what was being done."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise query_error(error, doing) from error
    except OSError as error:
        raise SourceUnreachable(f"the connection to the source was lost while {doing}: {error}") from error


def query_error(error: pymysql.MySQLError, doing: str) -> SourceError:
    """Say what an error of a statement means."""
    code, text = error_number(error), _text(error)
    if code in CONNECTION_ENDS or _is_garbled(error):
        return SourceUnreachable(f"the connection to the source was lost while {doing}: {text or 'closed'}", code=code)
    return SourceError(f"the source refused {doing}: {numbered(text, code)}", code=code)


def _is_garbled(error: pymysql.MySQLError) -> bool:
    """Tell whether the driver itself found the connection closed, or packets out of order, as of a dying server."""
    is_packet = isinstance(error, pymysql.err.InternalError) and "Packet sequence" in str(error)
    return is_packet or isinstance(error, pymysql.err.InterfaceError)


@contextmanager
def _connection_errors(settings: SourceSettings) -> Iterator[None]:
    try:
        yield
    except pymysql.MySQLError as error:
        raise _connection_error(error, settings) from error
    except OSError as error:
        raise _unreachable(error, settings) from error
    except RuntimeError as error:  # PyMySQL raises it when a login method needs a package that is missing
        raise SourceError(
            f"the source {settings.address} asks for a login method that cannot be used: {error}",
            advice="Encrypt the connection (ssl:), or install the package named",
        ) from error


def _connection_error(error: pymysql.MySQLError, settings: SourceSettings) -> SourceError:
    code, text = error_number(error), _text(error)
    if code == CANNOT_CONNECT:
        return _unreachable(getattr(error, "original_exception", error), settings)
    if code in CONNECTION_ENDS or code in TOO_MANY_CONNECTIONS or _is_garbled(error):
        return SourceUnreachable(f"the source {settings.address} closed the connection: {text}", code=code)
    what, advice = _REFUSALS.get(code or 0, ("refused the connection", None))
    return SourceError(
        f"the source {settings.address} {what.format(user=settings.user)}: {numbered(text, code)}",
        advice=advice,
        code=code,
    )


def _unreachable(error: BaseException, settings: SourceSettings) -> SourceError:
    """Say why no connection could be made."""
    # A server that shuts down during the TLS handshake is no reason to check the settings
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return SourceError(
            f"no encrypted connection to the source {settings.address}: {error}",
            advice="Check the ssl settings of db_conn and the server's certificate",
        )
    if isinstance(error, socket.gaierror):
        message, advice = f"the host {settings.host!r} is unknown", "Check host in db_conn"
    elif isinstance(error, ConnectionRefusedError):
        message = f"nothing answers at {settings.address}"
        advice = "Check that the source is running, and host and port in db_conn"
    elif isinstance(error, TimeoutError):
        message = f"{settings.address} did not answer within {settings.connect_timeout} s"
        advice = "Check the network and firewalls, and host and port in db_conn"
    else:
        message, advice = f"no connection to {settings.address}: {error}", "Check host and port in db_conn"
    return SourceUnreachable(f"the source cannot be reached: {message}", advice=advice)


def error_number(error: pymysql.MySQLError) -> int | None:
    """Return the server's or the driver's number of an error; some of the driver's have none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else None


def numbered(text: str, number: int | None) -> str:
    """Add the number of an error to its text, as people look for it."""
    return text if number is None else f"{text} (error {number})"


def _text(error: pymysql.MySQLError) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
