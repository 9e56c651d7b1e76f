"""The events inside a TRANSACTION_PAYLOAD event, uncompressed piece by piece.

MySQL writes one with ``binlog_transaction_compression``. Its layout: fields of type, length and value up to an end
mark, then the payload ("Transaction_payload_event" in mysql::binlog::event::codecs).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import zstandard

from pg_chameleon.errors import StreamError
from pg_chameleon.mysql.events import HEADER_SIZE, length_encoded, unpack_header

_END_MARK, _PAYLOAD_SIZE, _COMPRESSION, _UNCOMPRESSED_SIZE = range(4)
_ZSTD, _NOT_COMPRESSED = 0, 255
# The server's own limit for an event
_LARGEST_EVENT = 1 << 30


def payload_events(body: bytes) -> Iterator[bytes]:
    """Yield the events in the body of a TRANSACTION_PAYLOAD event; they have headers, but no checksums."""
    compression, start = _payload_header(body)
    if compression == _NOT_COMPRESSED:
        yield from _events(io.BytesIO(body[start:]))
    elif compression == _ZSTD:
        with zstandard.ZstdDecompressor().stream_reader(memoryview(body)[start:]) as reader:
            yield from _events(reader)
    else:
        raise StreamError(f"a transaction is compressed by the unknown algorithm {compression}")


def _payload_header(body: bytes) -> tuple[int, int]:
    """Return the kind of compression, and where the payload begins."""
    compression = _NOT_COMPRESSED
    position = 0
    while True:
        field, position = length_encoded(body, position)
        if field == _END_MARK:
            return compression, position
        size, position = length_encoded(body, position)
        if field == _COMPRESSION:
            compression, _ = length_encoded(body, position)
        position += size


def _events(reader: BinaryIO | zstandard.ZstdDecompressionReader) -> Iterator[bytes]:
    try:
        while header := _read(reader, HEADER_SIZE):
            size = unpack_header(header)[3] if len(header) == HEADER_SIZE else 0
            if not HEADER_SIZE <= size <= _LARGEST_EVENT:
                raise StreamError("a compressed transaction holds something that is no event")
            body = _read(reader, size - HEADER_SIZE)
            if len(body) != size - HEADER_SIZE:
                raise StreamError("a compressed transaction ends within an event")
            yield header + body
    except zstandard.ZstdError as error:
        raise StreamError(f"a compressed transaction cannot be uncompressed: {error}") from error


def _read(reader: BinaryIO | zstandard.ZstdDecompressionReader, size: int) -> bytes:
    """Read ``size`` bytes, fewer only at the end; the reader gives what it has at hand."""
    pieces = []
    missing = size
    while missing and (piece := reader.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
