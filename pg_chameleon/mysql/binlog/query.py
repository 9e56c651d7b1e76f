"""QUERY events: a statement, and what they say about the session that ran it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack_from
from typing import NamedTuple

from pg_chameleon.model.source.modes import NO_BACKSLASH_ESCAPES
from pg_chameleon.mysql.binlog.events import uncompressed
from pg_chameleon.mysql.charsets import charset_of_collation, text_decoder

_NAME = rb"(?:`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\")"
_AS_SERVERS_WRITE = re.compile(
    rb"CREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?" + _NAME + rb"(?:\." + _NAME + rb")? \(\n  [`\"]"
)


class StatusVariables(NamedTuple):
    """What the status variables of a QUERY event tell about the session that ran it."""

    sql_mode: int = 0
    client_collation: int | None = None
    connection_collation: int | None = None
    time_zone: str | None = None
    microseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A QUERY event. ``statement`` is in the bytes of the client's character set."""

    statement: bytes
    schema: str
    error_code: int
    session: StatusVariables

    @property
    def may_be_rewritten(self) -> bool:
        """Tell whether this may be the server's own text, in UTF-8 and not in the client's character set.

        So it writes a CREATE TABLE that was made from a SELECT, or LIKE a temporary table.
        """
        if self.statement.isascii() or not self._is_written_so:
            return False
        return _is_utf8(self.statement) and self.text() != self.text(rewritten=True)

    @property
    def may_be_escaped(self) -> bool:
        """Tell whether backslashes may escape in spite of the session's mode, as they do in the server's own text."""
        return bool(self.session.sql_mode & NO_BACKSLASH_ESCAPES) and b"\\" in self.statement and self._is_written_so

    @property
    def _is_written_so(self) -> bool:
        return _AS_SERVERS_WRITE.match(self.statement) is not None

    @property
    def is_text(self) -> bool:
        """Tell whether the statement says what it says: its bytes are text in the client's character set.

        After ``SET NAMES binary`` its literals are bytes, and become text by the character set of their column.
        """
        return self.statement.isascii() or self._decoded() is not None

    def text(self, *, rewritten: bool = False) -> str:
        """Decode the statement; where it is not text in the client's character set, its odd bytes stay visible."""
        decoded = None if rewritten else self._decoded()
        return self.statement.decode("utf-8", "backslashreplace") if decoded is None else decoded

    def _decoded(self) -> str | None:
        charset = charset_of_collation(self.session.client_collation or 0)
        decode = None if charset is None else text_decoder(charset)
        if decode is None:
            return None
        try:
            return decode(self.statement)
        except UnicodeDecodeError:
            return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def parse_query(body: bytes, *, post_header_size: int, compressed: bool = False) -> Query:
    """Read a QUERY or EXECUTE_LOAD_QUERY event."""
    _, _, schema_size, error_code, variables_size = unpack_from("<IIBHH", body)
    schema_at = post_header_size + variables_size
    statement = body[schema_at + schema_size + 1 :]
    return Query(
        statement=uncompressed(statement) if compressed else statement,
        schema=body[schema_at : schema_at + schema_size].decode("utf-8", "replace"),
        error_code=error_code,
        session=parse_status_variables(body[post_header_size:schema_at]),
    )


_SQL_MODE, _CHARSET, _TIME_ZONE = 1, 4, 5
_MICROSECONDS = (13, 128)  # MySQL's, and MariaDB's
# Sizes of the status variables whose size is fixed
_FIXED_SIZES = {0: 4, 1: 8, 3: 4, 4: 6, 7: 2, 8: 2, 9: 8, 10: 4, 13: 3, 16: 1, 17: 8, 18: 2, 19: 1, 20: 1}
_FIXED_SIZES |= {128: 3, 129: 8}
_TOO_MANY_SCHEMAS = 254


def parse_status_variables(data: bytes) -> StatusVariables:
    """Read the status variables up to the first unknown one; those that matter come first."""
    found = StatusVariables()
    position = 0
    while position < len(data):
        key = data[position]
        position += 1
        size = _status_variable_size(key, data, position)
        if size is None:
            break
        if key == _SQL_MODE:
            found = found._replace(sql_mode=int.from_bytes(data[position : position + 8], "little"))
        elif key == _CHARSET:
            client, connection = unpack_from("<HH", data, position)
            found = found._replace(client_collation=client, connection_collation=connection)
        elif key == _TIME_ZONE:
            found = found._replace(time_zone=data[position + 1 : position + size].decode("ascii", "replace"))
        elif key in _MICROSECONDS:
            found = found._replace(microseconds=int.from_bytes(data[position : position + size], "little"))
        position += size
    return found


def _status_variable_size(key: int, data: bytes, position: int) -> int | None:
    """Return how many bytes a variable takes behind its key; None if the key is not known."""
    fixed, counted = _FIXED_SIZES.get(key), _SIZES.get(key)
    return fixed if counted is None or position >= len(data) else counted(data, position)


def _two_strings_size(data: bytes, position: int) -> int:
    return 2 + data[position] + data[position + 1 + data[position]]


def _updated_schemas_size(data: bytes, position: int) -> int:
    end = position + 1
    if data[position] != _TOO_MANY_SCHEMAS:
        for _ in range(data[position]):
            end = data.index(0, end) + 1
    return end - position


_SIZES: dict[int, Callable[[bytes, int], int]] = {
    # Catalogues and time zones: a byte of size, then the text, and a NUL behind the older one
    **dict.fromkeys((5, 6), lambda data, position: 1 + data[position]),
    2: lambda data, position: 2 + data[position],
    11: _two_strings_size,
    12: _updated_schemas_size,
    # MariaDB 11 and newer: the collations that the session chose for character sets, four bytes for each
    131: lambda data, position: 1 + 4 * data[position],
}
