"""Packets come whole, however the network cuts them."""

import socket
from collections.abc import Iterator
from struct import pack

import pytest

from pg_chameleon.errors import SourceUnreachable
from pg_chameleon.mysql.packets import PacketReader, error_parts, is_end, is_error

LARGEST = (1 << 24) - 1


def packet(payload: bytes, sequence: int = 0) -> bytes:
    return pack("<I", len(payload) | sequence << 24) + payload


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end, and ours."""
    server, ours = socket.socketpair()
    with server, ours:
        yield server, ours


def test_packets_come_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    server, ours = ends
    reader = PacketReader(ours)
    server.sendall(packet(b"one") + packet(b"") + packet(b"three"))
    assert [reader.next_packet(1) for _ in range(3)] == [b"one", b"", b"three"]
    assert reader.next_packet(0) is None


def test_whole_packets_that_came_together_are_taken_together(ends: tuple[socket.socket, socket.socket]) -> None:
    server, ours = ends
    reader = PacketReader(ours)
    assert reader.next_packets(0) == []
    server.sendall(packet(b"one") + packet(b"") + packet(b"three") + packet(b"cut")[:-1])
    assert reader.next_packets(1) == [b"one", b"", b"three"]
    assert reader.next_packets(0) == []
    server.sendall(packet(b"cut")[-1:] + packet(b"")[:2])
    assert reader.next_packets(1) == [b"cut"]
    server.sendall(packet(b"")[2:])
    assert reader.next_packets(1) == [b""]


def test_a_packet_that_is_cut_is_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    server, ours = ends
    reader = PacketReader(ours)
    whole = packet(b"some payload") + packet(b"next")
    for place in range(len(whole)):
        server.sendall(whole[place : place + 1])
        found = reader.next_packet(0)
        if place == len(packet(b"some payload")) - 1:
            assert found == b"some payload"
        elif place == len(whole) - 1:
            assert found == b"next"
        else:
            assert found is None


def test_pending_tells_of_whole_packets_and_of_data(ends: tuple[socket.socket, socket.socket]) -> None:
    server, ours = ends
    reader = PacketReader(ours)
    assert reader.pending() is False
    server.sendall(packet(b"one") + packet(b"two"))
    assert reader.pending() is True
    assert reader.next_packet(1) == b"one"
    assert reader.pending() is True
    assert reader.next_packet(1) == b"two"
    assert reader.pending() is False


@pytest.mark.parametrize("size", [LARGEST - 1, LARGEST, LARGEST + 1, 2 * LARGEST])
def test_long_payloads_are_joined(size: int) -> None:
    payload = bytes(size)
    parts = [payload[start : start + LARGEST] for start in range(0, size, LARGEST)]
    if not size % LARGEST:
        parts.append(b"")
    data = b"".join(packet(part, number) for number, part in enumerate(parts)) + packet(b"after")
    with _FedSocket(data) as fed:
        reader = PacketReader(fed)
        assert reader.next_packet(None) == payload
        assert reader.next_packet(None) == b"after"
    with _FedSocket(packet(b"before") + data) as fed:
        reader = PacketReader(fed)
        found: list[bytes] = []
        while found[-1:] != [b"after"]:
            found += reader.next_packets(None)
        assert found == [b"before", payload, b"after"]


class _FedSocket(socket.socket):
    """A socket that has received everything already, so that the test needs no second thread."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = memoryview(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        chunk, self._data = self._data[:size], self._data[size:]
        return bytes(chunk)


def test_the_end_of_the_connection_is_an_error(ends: tuple[socket.socket, socket.socket]) -> None:
    server, ours = ends
    reader = PacketReader(ours)
    server.sendall(packet(b"whole") + packet(b"cut")[:-1])
    server.close()
    assert reader.next_packet(1) == b"whole"
    with pytest.raises(SourceUnreachable):
        reader.next_packet(1)


def test_errors_and_ends_are_told_apart() -> None:
    error = b"\xff" + pack("<H", 1236) + b"#HY000purged"
    assert is_error(error)
    assert error_parts(error) == (1236, "purged")
    assert error_parts(b"\xff\x10\x04Too many connections") == (1040, "Too many connections")
    assert is_end(b"\xfe\x00\x00\x02\x00")
    assert not is_end(b"\x00\xfe")
