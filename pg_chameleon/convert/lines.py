"""The first copy: MySQL itself writes the lines that PostgreSQL's COPY reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pg_chameleon.convert.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.quoting import mysql_bytes
from pg_chameleon.convert.rules import ChangeReason, Rules
from pg_chameleon.convert.text import copy_text, document_without_nul
from pg_chameleon.model.names import quote_mysql_identifier
from pg_chameleon.model.schema import TableSchema

NULL = b"\\N"
_TAB = mysql_bytes(b"\t")
_EMPTY = mysql_bytes(b"")
# Stands at the beginning of a field that is hexadecimal; no other field begins with a single backslash and a z.
_HEX_MARK = b"\\z"
_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b""))
_JSON_NUL = mysql_bytes(b"\\u0000")
# JSON has no control character as itself, so this one can stand for a pair of backslashes meanwhile.
_PAIR, _MARK = mysql_bytes(b"\\\\"), mysql_bytes(b"\x01")


@dataclass(frozen=True, slots=True)
class CopyField:
    """A field of a row that is read field by field.

    ``select`` gives it as a binary string, ``convert`` makes a field of COPY from that.
    """

    select: str
    convert: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Values that the copy changes: those of a column for which the condition, SQL of MySQL, holds."""

    column: str
    reason: ChangeReason
    condition: str


def copy_columns(schema: TableSchema, rules: Rules) -> tuple[str, ...]:
    """Return the target's columns that a line fills, in its order."""
    return tuple(carried.name for carried in carried_columns(schema, rules))


def copy_line_expression(schema: TableSchema, rules: Rules, longest: int | None = None) -> str | None:
    """Return the expression of MySQL that gives a row as a line of COPY, a binary string without newline.

    Texts of more than ``longest`` bytes are not escaped by MySQL; ``long_values`` says how that is made up for.

    It gives NULL for a row whose line would be larger than ``max_allowed_packet``: such rows are to be read
    field by field. Where MySQL cannot write a type as exact text it is None, and all rows are read that way.
    The session must have ``time_zone='+00:00'``, ``sql_mode=''`` and ``SET NAMES utf8mb4``.
    """
    columns = carried_columns(schema, rules)
    if not all(carried.rule.select for carried in columns):
        return None
    # CONCAT, not CONCAT_WS: a part that is too large must make the whole line NULL.
    fields = f", {_TAB}, ".join(_line_field(carried, longest) for carried in columns)
    return f"CONCAT({fields or _EMPTY}, {_EMPTY})"


class LongValues:
    """Escapes the texts that the expression of a line left alone, because REPLACE may be quadratic.

    MariaDB 10.11 takes 7 s for the 20,000 line ends of one megabyte. Such values are hexadecimal in the line.
    """

    def __init__(self, schema: TableSchema, rules: Rules, longest: int) -> None:
        self._converters = {
            place: _raw_converter(carried)
            for place, carried in enumerate(carried_columns(schema, rules))
            if _may_be_longer(carried, longest)
        }

    def __bool__(self) -> bool:
        """Tell whether the table has any column that can hold such values."""
        return bool(self._converters)

    def escaped(self, line: bytes) -> bytes:
        """Return a line as COPY wants it."""
        if _HEX_MARK not in line:
            return line
        fields = line.split(b"\t")
        for place, convert in self._converters.items():
            if fields[place].startswith(_HEX_MARK):
                fields[place] = convert(bytes.fromhex(fields[place][len(_HEX_MARK) :].decode("ascii")))
        return b"\t".join(fields)


def copy_field_expressions(schema: TableSchema, rules: Rules) -> tuple[CopyField, ...]:
    """Return what to select for rows that are read field by field, in the order of ``copy_columns``.

    The session must be as for ``copy_line_expression``. A NULL that is read is ``\\N`` in the line.
    """
    return tuple(map(_copy_field, carried_columns(schema, rules)))


def copy_line(fields: tuple[CopyField, ...], values: tuple[bytes | None, ...]) -> bytes:
    """Join the values that were read field by field to a line of COPY without its newline."""
    return b"\t".join(
        NULL if value is None else field.convert(value) for field, value in zip(fields, values, strict=True)
    )


def repaired_line(line: bytes) -> bytes:
    """Make a line that PostgreSQL refuses as invalid UTF-8 loadable: each bad sequence becomes U+FFFD.

    MySQL hands bytes in utf8mb4 columns out as they are, also those that are no UTF-8.
    """
    return line.decode("utf-8", "replace").encode()


def copy_conversions(schema: TableSchema, rules: Rules) -> tuple[Conversion, ...]:
    """Return the conditions under which the copy changes values, so that these can be counted and shown."""
    return tuple(conversion for carried in carried_columns(schema, rules) for conversion in _conversions(carried))


def _may_be_longer(carried: CarriedColumn, longest: int) -> bool:
    """Tell whether a text that has to be escaped may have more bytes; a character has up to four."""
    kind = carried.source.type
    short = kind.base == "tinytext" or (
        kind.base in ("char", "varchar") and max(kind.arguments, default=1) * 4 <= longest
    )
    return carried.rule.escaped and carried.rule.from_raw is not None and not short


def _line_field(carried: CarriedColumn, longest: int | None = None) -> str:
    rule, column = carried.rule, quote_mysql_identifier(carried.source.name)
    text = rule.select.replace("{column}", column)
    if rule.document:
        text = _document_without_nul(text)
    if rule.escaped:
        for character, escape in _ESCAPES:
            text = f"REPLACE({text}, {mysql_bytes(character)}, {mysql_bytes(escape)})"
    parts = [_literal(rule.prefix), text, _literal(rule.suffix)]
    text = ", ".join(filter(None, parts)) if rule.prefix or rule.suffix else text
    text = f"CONCAT({text})" if rule.prefix or rule.suffix else text
    if longest is not None and _may_be_longer(carried, longest):
        raw = rule.select.replace("{column}", column)
        text = f"IF(LENGTH({column}) > {longest:d}, CONCAT({mysql_bytes(_HEX_MARK)}, HEX({raw})), {text})"
    return _with_substitutes(carried, column, text)


def _with_substitutes(carried: CarriedColumn, column: str, text: str) -> str:
    null = mysql_bytes(NULL)
    if carried.checked:
        substitute = null if carried.substitute is None else mysql_bytes(carried.substitute.encode())
        exists = carried.rule.valid_select.replace("{column}", column)
        if carried.substitute is not None and carried.source.nullable:
            return f"IF({column} IS NULL, {null}, IF({exists}, {text}, {substitute}))"
        return f"IF({exists}, {text}, {substitute})"
    # Not IFNULL of the text: that is NULL too where it would be larger than max_allowed_packet.
    return f"IF({column} IS NULL, {null}, {text})" if carried.source.nullable else text


def _document_without_nul(text: str) -> str:
    marked = f"REPLACE({text}, {_PAIR}, {_MARK})"
    cleaned = f"REPLACE(REPLACE({marked}, {_JSON_NUL}, {_EMPTY}), {_MARK}, {_PAIR})"
    return f"IF(LOCATE({_JSON_NUL}, {text}), {cleaned}, {text})"


def _literal(text: str) -> str:
    return mysql_bytes(copy_text(text)) if text else ""


def _copy_field(carried: CarriedColumn) -> CopyField:
    rule, column = carried.rule, quote_mysql_identifier(carried.source.name)
    if rule.from_raw is not None:
        select = (rule.select if rule.free_text else "CONVERT({column} USING binary)").replace("{column}", column)
        return CopyField(select, _raw_converter(carried))
    return CopyField(f"NULLIF(CONCAT({_line_field(carried)}, {_EMPTY}), {mysql_bytes(NULL)})", bytes)


def _raw_converter(carried: CarriedColumn) -> Callable[[bytes], bytes]:
    rule = carried.rule
    assert rule.from_raw is not None
    from_raw, document = rule.from_raw, rule.document

    def convert(value: bytes) -> bytes:
        text = from_raw(value)
        return copy_text(rule.prefix + (document_without_nul(text) if document else text) + rule.suffix)

    return convert


def _conversions(carried: CarriedColumn) -> list[Conversion]:
    rule, column = carried.rule, quote_mysql_identifier(carried.source.name)
    if carried.checked:
        exists = rule.valid_select.replace("{column}", column)
        condition = f"{column} IS NOT NULL AND NOT IF({exists}, TRUE, FALSE)"
        return [Conversion(carried.source.name, ChangeReason.NO_DATE, condition)]
    if rule.free_text:
        text = rule.select.replace("{column}", column)
        sought = _JSON_NUL if rule.document else mysql_bytes(b"\0")
        return [Conversion(carried.source.name, ChangeReason.NUL, f"LOCATE({sought}, {text}) > 0")]
    return []
