"""Text of every character set: each character of one or two bytes is decoded as the server converts it."""

from contextlib import closing

import pytest

from lab.servers import SourceServer
from pg_chameleon.mysql.charsets import charset_of_collation, text_decoder

DOUBLE_BYTE = {"big5", "cp932", "eucjpms", "euckr", "gb2312", "gbk", "sjis", "ujis", "gb18030"}
UNICODE = {"utf8mb3", "utf8mb4", "utf8", "ucs2", "utf16", "utf16le", "utf32"}


def charsets_of(server: SourceServer) -> list[str]:
    names = [
        str(name) for (name,) in server.execute("select character_set_name from information_schema.character_sets")
    ]
    return sorted(set(names) - UNICODE - {"binary"})


def converted(server: SourceServer, charset: str, codes: list[bytes]) -> dict[bytes, str]:
    """What the server makes of each code, as far as it makes the code of it again: others are no characters."""
    table = " union all ".join(f"select x'{code.hex()}' as code" for code in codes)
    statement = f"""
        select code, hex(convert(convert(code using {charset}) using utf8mb4))
        from ({table}) as codes
        where convert(convert(code using {charset}) using utf8mb4) is not null
          and hex(convert(convert(convert(code using {charset}) using utf8mb4) using {charset})) = hex(code)"""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("set sql_mode = ''")
        cursor.execute(statement)
        return {code: bytes.fromhex(text).decode() for code, text in cursor.fetchall()}


@pytest.mark.source_version(mysql=(8, 0), mariadb=(10, 5))
def test_characters_are_those_of_the_server(source_server: SourceServer) -> None:
    for charset in charsets_of(source_server):
        decode = text_decoder(charset)
        assert decode is not None, charset
        codes = [bytes([first]) for first in range(0x80 if charset in DOUBLE_BYTE else 0x100)]
        for lead in range(0x81, 0xFF, 1) if charset in DOUBLE_BYTE else ():
            codes += [bytes([lead, trail]) for trail in range(0x40, 0xFF, 5)]
        for start in range(0, len(codes), 1500):
            for code, text in converted(source_server, charset, codes[start : start + 1500]).items():
                assert decode(code) == text, (charset, code)


def test_collations_belong_to_the_charsets_that_the_server_says(source_server: SourceServer) -> None:
    statement = "select id, character_set_name from information_schema.collations where id is not null"
    for number, charset in source_server.execute(statement):
        if charset is not None:
            known = charset_of_collation(number)
            assert known == ("utf8mb3" if charset == "utf8" else charset), number
