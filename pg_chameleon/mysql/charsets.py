"""MySQL's character sets as Python decoders, and which set a collation belongs to.

The decoders give what the server itself gives on ``CONVERT(... USING utf8mb4)``. Where Python has no such
codec, or one that differs, the difference is here; it was taken from MariaDB 10.11 and MySQL 9.7, character by
character, and ``tests/integration/test_decode_charsets.py`` compares it again.
"""

# ruff: noqa: RUF001 - look-alikes are what this is about

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator

from pg_chameleon.model.source.charsets import REPLACEMENT_BYTES

TextDecoder = Callable[[bytes], str]

# What codecs.charmap_decode takes for "no character"
_NONE = "\ufffe"
_REPLACEMENT = "\ufffd"
_LOWER_HALF = "".join(map(chr, range(0x80)))

# Character sets whose codec in Python gives the same as the server
_PYTHON = {
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "utf8": "utf-8",
    "utf16": "utf-16-be",
    "utf16le": "utf-16-le",
    "utf32": "utf-32-be",
    "ascii": "ascii",
    "cp932": "cp932",
    "euckr": "cp949",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "hp8": "hp_roman8",
    "koi8r": "koi8_r",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "macce": "mac_latin2",
    "macroman": "mac_roman",
}

# Sets of one byte that differ from a codec of Python in some characters
_PATCHED = {
    "latin1": ("cp1252", {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}),
    "cp1256": ("cp1256", dict.fromkeys([0x8A, 0x8F, 0x98, 0x9A, 0x9F, 0xAA, 0xC0, 0xFF], _NONE)),
    "cp866": ("cp866", {0xFC: "ⁿ", 0xFD: "²"}),
    "greek": ("iso8859_7", {0xA1: "ʽ", 0xA2: "ʼ", **dict.fromkeys([0xA4, 0xA5, 0xAA], _NONE)}),
    "hebrew": ("iso8859_8", {0xAF: "\u203e"}),
    "koi8u": ("koi8_u", {0x95: "•"}),
    "tis620": (
        "tis_620",
        {
            **dict.fromkeys([0xA0, 0xDB, 0xDC, 0xDD, 0xDE, 0xFC, 0xFD, 0xFE], _NONE),
            REPLACEMENT_BYTES["tis620"][0]: _REPLACEMENT,
        },
    ),
}

_C1 = "".join(map(chr, range(0x80, 0xA0)))

# Sets of one byte that Python does not have: the upper half
_UPPER_HALVES = {
    "armscii8": _C1
    + "\xa0❁§։)(»«—.՝,-՟…՜՛՞ԱաԲբԳգԴդԵեԶզԷէԸըԹթԺժԻիԼլԽխԾծԿկՀհՁձՂղՃճՄմՅյՆնՇշՈոՉչՊպՋջՌռՍսՎվՏտՐրՑցՒւՓփՔքՕօՖֆ’'",
    "dec8": _C1
    + "\xa0¡¢£\ufffe¥\ufffe§¤©ª«\ufffe\ufffe\ufffe\ufffe°±²³\ufffeµ¶·\ufffe¹º»¼½\ufffe¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ"
    + "\ufffeÑÒÓÔÕÖŒØÙÚÛÜŸ\ufffeßàáâãäåæçèéêëìíîï\ufffeñòóôõöœøùúûüÿ\ufffe\ufffe",
    "geostd8": "€\ufffe‚\ufffe„…†‡\ufffe‰\ufffe‹"
    + _NONE * 5
    + "‘’“”•–—\ufffe\ufffe\ufffe›\ufffe\ufffe\ufffe\ufffe"
    + "".join(map(chr, range(0xA0, 0xC0)))
    + "აბგდევზჱთიკლმნჲოპჟრსტჳუფქღყშჩცძწჭხჴჯჰჵ"
    + _NONE * 23
    + "№\ufffe\ufffe",
    "keybcs2": "ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪"
    + "┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0",
    "swe7": _NONE * 128,
}
_SWE7_LETTERS = {0x40: "É", 0x5B: "Ä", 0x5C: "Ö", 0x5D: "Å", 0x5E: "Ü", 0x60: "é"}
_SWE7_LETTERS |= {0x7B: "ä", 0x7C: "ö", 0x7D: "å", 0x7E: "ü", 0x7F: _NONE}


def text_decoder(charset: str) -> TextDecoder | None:
    """Return the decoder of a character set; None if it is not known, or binary.

    Decoders raise ``UnicodeDecodeError`` for bytes that are not text in the character set.
    """
    return _DECODERS.get(charset.lower())


def with_substitutes(charset: str, data: bytes) -> str:
    """Decode bytes some of which are not text, the way the first copy receives them.

    UTF-8 arrives as it is stored, and each bad sequence in it becomes U+FFFD. From other character sets the server
    converts, and writes a question mark for a character that it cannot convert (U+FFFD for some).
    """
    charset = charset.lower()
    decode, character = _DECODERS[charset], _CHARACTERS.get(charset, _ANY_BYTE)
    if _PYTHON.get(charset) == "utf-8":
        return data.decode("utf-8", "replace")
    substitutes = _SUBSTITUTES.get(charset, {})
    return "".join(_decoded_or(decode, each, substitutes.get(each, "?")) for each in character.findall(data))


def _decoded_or(decode: TextDecoder, character: bytes, substitute: str) -> str:
    try:
        return decode(character)
    except UnicodeDecodeError:
        return substitute


def charset_of_collation(collation: int) -> str | None:
    """Return the character set that a collation, named by its number, belongs to."""
    return _CHARSETS_BY_COLLATION.get(collation)


def _python_decoder(codec: str) -> TextDecoder:
    decode = codecs.getdecoder(codec)
    return lambda data: decode(data, "strict")[0]


def _charmap_decoder(table: str) -> TextDecoder:
    decode = codecs.charmap_decode
    return lambda data: decode(data, "strict", table)[0]


def _patched_table(codec: str, differences: dict[int, str]) -> str:
    return "".join(
        differences.get(byte) or bytes([byte]).decode(codec, "replace").replace(_REPLACEMENT, _NONE)
        for byte in range(256)
    )


_ANY_BYTE = re.compile(rb".", re.DOTALL)
_TWO_BYTES = re.compile(rb"[\x81-\xfe].|.", re.DOTALL)
_JAPANESE = re.compile(rb"[\x81-\x9f\xe0-\xfc].|.", re.DOTALL)
_EXTENDED_UNIX = re.compile(rb"\x8f[\x80-\xff]{2}|[\x80-\xff].|.", re.DOTALL)
# How characters are delimited in the multi-byte sets
_CHARACTERS = {
    **dict.fromkeys(("big5", "euckr", "gb2312", "gbk"), _TWO_BYTES),
    **dict.fromkeys(("cp932", "sjis"), _JAPANESE),
    **dict.fromkeys(("eucjpms", "ujis"), _EXTENDED_UNIX),
    "gb18030": re.compile(rb"(?:[\x81-\xfe][0-9]){2}|[\x81-\xfe].|.", re.DOTALL),
    **dict.fromkeys(("ucs2", "utf16", "utf16le"), re.compile(rb"..?", re.DOTALL)),
    "utf32": re.compile(rb".{1,4}", re.DOTALL),
}


def _ucs2_decoder() -> TextDecoder:
    """Decode UCS-2, in which halves of surrogate pairs are not characters, not even beside each other."""
    decode = codecs.getdecoder("utf-16-be")

    def decode_text(data: bytes) -> str:
        text = decode(data, "strict")[0]
        if text and max(text) > "\uffff":
            raise UnicodeDecodeError("ucs2", data, 0, len(data), "surrogates")
        return text

    return decode_text


def _extended_decoder(
    charset: str, codec: str, extension: dict[bytes, str], exceptions: dict[bytes, str]
) -> TextDecoder:
    """Decode by Python's codec with some characters added, some replaced and some removed."""

    def extend(error: UnicodeError) -> tuple[str, int]:
        if isinstance(error, UnicodeDecodeError):
            for size in (2, 3):
                character = extension.get(error.object[error.start : error.start + size])
                if character is not None:
                    return character, error.start + size
        raise error

    handler = f"pg_chameleon_{codec}_{len(extension)}"
    codecs.register_error(handler, extend)
    decode = codecs.getdecoder(codec)
    suspicious = {bytes_.decode(codec) for bytes_ in exceptions}
    characters = _CHARACTERS[charset]

    def decode_text(data: bytes) -> str:
        text = decode(data, handler)[0]
        if suspicious.isdisjoint(text):
            return text
        text = "".join(
            exceptions.get(character) or decode(character, handler)[0] for character in characters.findall(data)
        )
        if _NONE in text:
            raise UnicodeDecodeError(charset, data, 0, len(data), "no character")
        return text

    return decode_text


def _run(first: int, characters: str) -> Iterator[tuple[bytes, str]]:
    """Characters with consecutive codes of two or three bytes."""
    for code, character in enumerate(characters, first):
        if character != _NONE:
            yield code.to_bytes(3 if code > 0xFFFF else 2, "big"), character


def _user_defined(prefix: bytes, first: int) -> Iterator[tuple[bytes, str]]:
    """The rows F5 to FE of the EUC sets, ten rows of 94 characters for private use."""
    for index in range(10 * 94):
        yield prefix + bytes([0xF5 + index // 94, 0xA1 + index % 94]), chr(first + index)


_USER_DEFINED = {**dict(_user_defined(b"", 0xE000)), **dict(_user_defined(b"\x8f", 0xE3AC))}

_EUCJPMS = {
    **_USER_DEFINED,
    **dict(_run(0xADA1, "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ\ufffe㍉㌔㌢㍍㌘㌧㌃㌶㍑㍗㌍㌦㌣㌫㍊㌻㎜㎝㎞㎎㎏㏄㎡")),
    **dict(_run(0xADDF, "㍻〝〟№㏍℡㊤㊥㊦㊧㊨㈱㈲㈹㍾㍽㍼≒≡∫∮∑√⊥∠∟⊿∵∩∪")),
    **dict(_run(0x8FF3F3, "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ")),
    **dict(
        _run(
            0x8FF4A1,
            # by their numbers, because editors like to normalise compatibility ideographs
            "\u2162\u2163\u2164\u2165\u2166\u2167\u2168\u2169\uff07\uff02\u3231\u2116\u2121\u70bb\u4efc"
            "\u50f4\u51ec\u5307\u5324\ufa0e\u548a\u5759\ufa0f\ufa10\u589e\u5bec\u5cf5\u5d53\ufa11\u5fb7"
            "\u6085\u6120\u654e\u663b\u6665\ufa12\uf929\u6801\ufa13\ufa14\u6a6b\u6ae2\u6df8\u6df2\u7028"
            "\ufa15\ufa16\u7501\u7682\u769e\ufa17\u7930\ufa18\ufa19\ufa1a\ufa1b\u7ae7\ufa1c\ufa1d\u7da0"
            "\u7dd6\ufa1e\u8362\ufa1f\u85b0\ufa20\ufa21\u8807\ufa22\u8b7f\u8cf4\u8d76\ufa23\ufa24\ufa25"
            "\u90de\ufa26\u9115\ufa27\ufa28\u9592\uf9dc\ufa29\u973b\u974d\u9751\ufa2a\ufa2b\ufa2c\u999e"
            "\u9ad9\u9b72\ufa2d\u9ed1",
        )
    ),
}
_EUCJPMS_EXCEPTIONS = {
    b"\xa1\xc1": "～",
    b"\xa1\xc2": "∥",
    b"\xa1\xdd": "－",
    b"\xa1\xf1": "￠",
    b"\xa1\xf2": "￡",
    b"\xa2\xcc": "￢",
    b"\x8f\xa2\xb7": "～",
    b"\x8f\xa2\xc3": "￤",
}

_BIG5 = dict(_run(0xF9D6, "\u7881\u92b9\u88cf\u58bb\u6052\u7ca7\u5afa"))
_BIG5_ABSENT = tuple(map(bytes.fromhex, ("a15a", "a1c3", "a1c5", "a1fe", "a240", "a2cc")))
_BIG5_EXCEPTIONS = {**dict.fromkeys(_BIG5_ABSENT, _NONE), REPLACEMENT_BYTES["big5"]: _REPLACEMENT}
# What the server writes for characters that it cannot convert, where it is no question mark
_SUBSTITUTES = {
    "big5": dict.fromkeys(_BIG5_ABSENT, _REPLACEMENT),
    "tis620": {bytes([byte]): _REPLACEMENT for byte in _PATCHED["tis620"][1]},
}


_GB18030_EXCEPTIONS = {b"\xa8\xbc": "\u1e3f", b"\x81\x35\xf4\x37": "\ue7c7"}


def _make_decoders() -> dict[str, TextDecoder]:
    decoders = {charset: _python_decoder(codec) for charset, codec in _PYTHON.items()}
    for charset, (codec, differences) in _PATCHED.items():
        decoders[charset] = _charmap_decoder(_patched_table(codec, differences))
    for charset, upper in _UPPER_HALVES.items():
        lower = _LOWER_HALF.translate(_SWE7_LETTERS) if charset == "swe7" else _LOWER_HALF
        decoders[charset] = _charmap_decoder(lower + upper)
    decoders["ucs2"] = _ucs2_decoder()
    decoders["ujis"] = _extended_decoder("ujis", "euc_jp", _USER_DEFINED, {b"\xa1\xc0": "\\"})
    decoders["eucjpms"] = _extended_decoder("eucjpms", "euc_jp", _EUCJPMS, _EUCJPMS_EXCEPTIONS)
    decoders["sjis"] = _extended_decoder("sjis", "shift_jis", {}, {b"\x81\x5f": "\\"})
    decoders["big5"] = _extended_decoder("big5", "big5", _BIG5, _BIG5_EXCEPTIONS)
    decoders["gb18030"] = _extended_decoder("gb18030", "gb18030", {}, _GB18030_EXCEPTIONS)
    return decoders


_DECODERS = _make_decoders()

# Numbers of collations, as ranges with both ends. From 1024 on they are MariaDB's.
_COLLATIONS: dict[str, tuple[tuple[int, int], ...]] = {
    "armscii8": ((32, 32), (64, 64)),
    "ascii": ((11, 11), (65, 65)),
    "big5": ((1, 1), (84, 84)),
    "binary": ((63, 63),),
    "cp1250": ((26, 26), (34, 34), (44, 44), (66, 66), (99, 99)),
    "cp1251": ((14, 14), (23, 23), (50, 52)),
    "cp1256": ((57, 57), (67, 67)),
    "cp1257": ((29, 29), (58, 59)),
    "cp850": ((4, 4), (80, 80)),
    "cp852": ((40, 40), (81, 81)),
    "cp866": ((36, 36), (68, 68)),
    "cp932": ((95, 96),),
    "dec8": ((3, 3), (69, 69)),
    "eucjpms": ((97, 98),),
    "euckr": ((19, 19), (85, 85)),
    "gb18030": ((248, 250),),
    "gb2312": ((24, 24), (86, 86)),
    "gbk": ((28, 28), (87, 87)),
    "geostd8": ((92, 93),),
    "greek": ((25, 25), (70, 70)),
    "hebrew": ((16, 16), (71, 71)),
    "hp8": ((6, 6), (72, 72)),
    "keybcs2": ((37, 37), (73, 73)),
    "koi8r": ((7, 7), (74, 74)),
    "koi8u": ((22, 22), (75, 75)),
    "latin1": ((5, 5), (8, 8), (15, 15), (31, 31), (47, 49), (94, 94)),
    "latin2": ((2, 2), (9, 9), (21, 21), (27, 27), (77, 77)),
    "latin5": ((30, 30), (78, 78)),
    "latin7": ((20, 20), (41, 42), (79, 79)),
    "macce": ((38, 38), (43, 43)),
    "macroman": ((39, 39), (53, 53)),
    "sjis": ((13, 13), (88, 88)),
    "swe7": ((10, 10), (82, 82)),
    "tis620": ((18, 18), (89, 89)),
    "ucs2": ((35, 35), (90, 90), (128, 159), (640, 671), (2560, 2815)),
    "ujis": ((12, 12), (91, 91)),
    "utf16": ((54, 55), (101, 124), (672, 703), (2816, 3071)),
    "utf16le": ((56, 56), (62, 62)),
    "utf32": ((60, 61), (160, 191), (736, 767), (3072, 3327)),
    "utf8mb3": ((33, 33), (76, 76), (83, 83), (192, 223), (576, 607), (2048, 2303)),
    "utf8mb4": ((45, 46), (224, 247), (255, 327), (608, 639), (2304, 2559)),
}
# MariaDB gives the NO PAD twin of a collation the number of the collation and this
_NO_PAD = 1024


def _make_charsets_by_collation() -> dict[int, str]:
    found = {
        number: charset
        for charset, ranges in _COLLATIONS.items()
        for first, last in ranges
        for number in range(first, last + 1)
    }
    no_pad = {number + _NO_PAD: charset for number, charset in found.items() if number < _NO_PAD}
    return {**no_pad, **found}


_CHARSETS_BY_COLLATION = _make_charsets_by_collation()
