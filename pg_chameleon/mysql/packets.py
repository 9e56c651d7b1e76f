"""Packets of the MySQL protocol, read straight from a connected socket.

The layout is that of "Client/Server Protocol, MySQL Packets" in MySQL's source documentation: three bytes of
length, one of sequence, then the payload; a payload of 2^24-1 bytes continues in the next packet.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterator
from struct import Struct

from pymysql.constants import CLIENT, COMMAND

from pg_chameleon.errors import SourceError, SourceUnreachable
from pg_chameleon.mysql.connection import SourceConnection, numbered, source_errors

_HEADER_SIZE = 4
_LENGTH_MASK = 0xFFFFFF
_LARGEST = 0xFFFFFF
_RECEIVE_SIZE = 256 * 1024
_LARGEST_RECEIVE = 16 * 1024 * 1024
_BATCH_BYTES = 512 * 1024

_NULL = 0xFB
_EOF = 0xFE

_header_at = Struct("<I").unpack_from


class PacketReader:
    """Reads whole packets from a connected socket, encrypted or not.

    Nobody else may read the socket while the reader is in use.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._timeout: float | None = sock.gettimeout()
        self._data = b""
        self._position = 0
        self._chunks: list[bytes] = []

    def next_packet(self, timeout: float | None) -> bytes | None:
        """Return the next payload, or None when nothing came for ``timeout`` seconds (None: no limit)."""
        start = self._position + _HEADER_SIZE
        data = self._data
        if start <= len(data):
            length = _header_at(data, start - _HEADER_SIZE)[0] & _LENGTH_MASK
            end = start + length
            if end <= len(data) and length != _LARGEST:
                self._position = end
                return data[start:end]
        return self._receive_packet(timeout)

    def next_packets(self, timeout: float | None) -> list[bytes]:
        """Return the next payload as ``next_packet`` does, and all whole ones that came with it."""
        first = self.next_packet(timeout)
        if first is None:
            return []
        packets = [first]
        data, start = self._data, self._position
        limit = len(data)
        while start + _HEADER_SIZE <= limit:
            length = _header_at(data, start)[0] & _LENGTH_MASK
            end = start + _HEADER_SIZE + length
            if end > limit or length == _LARGEST:
                break
            packets.append(data[start + _HEADER_SIZE : end])
            start = end
        self._position = start
        return packets

    def pending(self) -> bool:
        """Tell whether a packet is there, or data that can be read without waiting."""
        if self._is_whole_packet_buffered():
            return True
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0:
            return True
        return len(self._poll.poll(0)) > 0

    def take_buffer(self, timeout: float | None) -> bytes | None:
        """Hand over all bytes that are there, received first if they hold no whole packet.

        They begin with a packet's header. The caller gives back by ``give_back`` what it does not use.
        Returns None after ``timeout``.
        """
        more = len(self._data) - self._position + self._chunked() + 1
        if not self._is_whole_packet_buffered() and not self._fill(more, timeout):
            return None
        data = self._data[self._position :] if self._position else self._data
        self._data, self._position = b"", 0
        return data

    def give_back(self, data: bytes) -> None:
        """Put back what ``take_buffer`` handed out in excess."""
        self._data, self._position = data, 0

    def _is_whole_packet_buffered(self) -> bool:
        start = self._position + _HEADER_SIZE
        if start > len(self._data):
            return False
        length = _header_at(self._data, self._position)[0] & _LENGTH_MASK
        return bool(start + length <= len(self._data))

    def _receive_packet(self, timeout: float | None) -> bytes | None:
        """Read a packet that is not wholly in the buffer, or that consists of several."""
        parts: list[tuple[int, int]] = []
        offset = 0
        length = _LARGEST
        while length == _LARGEST:
            if not self._fill(offset + _HEADER_SIZE, timeout):
                return None
            length = _header_at(self._data, self._position + offset)[0] & _LENGTH_MASK
            offset += _HEADER_SIZE
            if not self._fill(offset + length, timeout):
                return None
            parts.append((offset, length))
            offset += length
        begin = self._position
        self._position += offset
        return b"".join([self._data[begin + start : begin + start + size] for start, size in parts])

    def _fill(self, needed: int, timeout: float | None) -> bool:
        """Have at least ``needed`` bytes from the position on; False if they did not come in time."""
        available = len(self._data) - self._position
        if available >= needed:
            return True
        # What has arrived stays in the chunks until there is enough, so that a long packet is joined once
        available += self._chunked()
        while available < needed:
            chunk = self._receive(min(max(_RECEIVE_SIZE, needed - available), _LARGEST_RECEIVE), timeout)
            if chunk is None:
                return False
            self._chunks.append(chunk)
            available += len(chunk)
        self._data = b"".join([self._data[self._position :], *self._chunks])
        self._position = 0
        self._chunks.clear()
        return True

    def _chunked(self) -> int:
        return sum(map(len, self._chunks))

    def _receive(self, size: int, timeout: float | None) -> bytes | None:
        try:
            if timeout != self._timeout:
                self._socket.settimeout(timeout)
                self._timeout = timeout
            chunk = self._socket.recv(size)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise SourceUnreachable(f"the connection to the source was lost: {error}") from error
        if not chunk:
            raise SourceUnreachable("the source closed the connection")
        return chunk


def is_error(packet: bytes) -> bool:
    """Tell whether a payload is an ERR packet."""
    return packet[:1] == b"\xff"


def is_end(packet: bytes) -> bool:
    """Tell whether a payload is an EOF packet, or the OK packet that newer protocols send in its place."""
    return packet[:1] == b"\xfe" and len(packet) < _LARGEST


def error_parts(packet: bytes) -> tuple[int, str]:
    """Return code and text of an ERR packet; before the login it has no SQL state."""
    code = int.from_bytes(packet[1:3], "little")
    text = packet[9:] if packet[3:4] == b"#" else packet[3:]
    return code, text.decode("utf-8", "replace")


def read_column_rows(connection: SourceConnection, query: str) -> Iterator[list[bytes | None]]:
    """Run a query with one column of text and yield its values, raw, as lists of up to thousands.

    The result is not buffered: the server sends as fast as the values are taken. A generator that is closed
    before its end closes the connection, because the rest of the result cannot be cancelled.
    """
    with source_errors("reading rows"):
        connection._execute_command(COMMAND.COM_QUERY, query)  # type: ignore[attr-defined]
    reader = PacketReader(connection._sock)  # type: ignore[attr-defined]
    whole = False
    try:
        _skip_column_definition(reader, connection)
        yield from _column_values(reader)
        whole = True
    except SourceUnreachable:
        raise
    except SourceError:
        whole = True  # the ERR packet ended the result: the connection can be used further
        raise
    finally:
        if not whole:
            connection._force_close()  # type: ignore[attr-defined]


def _skip_column_definition(reader: PacketReader, connection: SourceConnection) -> None:
    """Read the head of a result set ("Text Resultset" in the protocol's documentation)."""
    count = _expect(reader)
    if count != b"\x01":
        connection._force_close()  # type: ignore[attr-defined]
        raise SourceError(f"the query has no single column: {count[:1].hex()}")
    _expect(reader)
    flags = connection.client_flag & connection.server_capabilities  # type: ignore[attr-defined]
    if not flags & CLIENT.DEPRECATE_EOF:
        _expect(reader)


def _expect(reader: PacketReader) -> bytes:
    packet = reader.next_packet(None)
    assert packet is not None, "without a time limit a packet comes, or an exception"
    if is_error(packet):
        raise _result_error(packet)
    return packet


def _result_error(packet: bytes) -> SourceError:
    code, text = error_parts(packet)
    return SourceError(f"the source ended a query: {numbered(text, code)}", code=code)


def _column_values(reader: PacketReader) -> Iterator[list[bytes | None]]:
    values: list[bytes | None] = []
    size = 0
    ended = False
    while not ended:
        data = reader.take_buffer(None)
        assert data is not None, "without a time limit data come, or an exception"
        used, ended = _take_values(data, values)
        reader.give_back(data[used:])
        if not ended and not used:
            ended = _take_long_value(reader, values)
        size += len(data)
        if values and (size >= _BATCH_BYTES or ended):
            yield values
            values, size = [], 0


def _take_values(data: bytes, values: list[bytes | None]) -> tuple[int, bool]:
    """Append the values of all whole row packets; return the bytes used, and whether the result ended.

    The hot loop of the first copy. A row of one column is one length-encoded string, so its packet's length
    tells where the value ends, and the first byte tells only where it begins.
    """
    append = values.append
    header_at = _header_at
    position = 0
    limit = len(data) - _HEADER_SIZE
    while position < limit:
        length = header_at(data, position)[0] & _LENGTH_MASK
        end = position + _HEADER_SIZE + length
        if end > limit + _HEADER_SIZE or length == _LARGEST:
            break
        first = data[position + 4]
        if first < _NULL:
            append(data[position + 5 : end])
        elif first == 0xFC:
            append(data[position + 7 : end])
        elif first == 0xFD:
            append(data[position + 8 : end])
        elif first == _NULL:
            append(None)
        elif first == _EOF:
            return end, True
        else:
            raise _result_error(data[position + 4 : end])
        position = end
    return position, False


def _take_long_value(reader: PacketReader, values: list[bytes | None]) -> bool:
    """Read the one packet that does not fit the buffer; return whether it was the end of the result."""
    packet = _expect(reader)
    if is_end(packet):
        return True
    head = {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(packet[0], 1)
    values.append(None if packet[0] == _NULL else packet[head:])
    return False
