"""What ALTER TABLE does to texts that become something else, and to what becomes a text."""

from __future__ import annotations

from collections.abc import Callable

from pg_chameleon.convert.alter.conversion import Conversion, clamped, literal, unless_null
from pg_chameleon.convert.values.types import integer_limits
from pg_chameleon.model.schema import Column
from pg_chameleon.model.source.charsets import UTF8, UTF8_CHARACTERS, has_all_of, sure_characters, width
from pg_chameleon.model.source.types import CHARACTER_STRINGS, TEXT_BYTES

_JSON_STRING = r'"([^"\\]|\\.)*"'
_RISKY_NUMBER = r"[0-9.]{16}|[0-9][eE]|-0|\.[0-9]+0([^0-9]|$)"
_REPLACEMENT = "\ufffd"


def number_to_text(old: Column, new: Column) -> Conversion | None:
    """Write a number; leading zeros are not in the target."""
    if old.type.zerofill:
        return None
    year = old.type.base == "year"
    return _shortened("lpad({column}::text, 4, '0')" if year else "{column}::text", old, new)


def text_to_text(old: Column, new: Column) -> Conversion | None:
    """Cut a text to its new length; characters that the new set may not have must not be there."""
    found = _shortened("{column}", old, new)
    if found is None or has_all_of(new.charset, old.charset):
        return found
    certain = f"{{column}} ~ {literal(f'^[{sure_characters(new.charset)}]*$')}"
    return found._replace(certain=f"({found.certain}) AND ({certain})" if found.certain else unless_null(certain))


def label_to_text(old: Column, new: Column) -> Conversion | None:
    """Write the members of an enum or a set."""
    return _shortened("{column}::text", old, new) if has_all_of(new.charset, old.charset) else None


def uuid_to_text(old: Column, new: Column) -> Conversion | None:
    """Write a UUID as both products do."""
    return _shortened("{column}::text", old, new)


def _shortened(text: str, old: Column, new: Column) -> Conversion | None:
    """Cut as the server does: by characters if the new type counts those, by bytes not at all."""
    base = new.type.base
    if base in TEXT_BYTES:
        found = Conversion(text, exact=text == "{column}")
        return found if _fits(old, new) else found._replace(certain=_fits_certainly(text, new))
    length = new.type.length
    if text == "{column}" and old.type.base in ("char", base) and _characters(old) <= length:
        return Conversion()  # PostgreSQL does not rewrite the table for that
    cut = f"left({text}, {length})"
    return Conversion(f"rtrim({cut}, ' ')" if base == "char" else cut, exact=False)


def _fits(old: Column, new: Column) -> bool:
    room = TEXT_BYTES[new.type.base]
    if old.type.base in TEXT_BYTES and old.charset == new.charset:
        return TEXT_BYTES[old.type.base] <= room
    return _characters(old) * width(new.charset) <= room


def _fits_certainly(text: str, new: Column) -> str:
    """Return a condition: the value has no more bytes than the new type holds, in whatever character set."""
    room = TEXT_BYTES[new.type.base]
    if new.charset in UTF8_CHARACTERS:
        return unless_null(f"octet_length({text}) <= {room}")
    return unless_null(f"char_length({text}) * {width(new.charset)} <= {room}")


def _characters(column: Column) -> int:
    """Return how many characters a value can have at most."""
    kind = column.type
    if kind.base in TEXT_BYTES:
        return TEXT_BYTES[kind.base]
    if kind.members:
        return sum(len(member) + 1 for member in kind.members)
    return kind.length if kind.base in CHARACTER_STRINGS else 100


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
    precision, scale = new.type.precision
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
    """Take the bytes that the source stored; where they were no text, the target has a substitute for them."""
    if old.charset not in UTF8_CHARACTERS:
        return None
    room = new.type.most_bytes
    using = f"substring(convert_to({{column}}, 'UTF8') from 1 for {min(room, 2**31 - 1)})"
    if new.type.base == "binary":
        zeros = f"decode(repeat('00', {room}), 'hex')"
        using = f"substring({using} || {zeros} from 1 for {room})"
    substitute = _REPLACEMENT if old.charset in UTF8 else "?"
    return Conversion(using, exact=False, certain=unless_null(f"position({literal(substitute)} in {{column}}) = 0"))


def _from_bytes(old: Column, new: Column) -> Conversion | None:
    """Read bytes as text; a zero byte, or what is no UTF-8, is refused by PostgreSQL."""
    if new.charset not in UTF8_CHARACTERS or old.type.base == "binary":
        return None
    text = "convert_from({column}, 'UTF8')"
    fits = f"{{column}} = convert_to(left({text}, {new.type.length}), 'UTF8')"
    if new.type.base in TEXT_BYTES:
        fits = f"octet_length({{column}}) <= {TEXT_BYTES[new.type.base]}"
    if new.charset not in UTF8:
        fits = f"{fits} AND octet_length({{column}}) = char_length({text})"
    certain = unless_null(fits)
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
