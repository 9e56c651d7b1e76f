"""The events inside a TRANSACTION_PAYLOAD event, decompressed piece by piece.

MySQL writes one with ``binlog_transaction_compression``. Its layout: fields of type, length and value up to an end
mark, then the payload ("Transaction_payload_event" in mysql::binlog::event::codecs).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from pg_chameleon.errors import StreamError
from pg_chameleon.mysql.binlog.events import HEADER_SIZE, length_encoded, unpack_header

_END_MARK, _PAYLOAD_SIZE, _COMPRESSION, _UNCOMPRESSED_SIZE = range(4)
_ZSTD, _NOT_COMPRESSED = 0, 255
# The server's own limit for an event
_LARGEST_EVENT = 1 << 30


def payload_events(body: bytes) -> Iterator[bytes]:
    """Yield the events in the body of a TRANSACTION_PAYLOAD event; they have headers, but no checksums."""
    fields, start = _payload_fields(body)
    compression = fields.get(_COMPRESSION, _NOT_COMPRESSED)
    if compression not in (_ZSTD, _NOT_COMPRESSED):
        raise StreamError(f"a transaction is compressed with the unknown algorithm {compression}")
    size = 0
    try:
        for event in _events(_reader(body, start, compression)):
            size += len(event)
            yield event
    except zstandard.ZstdError as error:
        raise StreamError(f"a compressed transaction cannot be decompressed: {error}") from error
    if size != fields.get(_UNCOMPRESSED_SIZE, size):
        raise StreamError(f"a compressed transaction has {size} bytes of {fields[_UNCOMPRESSED_SIZE]}")


def _payload_fields(body: bytes) -> tuple[dict[int, int], int]:
    """Return the fields before the payload, all of them numbers, and where the payload begins."""
    fields: dict[int, int] = {}
    position = 0
    while True:
        field, position = length_encoded(body, position)
        if field == _END_MARK:
            return fields, position
        size, position = length_encoded(body, position)
        fields[field], _ = length_encoded(body, position)
        position += size


def _reader(body: bytes, start: int, compression: int) -> BinaryIO | zstandard.ZstdDecompressionReader:
    if compression == _NOT_COMPRESSED:
        return io.BytesIO(body[start:])
    return zstandard.ZstdDecompressor().stream_reader(memoryview(body)[start:])


def _events(reader: BinaryIO | zstandard.ZstdDecompressionReader) -> Iterator[bytes]:
    while header := _read(reader, HEADER_SIZE):
        size = unpack_header(header)[3] if len(header) == HEADER_SIZE else 0
        if not HEADER_SIZE <= size <= _LARGEST_EVENT:
            raise StreamError("a compressed transaction holds something that is not an event")
        body = _read(reader, size - HEADER_SIZE)
        if len(body) != size - HEADER_SIZE:
            raise StreamError("a compressed transaction ends within an event")
        yield header + body


def _read(reader: BinaryIO | zstandard.ZstdDecompressionReader, size: int) -> bytes:
    """Read ``size`` bytes, fewer only at the end; the reader returns what it has at hand."""
    pieces = []
    missing = size
    while missing and (piece := reader.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
