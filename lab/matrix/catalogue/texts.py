"""Text in every character set, and bytes."""

# ruff: noqa: RUF001 - look-alikes are what this is about

from lab.compare import Policy
from lab.matrix.kinds import ALL, Kind, Value, octets, text, text_sql

ODD = "tab\t newline\n return\r\n backslash\\ \\N \\. quote' \" `{}%s (,)"
EVERY_ASCII = "".join(map(chr, range(1, 128)))
ASTRAL = "😀👩‍👩‍👧‍👦𝄞"
LATIN = "äöüß é ñ"
_ANY = ("", "NULL", "\\N", " leading", "trailing  ", ODD, EVERY_ASCII)
_NUL = Value(text_sql("a\0b\0\0"), Policy.NUL, "ab")
# What a character set can write of itself, beside what all can.
_WORDS = {
    "armscii8": "ԱԲԳ հայ",
    "ascii": "~",
    "big5": "中文字 碁銹裏",
    "cp1250": "žluťoučký ł€",
    "cp1251": "Привет №",
    "cp1256": "سلام \u200f€",
    "cp1257": "ąčęėįšųū€",
    "cp850": "äöü¥ Ø",
    "cp852": "ščřž ┐",
    "cp866": "Привет ░",
    "cp932": "ソ表ポ ①㈱～－ 髙",
    "dec8": "äöüŒ",
    "eucjpms": "日本語 ①㈱～－ 髙",
    "euckr": "한글 똠방",
    "gb18030": "中文 龍 㐀 😀 ḿ",
    "gb2312": "中文 Ωπ",
    "gbk": "中文 龍镕 ⅰ",
    "geostd8": "აბგ €№",
    "greek": "Ελλάδα ʽʼ",
    "hebrew": "שלום",
    "hp8": "äöü ±",
    "keybcs2": "ČĎŠž ▓",
    "koi8r": "Привет ─",
    "koi8u": "Привіт ґ",
    "latin1": "äé€ÿ ‚ž \x81\x8d",
    "latin2": "žluťoučký",
    "latin5": "ğüşİı",
    "latin7": "ąčęėįš",
    "macce": "žluťoučký †",
    "macroman": "äöü ∞Ω",
    "sjis": "ソ表ポ カタカナ ｶﾅ",
    "swe7": "ÅÄÖ åäö",
    "tis620": "ภาษาไทย",
    "ucs2": "äß€ 中 \uffff",
    "ujis": "日本語 カナ \\",
    "utf16": f"äß€ 中 {ASTRAL}",
    "utf16le": f"äß€ 中 {ASTRAL}",
    "utf32": f"äß€ 中 {ASTRAL}",
    "utf8mb3": "äß€ 中 \uffff",
    "utf8mb4": f"äß€ 中 {ASTRAL} \U0010ffff",
}
_SINCE = {
    "gb18030": {"mysql": (5, 7, 4)},
}
_BOTH = frozenset(ALL)
# Bytes that their character set cannot show as text: as they are stored, what the target has, and who stores them.
_UNDECODABLE: dict[str, tuple[tuple[str, str, frozenset[str]], ...]] = {
    "ascii": (("61e462", "a?b", frozenset({"mariadb"})),),
    "cp1250": (("618162", "a?b", _BOTH),),
    "cp1251": (("cf98c4", "П?Д", _BOTH),),
    "cp1256": (("61ff62", "a?b", _BOTH),),
    "cp1257": (("6181a162", "a??b", _BOTH),),
    "cp932": (("61eb4062", "a?b", _BOTH),),
    "dec8": (("61ff62", "a?b", _BOTH),),
    "eucjpms": (("618fa1a162", "a?b", _BOTH),),
    "euckr": (("61c9a162", "a?b", _BOTH),),
    "gb18030": (("61fe39fe3962", "a?b", frozenset({"mysql"})),),
    "gb2312": (("61a2a162", "a?b", _BOTH),),
    "gbk": (("61fe5062", "a?b", _BOTH),),
    "geostd8": (("61ff62", "a?b", _BOTH),),
    "greek": (("61ff62", "a?b", _BOTH),),
    "hebrew": (("61ffd862", "a??b", _BOTH),),
    "hp8": (("61ff62", "a?b", _BOTH),),
    "sjis": (("61874062", "a?b", _BOTH), ("61f04062", "a?b", _BOTH)),
    "swe7": (("61e462", "a?b", _BOTH),),
    "ucs2": (("0061d8000062", "a?b", _BOTH), ("0061d83dde000062", "a??b", _BOTH), ("dc000061", "?a", _BOTH)),
    "ujis": (("618fa1a162", "a?b", _BOTH), ("61ada162", "a?b", _BOTH)),
    "utf32": (("000000610000d80000000062", "a?b", frozenset({"mariadb"})),),
    "utf8mb3": (("61eda08062", "a\ufffd\ufffd\ufffdb", frozenset({"mariadb"})),),
    "utf8mb4": (("61eda08062", "a\ufffd\ufffd\ufffdb", frozenset({"mariadb"})),),
}
_SINGLE_BYTE = (
    *("armscii8", "cp1251", "cp850", "cp852", "cp866", "keybcs2", "koi8r", "koi8u", "latin1", "latin2", "latin5"),
    *("latin7", "macce", "macroman"),
)


def _of_charset(charset: str) -> tuple[Value, ...]:
    values = [*text(*_ANY, _WORDS[charset]), _NUL]
    if charset in _SINGLE_BYTE:
        absent = {0x98} if charset == "cp1251" else set()
        values += octets(bytes(set(range(0x80, 0x100)) - absent))
    values += [
        Value(f"x'{stored}'", Policy.UNDECODABLE, shown, products)
        for stored, shown, products in _UNDECODABLE.get(charset, ())
    ]
    return tuple(values)


def _in_charsets() -> list[Kind]:
    found = []
    for charset in _WORDS:
        definition = f"varchar(140) character set {charset}"
        found.append(
            Kind(
                f"varchar {charset}",
                definition,
                _of_charset(charset),
                "v(100)" if len(charset) > 9 else "v",
                since=_SINCE.get(charset, ALL),
            )
        )
    return found


def _sizes() -> list[Kind]:
    long = (Value("repeat('ü😀', 30000)"), Value("repeat('x', 1000000)"))
    short = (*text(*_ANY[:-1], LATIN, ASTRAL), _NUL)
    return [
        Kind("char(1)", "char(1) character set utf8mb4", text("", "x", "😀", "\\", "\t"), "v"),
        Kind("char(60)", "char(60) character set utf8mb4", short, "v"),
        Kind("char(60) latin1", "char(60) character set latin1", (*text(*_ANY[:-1], LATIN), _NUL), "v"),
        Kind("char(60) utf16", "char(60) character set utf16", short, "v"),
        Kind("varchar(0)", "varchar(0)", text("")),
        Kind("varchar(3000)", "varchar(3000) character set utf8mb4", (*short, Value("repeat('€', 3000)")), "v(20)"),
        Kind(
            "varchar utf8mb4_bin",
            "varchar(20) character set utf8mb4 collate utf8mb4_bin",
            text("A", "a", "a ", "é"),
            "v",
        ),
        Kind("varchar binary", "varchar(20) character set binary", octets(b"", b"\0", b"\xff\\\n\t", b"a  "), "v"),
        Kind("tinytext", "tinytext character set utf8mb4", (*short, Value("repeat('x', 255)")), "v(20)"),
        Kind("text", "text character set utf8mb4", (*short, Value("repeat('€', 21845)")), "v(20)"),
        Kind(
            "text latin1",
            "text character set latin1",
            (*text(*_ANY, LATIN), _NUL, Value("repeat('ü', 65535)")),
            "v(20)",
        ),
        Kind("text utf16", "text character set utf16", short, "v(20)"),
        Kind("mediumtext", "mediumtext character set utf8mb4", (*short, *long), "v(20)"),
        Kind("longtext", "longtext character set utf8mb4", (*short, *long), "v(20)"),
    ]


_BYTES = (
    *(b"", b"a", b"\0", b"\0\0\xff\0", b"\xff\\\n\t\r", b"a   ", b"a\0\0", b" ", b"NULL", b"\\N", b"\\x41"),
    bytes(range(0xF0, 0x100)),
)
_ALL_BYTES = (*octets(*_BYTES, bytes(range(256))),)
_COMPRESSED = {"mariadb": (10, 3)}

TEXTS = (*_in_charsets(), *_sizes())
BYTES = (
    Kind("binary(1)", "binary(1)", octets(b"", b"\0", b"\xff", b"a", b"\\"), "v"),
    Kind("binary(16)", "binary(16)", octets(*_BYTES), "v"),
    Kind("binary(255)", "binary(255)", (*octets(b"", b"\0"), Value("repeat('y', 255)")), "v"),
    Kind("varbinary(16)", "varbinary(16)", octets(*_BYTES), "v"),
    Kind("varbinary(1000)", "varbinary(1000)", (*_ALL_BYTES, Value("repeat(x'00', 1000)")), "v(20)"),
    Kind("tinyblob", "tinyblob", octets(*_BYTES), "v(20)"),
    Kind("blob", "blob", (*_ALL_BYTES, Value("repeat('z', 65535)")), "v(20)"),
    Kind("mediumblob", "mediumblob", (*_ALL_BYTES, Value("repeat(x'ff', 100000)")), "v(20)"),
    Kind("longblob", "longblob", (*_ALL_BYTES, Value("repeat(x'00', 1000000)")), "v(20)"),
    Kind(
        "varchar compressed",
        "varchar(300) compressed character set utf8mb4",
        (*text(*_ANY, ASTRAL), _NUL, Value("repeat('long ', 40)")),
        since=_COMPRESSED,
    ),
    Kind(
        "text compressed",
        "text compressed character set latin1",
        (*text(*_ANY, LATIN), Value("repeat('long ', 4000)")),
        since=_COMPRESSED,
    ),
    Kind(
        "varbinary compressed", "varbinary(300) compressed", (*_ALL_BYTES, Value("repeat('y', 300)")), since=_COMPRESSED
    ),
    Kind("longblob compressed", "longblob compressed", (*_ALL_BYTES, Value("repeat('y', 200000)")), since=_COMPRESSED),
)
