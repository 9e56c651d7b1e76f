"""What ALTER TABLE does to texts that become something else, and to what becomes a text."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, clamped, literal, precision_of, unless_null
from pg_chameleon.convert.values.types import integer_limits
from pg_chameleon.model.schema import Column

_TEXT_BYTES = {"tinytext": 255, "text": 65_535, "mediumtext": 16_777_215, "longtext": 4_294_967_295}
_BYTE_SIZES = {"tinyblob": 255, "blob": 65_535, "mediumblob": 16_777_215, "longblob": 4_294_967_295}
_CHARACTER_BYTES = {"latin1": 1, "ascii": 1, "ucs2": 2, "utf8": 3, "utf8mb3": 3}
# What holds every character, and what holds those of every other set but these.
_FULL_UNICODE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32"})
_BASIC_UNICODE = frozenset({"utf8", "utf8mb3", "ucs2"})
# Their bytes on the source are those that PostgreSQL has.
_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8", "ascii"})
# latin1 is Windows' on the servers: it has these where the standard has control characters.
_WINDOWS = "".join(f"\\u{ord(character):04X}" for character in bytes(range(0x80, 0xA0)).decode("cp1252", "ignore"))
# Patterns of characters that a set surely has.
_SURELY_IN = {
    **dict.fromkeys(_BASIC_UNICODE, r"^[\x01-\uFFFF]*$"),
    "latin1": rf"^[\x01-\x7F\u00A0-\u00FF{_WINDOWS}]*$",
}
_SURELY_ASCII = r"^[\x01-\x7F]*$"
_JSON_STRING = r'"([^"\\]|\\.)*"'
_RISKY_NUMBER = r"[0-9.]{16}|[0-9][eE]|-0|\.[0-9]+0([^0-9]|$)"
_REPLACEMENT = "\ufffd"


def keeps_characters(old: Column, new: Column) -> bool:
    """Tell whether the new character set has all characters of the old one."""
    if old.charset in (new.charset, "ascii") or new.charset in _FULL_UNICODE:
        return True
    return new.charset in _BASIC_UNICODE and old.charset not in _FULL_UNICODE | {"gb18030", None}


def number_to_text(old: Column, new: Column) -> Conversion | None:
    """Write a number; leading zeros are not in the target."""
    if old.type.zerofill:
        return None
    year = old.type.base == "year"
    return _shortened("lpad({column}::text, 4, '0')" if year else "{column}::text", old, new)


def text_to_text(old: Column, new: Column) -> Conversion | None:
    """Cut a text to its new length; characters that the new set may not have must not be there."""
    found = _shortened("{column}", old, new)
    if found is None or keeps_characters(old, new):
        return found
    pattern = _SURELY_IN.get(new.charset or "", _SURELY_ASCII)
    certain = f"{{column}} ~ {literal(pattern)}"
    return found._replace(certain=f"({found.certain}) AND ({certain})" if found.certain else unless_null(certain))


def label_to_text(old: Column, new: Column) -> Conversion | None:
    """Write the members of an enum or a set."""
    return _shortened("{column}::text", old, new) if keeps_characters(old, new) else None


def uuid_to_text(old: Column, new: Column) -> Conversion | None:
    """Write a UUID as both products do."""
    return _shortened("{column}::text", old, new)


def _shortened(text: str, old: Column, new: Column) -> Conversion | None:
    """Cut as the server does: by characters if the new type counts those, by bytes not at all."""
    base = new.type.base
    if base in _TEXT_BYTES:
        found = Conversion(text, exact=text == "{column}")
        return found if _fits(old, new) else found._replace(certain=_fits_certainly(text, new))
    length = (*new.type.arguments, 1)[0]
    if text == "{column}" and old.type.base in ("char", base) and _characters(old) <= length:
        return Conversion()  # PostgreSQL does not write the table anew for that
    cut = f"left({text}, {length})"
    return Conversion(f"rtrim({cut}, ' ')" if base == "char" else cut, exact=False)


def _fits(old: Column, new: Column) -> bool:
    room = _TEXT_BYTES[new.type.base]
    if old.type.base in _TEXT_BYTES and old.charset == new.charset:
        return _TEXT_BYTES[old.type.base] <= room
    return _characters(old) * _CHARACTER_BYTES.get(new.charset or "", 4) <= room


def _fits_certainly(text: str, new: Column) -> str:
    """Return a condition: the value has no more bytes than the new type holds, in whatever character set."""
    room = _TEXT_BYTES[new.type.base]
    if new.charset in _UTF8:
        return unless_null(f"octet_length({text}) <= {room}")
    return unless_null(f"char_length({text}) * {_CHARACTER_BYTES.get(new.charset or '', 4)} <= {room}")


def _characters(column: Column) -> int:
    """Return how many characters a value can have at most."""
    kind = column.type
    if kind.base in _TEXT_BYTES:
        return _TEXT_BYTES[kind.base]
    if kind.members:
        return sum(len(member) + 1 for member in kind.members)
    return (*kind.arguments, 1)[0] if kind.base in ("char", "varchar") else 100


def _matches(pattern: str) -> str:
    return unless_null(f"{{column}} ~ {literal(pattern)}")


def _to_integer(_old: Column, new: Column) -> Conversion | None:
    if new.type.base == "year":
        return Conversion("{column}::integer", certain=_matches("^(19[1-9][0-9]|20[0-9][0-9]|21[0-4][0-9])$"))
    low, high = integer_limits(new.type)
    # Whatever is longer than this may be out of range, and is read in other ways then.
    return Conversion(
        clamped("{column}::numeric", str(low), str(high)), exact=False, certain=_matches("^-?[0-9]{1,18}$")
    )


def _to_decimal(_old: Column, new: Column) -> Conversion | None:
    precision, scale = precision_of(new.type)
    high = f"{10**precision - 1}e-{scale}"
    using = clamped("{column}::numeric", "0" if new.type.unsigned else f"-{high}", high)
    return Conversion(using, exact=False, certain=_matches(r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"))


def _to_double(_old: Column, new: Column) -> Conversion | None:
    """Read a number of as many digits as are read alike everywhere."""
    if new.type.arguments or new.type.unsigned:
        return None
    return Conversion("{column}::double precision", exact=False, certain=_matches(r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"))


def _to_enum(_old: Column, new: Column) -> Conversion | None:
    return Conversion("{column}", certain=unless_null(f"{{column}} IN ({_list(new.type.members)})"))


def _to_set(_old: Column, new: Column) -> Conversion | None:
    return Conversion("{column}", certain=unless_null(f"{{column}} IN ({_list((*new.type.members, ''))})"))


def _list(members: tuple[str, ...]) -> str:
    return ", ".join(map(literal, members))


def _to_json(_old: Column, _new: Column) -> Conversion | None:
    """Read a document, unless it has numbers that the source may have rounded, or writes otherwise."""
    without_strings = f"regexp_replace({{column}}, {literal(_JSON_STRING)}, '', 'g')"
    return Conversion(
        "{column}::jsonb", exact=False, certain=unless_null(f"{without_strings} !~ {literal(_RISKY_NUMBER)}")
    )


def _to_bytes(old: Column, new: Column) -> Conversion | None:
    """Take the bytes that the source stored; where they were no text, the target does not have them."""
    if old.charset not in _UTF8:
        return None
    room = _BYTE_SIZES.get(new.type.base) or (*new.type.arguments, 1)[0]
    using = f"substring(convert_to({{column}}, 'UTF8') from 1 for {min(room, 2**31 - 1)})"
    if new.type.base == "binary":
        zeros = f"decode(repeat('00', {room}), 'hex')"
        using = f"substring({using} || {zeros} from 1 for {room})"
    return Conversion(using, exact=False, certain=unless_null(f"position({literal(_REPLACEMENT)} in {{column}}) = 0"))


def _from_bytes(old: Column, new: Column) -> Conversion | None:
    """Read bytes as text; a zero byte, or what is no UTF-8, is refused by PostgreSQL."""
    if new.charset not in _UTF8 or old.type.base == "binary":
        return None
    length = (*new.type.arguments, 1)[0]
    certain = unless_null(f"{{column}} = convert_to(left(convert_from({{column}}, 'UTF8'), {length}), 'UTF8')")
    if new.type.base in _TEXT_BYTES:
        certain = unless_null(f"octet_length({{column}}) <= {_TEXT_BYTES[new.type.base]}")
    text = "convert_from({column}, 'UTF8')"
    return Conversion(f"rtrim({text}, ' ')" if new.type.base == "char" else text, exact=False, certain=certain)


FROM_TEXT: dict[tuple[str, str], Callable[[Column, Column], Conversion | None]] = {
    ("text", "integer"): _to_integer,
    ("text", "decimal"): _to_decimal,
    ("text", "double"): _to_double,
    ("text", "enum"): _to_enum,
    ("text", "set"): _to_set,
    ("text", "json"): _to_json,
    ("text", "bytes"): _to_bytes,
    ("bytes", "text"): _from_bytes,
}
