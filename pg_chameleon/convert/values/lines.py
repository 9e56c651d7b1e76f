"""The first copy: MySQL itself writes the lines that PostgreSQL's COPY reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pg_chameleon.convert.expressions.quoting import mysql_bytes
from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.values.carried import CarriedColumn, carried_columns
from pg_chameleon.convert.values.copy_format import ESCAPES, NULL, copy_text, escaped
from pg_chameleon.convert.values.encodings import DateCheck, text_of_bytes
from pg_chameleon.convert.values.marks import AMBIGUOUS_MARK, HEX_MARK, MARK, UNCONVERTED_MARK
from pg_chameleon.convert.values.types import TypeRule
from pg_chameleon.model.names import quote_mysql_identifier
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.source.charsets import LOSSLESS, REPLACEMENT_BYTES
from pg_chameleon.model.source.types import CHARACTER_STRINGS

_TAB = mysql_bytes(b"\t")
_EMPTY = mysql_bytes(b"")
_QUESTION = mysql_bytes(b"?")
_REPLACEMENT = mysql_bytes("\ufffd".encode())

# Neither the year 0 nor a day that its month does not have exists in PostgreSQL.
_EXISTING_DAY = "FROM_DAYS(TO_DAYS({column})) = DATE({column}) AND YEAR({column})"
_EXISTS = {
    DateCheck.DATE: _EXISTING_DAY,
    DateCheck.DATETIME: _EXISTING_DAY,
    DateCheck.TIMESTAMP: "{column} <> 0",
}


@dataclass(frozen=True, slots=True)
class CopyField:
    """A field of a row that is read field by field.

    ``select`` gives it as a binary string, ``convert`` makes a field of COPY from that.
    """

    select: str
    convert: Callable[[bytes], bytes]


def copy_columns(schema: TableSchema, rules: Rules) -> tuple[str, ...]:
    """Return the target's columns that a line fills, in its order."""
    return tuple(carried.name for carried in carried_columns(schema, rules))


def copy_line_expression(schema: TableSchema, rules: Rules, longest: int | None = None) -> str | None:
    """Return the expression of MySQL that gives a row as a line of COPY, a binary string without newline.

    What PostgreSQL cannot hold is marked in it, and texts of more than ``longest`` bytes are not escaped, because
    REPLACE may be quadratic: MariaDB 10.11 takes 7 s for the 20,000 line ends of one megabyte. ``LineMender`` of
    ``mending`` does the rest.

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


def copy_field_expressions(schema: TableSchema, rules: Rules) -> tuple[CopyField, ...]:
    """Return what to select for rows that are read field by field, in the order of ``copy_columns``.

    The session must be as for ``copy_line_expression``. A NULL that is read is ``\\N`` in the line.
    """
    return tuple(map(_copy_field, carried_columns(schema, rules)))


def copy_line(fields: tuple[CopyField, ...], values: tuple[bytes | None, ...]) -> bytes:
    """Join the values that were read field by field to a line as MySQL writes it, for ``LineMender``."""
    return b"\t".join(
        NULL if value is None else field.convert(value) for field, value in zip(fields, values, strict=True)
    )


def may_be_longer(carried: CarriedColumn, longest: int) -> bool:
    """Tell whether a text that has to be escaped may have more bytes; a character has up to four."""
    kind = carried.source.type
    short = kind.base == "tinytext" or (
        kind.base in CHARACTER_STRINGS and max(kind.arguments, default=1) * 4 <= longest
    )
    return carried.rule.free_text and not short


def may_lose(carried: CarriedColumn) -> bool:
    """Tell whether MySQL may put question marks, or U+FFFD, in the place of what it cannot convert."""
    return carried.rule.free_text and carried.rule.converted and carried.source.charset not in LOSSLESS | {None}


def _line_field(carried: CarriedColumn, longest: int | None = None) -> str:
    rule, column = carried.rule, quote_mysql_identifier(carried.source.name)
    text = rule.select.replace("{column}", column)
    if rule.escaped:
        for character, escape in ESCAPES:
            text = f"REPLACE({text}, {mysql_bytes(character)}, {mysql_bytes(escape)})"
    parts = [_literal(rule.prefix), text, _literal(rule.suffix)]
    text = ", ".join(filter(None, parts)) if rule.prefix or rule.suffix else text
    text = f"CONCAT({text})" if rule.prefix or rule.suffix else text
    if longest is not None and may_be_longer(carried, longest):
        raw = rule.select.replace("{column}", column)
        text = f"IF(LENGTH({column}) > {longest:d}, CONCAT({mysql_bytes(HEX_MARK)}, HEX({raw})), {text})"
    if may_lose(carried):
        converted = rule.select.replace("{column}", column)
        text = _with_stored(_lost(converted, column, carried.source.charset or ""), column, text)
    return _with_marks(carried, column, text)


def _with_stored(lost: str, column: str, text: str) -> str:
    """Let a text begin with the bytes that are stored, if the condition holds that it has not all of them."""
    stored = f"CONCAT({mysql_bytes(UNCONVERTED_MARK)}, HEX({column}), {mysql_bytes(b' ')}, {text})"
    return f"IF({lost}, {stored}, {text})"


def _lost(converted: str, column: str, charset: str) -> str:
    """Return the condition that a converted text has more substitutes than the stored one has characters like them."""
    question = _has_more(converted, _QUESTION, column, "'?'")
    own_bytes = REPLACEMENT_BYTES.get(charset)
    if own_bytes is None:
        return question
    own = f"_{charset} X'{own_bytes.hex().upper()}'"
    return f"({question} OR {_has_more(converted, _REPLACEMENT, column, own)})"


def _has_more(converted: str, substitute: str, column: str, own_character: str) -> str:
    made = f"LENGTH({converted}) - LENGTH(REPLACE({converted}, {substitute}, {_EMPTY}))"
    own = f"CHAR_LENGTH({column}) - CHAR_LENGTH(REPLACE({column}, {own_character}, ''))"
    return f"(LOCATE({substitute}, {converted}) AND {made} > LENGTH({substitute}) * ({own}))"


def _with_marks(carried: CarriedColumn, column: str, text: str) -> str:
    null = mysql_bytes(NULL)
    if carried.ambiguous is not None:
        condition = carried.ambiguous.condition.replace("{column}", column)
        text = f"IF({condition}, CONCAT({mysql_bytes(AMBIGUOUS_MARK)}, {text}), {text})"
    if carried.checked and carried.rule.dates is not None:
        exists = _EXISTS[carried.rule.dates].replace("{column}", column)
        return f"IF({exists}, {text}, IFNULL(CONCAT({mysql_bytes(MARK)}, {column}), {null}))"
    # Not IFNULL of the text: that is NULL too where it would be larger than max_allowed_packet.
    return f"IF({column} IS NULL, {null}, {text})" if carried.source.nullable else text


def _literal(text: str) -> str:
    return mysql_bytes(copy_text(text)) if text else ""


def _copy_field(carried: CarriedColumn) -> CopyField:
    rule, column = carried.rule, quote_mysql_identifier(carried.source.name)
    if rule.free_text:
        return CopyField(rule.select.replace("{column}", column), escaped)
    text = text_of_bytes(rule.encode)
    if text is not None:
        return CopyField(rule.raw_select.replace("{column}", column), _raw_converter(rule, text))
    return CopyField(f"NULLIF(CONCAT({_line_field(carried)}, {_EMPTY}), {mysql_bytes(NULL)})", bytes)


def _raw_converter(rule: TypeRule, text: Callable[[bytes], str]) -> Callable[[bytes], bytes]:
    return lambda value: copy_text(rule.prefix + text(value) + rule.suffix)
