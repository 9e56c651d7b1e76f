"""Parts of events, from their bytes."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pg_chameleon.errors import StreamError
from pg_chameleon.model.position import MysqlGtidSet
from pg_chameleon.model.server import Flavour, ServerVersion
from pg_chameleon.mysql.binlog.events import length_encoded, uncompressed
from pg_chameleon.mysql.binlog.gtids import encode_gtid_set, parse_gtid, parse_mariadb_gtid, parse_tagged_gtid
from pg_chameleon.mysql.binlog.payload import payload_events
from pg_chameleon.mysql.binlog.query import Query, StatusVariables, parse_status_variables
from pg_chameleon.mysql.binlog.transactions import parse_xa_prepare
from pg_chameleon.mysql.charsets import charset_of_collation, text_decoder, with_substitutes

UUID = "f056302e-e669-11f1-a369-02fc00000001"


@pytest.mark.parametrize(
    ("data", "number", "end"),
    [
        (b"\x00", 0, 1),
        (b"\xfa", 250, 1),
        (b"\xfc\xfb\x00", 251, 3),
        (b"\xfd\x00\x00\x01", 65536, 4),
        (b"\xfe" + bytes(7) + b"\x01", 1 << 56, 9),
    ],
)
def test_length_encoded_numbers(data: bytes, number: int, end: int) -> None:
    assert length_encoded(data, 0) == (number, end)


def test_a_length_cannot_be_null() -> None:
    with pytest.raises(StreamError):
        length_encoded(b"\xfb", 0)


def test_status_variables_are_read_over_those_that_do_not_matter() -> None:
    data = b"".join(
        [
            b"\x00" + bytes(4),
            b"\x01" + (0x100004).to_bytes(8, "little"),
            b"\x06\x03std",
            b"\x05\x06SYSTEM",
            b"\x0b\x04root\x09localhost",
            b"\x0c\x02one\0two\0",
            b"\x0c\xfe",
            b"\x04\x21\x00\x08\x00\x08\x00",
            b"\x08\x3f\x00",
            b"\x0d\xb7\x77\x02",
            b"\xee whatever",
        ]
    )
    found = parse_status_variables(data)
    assert (found.sql_mode, found.client_collation) == (0x100004, 33)
    assert (found.time_zone, found.microseconds) == ("SYSTEM", 161719)
    assert found.connection_collation == 8
    assert parse_status_variables(b"\x80\xb7\x77\x02").microseconds == 161719  # as MariaDB writes them
    assert parse_status_variables(b"").microseconds is None


def test_collations_of_character_sets_stand_before_the_charset_of_the_client() -> None:
    """MariaDB 11 writes them where a statement names a character set without its collation."""
    two = b"\x83\x02\x2d\x00\xe0\x00" + bytes(4)
    found = parse_status_variables(two + b"\x04\x08\x00\x08\x00\x08\x00" + b"\x05\x06+02:00")
    assert (found.client_collation, found.time_zone) == (8, "+02:00")


def test_a_statement_says_what_it_says_only_in_a_charset_that_is_known() -> None:
    def is_text(statement: bytes, collation: int | None) -> bool:
        return Query(statement, "", 0, StatusVariables(client_collation=collation)).is_text

    latin1, utf8mb4, binary, unknown = 8, 45, 63, 9999
    assert is_text("é".encode("latin1"), latin1)
    assert is_text("é".encode(), utf8mb4)
    assert not is_text("é".encode("latin1"), utf8mb4)
    for collation in (binary, unknown, None):
        assert not is_text("é".encode(), collation)
        assert is_text(b"alter table t add column n int", collation)


def test_statements_are_read_in_the_charset_of_the_client() -> None:
    def text(statement: bytes, collation: int | None) -> str:
        return Query(statement, "", 0, StatusVariables(client_collation=collation)).text()

    assert text("é".encode(), None) == "é"
    assert text("é".encode("latin1"), 8) == "é"
    assert text("表".encode("cp932"), 95) == "表"
    assert text(b"select '\xff'", 45) == "select '\\xff'"
    assert text(b"binary", 63) == "binary"


def test_what_a_server_may_have_written_is_known_by_its_form() -> None:
    def may_be_rewritten(statement: str, encoding: str = "utf8", collation: int = 8) -> bool:
        return Query(statement.encode(encoding), "", 0, StatusVariables(client_collation=collation)).may_be_rewritten

    written = "CREATE TABLE `a`.`b` (\n  `é` int)"
    assert may_be_rewritten(written)
    assert may_be_rewritten(written.replace("`", '"'))
    assert not may_be_rewritten(written, "latin1")
    assert not may_be_rewritten(written, collation=45)
    assert not may_be_rewritten(written, collation=63)
    assert not may_be_rewritten("CREATE TABLE `a`.`b` (\n  `e` int)")
    assert not may_be_rewritten("create table `a`.`b` (\n  `é` int)")


def test_the_server_escapes_by_backslashes_in_every_mode() -> None:
    def may_be_escaped(statement: bytes, sql_mode: int) -> bool:
        return Query(statement, "", 0, StatusVariables(sql_mode=sql_mode)).may_be_escaped

    written = b"CREATE TABLE `b` (\n  `a` binary(2) DEFAULT 'a\\0'\n)"
    assert may_be_escaped(written, 1 << 20)
    assert not may_be_escaped(written, 0)
    assert not may_be_escaped(written.lower(), 1 << 20)
    assert not may_be_escaped(written.replace(b"\\0", b""), 1 << 20)


def test_xids_are_written_as_statements_write_them() -> None:
    assert parse_xa_prepare(b"\x00\x07\0\0\0\x02\0\0\0\x01\0\0\0x1b") == ("X'7831',X'62',7", False)
    assert parse_xa_prepare(b"\x01\x01\0\0\0\x02\0\0\0\x00\0\0\0x1") == ("X'7831',X'',1", True)


def test_compressed_content_is_checked() -> None:
    compressed = zlib.compress(b"some rows")
    assert uncompressed(b"\x81\x09" + compressed) == b"some rows"
    assert uncompressed(b"\x82\x00\x09" + compressed) == b"some rows"
    for damaged in (b"\x81\x08" + compressed, b"\x91\x09" + compressed):
        with pytest.raises(StreamError):
            uncompressed(damaged)


def test_unknown_payload_compression_is_refused() -> None:
    with pytest.raises(StreamError, match="algorithm 7"):
        list(payload_events(b"\x02\x01\x07\x00"))
    with pytest.raises(StreamError, match="cannot be decompressed"):
        list(payload_events(b"\x02\x01\x00\x00 no zstd"))


# GTIDs, as MySQL 9.7 wrote them.

TAGGED = bytes.fromhex(
    "027200000002c103ac605c9903d222c5038d02d204f103000000020404060c6d795f74616708040a080c7f51fbcf78dc6006102d04128312"
)
PREVIOUS = bytes.fromhex(
    "0103000000000001"
    "f056302ee66911f1a36902fc0000000100010000000000000001000000000000004000000000000000"
    "f056302ee66911f1a36902fc000000010c6d795f746167010000000000000001000000000000000400000000000000"
    "f056302ee66911f1a36902fc00000001047a7a010000000000000001000000000000000200000000000000"
)


def test_tagged_gtids_are_read() -> None:
    gtid = parse_tagged_gtid(TAGGED)
    assert (gtid.source, gtid.number) == (f"{UUID}:my_tag", 1)
    assert gtid.commit_time == pytest.approx(1795349896.231761)


def test_untagged_gtids_are_read() -> None:
    body = bytes.fromhex(
        "01f056302ee66911f1a36902fc000000013e00000000000000020000000000000000010000000000000024efcf78dc6006d050620100"
    )
    gtid = parse_gtid(body)
    assert (gtid.source, gtid.number) == (UUID, 62)
    assert gtid.commit_time == pytest.approx(1795349896.228644)
    assert parse_gtid(body[:42]).commit_time == 0


def test_sets_with_tags_are_written_as_the_server_does() -> None:
    assert encode_gtid_set(MysqlGtidSet.parse(f"{UUID}:1-63:my_tag:1-3:zz:1")) == PREVIOUS


def test_sets_without_tags_are_written_as_ever() -> None:
    encoded = encode_gtid_set(MysqlGtidSet.parse(f"{UUID}:1-3:7"))
    numbers = [int.from_bytes(encoded[at : at + 8], "little") for at in (0, 24, 32, 40, 48, 56)]
    assert numbers == [1, 2, 1, 4, 7, 8]
    assert encode_gtid_set(MysqlGtidSet()) == bytes(8)


def test_flags_of_mariadb_gtids() -> None:
    plain = parse_mariadb_gtid((5).to_bytes(8, "little") + (1).to_bytes(4, "little") + b"\x01" + bytes(6))
    assert plain == (1, 5, True, 0)
    grouped = parse_mariadb_gtid((5).to_bytes(8, "little") + bytes(4) + b"\x02" + bytes(8))
    assert grouped.standalone is False
    prepared = parse_mariadb_gtid(bytes(12) + b"\x40" + b"\1\0\0\0\1\0x" + b"\x02")
    assert prepared.alter_phase == 2


# Character sets.


@pytest.mark.parametrize(
    ("collation", "charset"),
    [(8, "latin1"), (255, "utf8mb4"), (63, "binary"), (2304, "utf8mb4"), (1069, "utf8mb4"), (248, "gb18030")],
)
def test_collations_belong_to_character_sets(collation: int, charset: str) -> None:
    assert charset_of_collation(collation) == charset


def test_latin1_is_that_of_the_server() -> None:
    decode = text_decoder("latin1")
    assert decode is not None
    assert decode(b"\x80\x81\xe9") == "€\x81é"


@given(st.text(alphabet=st.characters(codec="euc_jp", exclude_characters="¥\u203e")))
def test_patched_sets_agree_with_python_where_they_are_not_patched(text: str) -> None:
    decode = text_decoder("ujis")
    assert decode is not None
    assert decode(text.encode("euc_jp")).replace("\\", "＼") == text.replace("\\", "＼")  # noqa: RUF001


def test_undecodable_bytes_raise() -> None:
    for charset in ("utf8mb4", "ujis", "big5", "ascii", "geostd8"):
        decode = text_decoder(charset)
        assert decode is not None
        with pytest.raises(UnicodeDecodeError):
            decode(b"\xff")


@pytest.mark.parametrize(
    ("charset", "stored", "text"),
    [
        ("ascii", "61e462", "a?b"),
        ("cp1251", "cf98c4", "П?Д"),
        ("cp1256", "61ff62", "a?b"),
        ("cp932", "61eb408a", "a??"),
        ("sjis", "835c87408140", "ソ?\u3000"),
        ("gbk", "fe50d6d0", "?中"),
        ("gb18030", "fe39fe39a8bc8135f43795328236", "?ḿ\ue7c7\U00020000"),
        ("ujis", "618fa1a1ada1b0a1", "a??亜"),
        ("big5", "a15ab65d", "\ufffd跑"),
        ("tis620", "a1a0", "ก\ufffd"),
        ("ucs2", "0061d83dde000062", "a??b"),
        ("utf32", "000000610000d83d00000062", "a?b"),
        ("utf8mb4", "61eda08062", "a\ufffd\ufffd\ufffdb"),
    ],
)
def test_undecodable_characters_have_the_substitutes_of_the_server(charset: str, stored: str, text: str) -> None:
    content = bytes.fromhex(stored)
    decode = text_decoder(charset)
    assert decode is not None
    with pytest.raises(UnicodeDecodeError):
        decode(content)
    assert with_substitutes(charset, content) == text


def test_binary_and_unknown_sets_have_no_decoder() -> None:
    assert text_decoder("binary") is None
    assert text_decoder("klingon") is None


# Versions.


@pytest.mark.parametrize(
    ("text", "flavour", "numbers"),
    [
        ("8.0.36", Flavour.MYSQL, (8, 0, 36)),
        ("5.6.51-log", Flavour.MYSQL, (5, 6, 51)),
        ("8.0.35-27 Percona", Flavour.MYSQL, (8, 0, 35)),
        ("5.5.5-10.11.6-MariaDB-log", Flavour.MARIADB, (10, 11, 6)),
        ("11.8.2-MariaDB", Flavour.MARIADB, (11, 8, 2)),
    ],
)
def test_versions_are_read(text: str, flavour: Flavour, numbers: tuple[int, ...]) -> None:
    assert ServerVersion.parse(text) == ServerVersion(flavour, numbers)


def test_versions_compare_within_their_flavour() -> None:
    mariadb = ServerVersion(Flavour.MARIADB, (10, 11, 6))
    assert mariadb.mariadb_since(10, 5)
    assert not mariadb.mysql_since(5, 7)
    with pytest.raises(ValueError, match="not a version"):
        ServerVersion.parse("what?")
