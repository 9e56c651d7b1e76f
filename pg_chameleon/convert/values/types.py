"""The one table of rules: what a MySQL type becomes, and how the copy and the stream write its values.

Both ways end in the same text, which PostgreSQL reads as a value of its type; the reasons are in
``docs/types.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pg_chameleon.convert.rules import Rules, UnknownType
from pg_chameleon.convert.values.copy_format import has_escapes
from pg_chameleon.convert.values.encodings import (
    PLAIN,
    Bits,
    DateCheck,
    Encoding,
    EnumLabel,
    Float,
    Geometry,
    Hex,
    ServerFloat,
    SetLabels,
    Text,
    Vector,
)
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.model.source.charsets import UTF8, WITH_SURROGATES
from pg_chameleon.model.source.types import BLOBS, CHARACTER_STRINGS, GEOMETRIES, INTEGER_BITS, TEXTS, ColumnType

# https://www.postgresql.org/docs/current/datatype-enum.html: a label is kept as a name is.
_LABEL_BYTES = 63
_INTEGERS = {
    "tinyint": ("smallint", "smallint"),
    "smallint": ("smallint", "integer"),
    "mediumint": ("integer", "integer"),
    "int": ("integer", "bigint"),
    "bigint": ("bigint", "numeric(20)"),
}
_YEARS = (0, 2155)
# Types to which all texts of a number are the same number
_FLOAT_TARGETS = {
    "float": frozenset({"real", "float4"}),
    "double": frozenset({"real", "float4", "double precision", "float8", "float"}),
}
_TEXT_TARGETS = frozenset(
    {"text", "varchar", "character varying", "char", "character", "citext", "json", "jsonb", "xml"}
)
_NUMBER_TARGETS = frozenset({"smallint", "integer", "int", "bigint", "numeric", "decimal", "real", "double precision"})


@dataclass(frozen=True, slots=True)
class TypeRule:
    """How the values of one column are carried over.

    ``target``: the PostgreSQL type, empty for an enum of its own, which has ``labels``.
    ``select``: the SQL expression of MySQL that gives the text; ``{column}`` stands for the column.
    It is empty where MySQL cannot write the text exactly.
    ``converted``: in it MySQL converts characters to UTF-8; otherwise it hands the stored bytes out.
    ``encode`` gives the same text of the stream's value.
    ``prefix`` and ``suffix`` stand around the text of every value.
    ``dates``: how dates that do not exist are found.
    ``raw_select``: the SQL expression for the bytes of which ``encode`` makes the text where ``select`` gives too much,
    or nothing.
    """

    target: str
    select: str = "{column}"
    encode: Encoding = PLAIN
    converted: bool = False
    prefix: str = ""
    suffix: str = ""
    dates: DateCheck | None = None
    labels: tuple[str, ...] = ()
    raw_select: str = "CONVERT({column} USING binary)"

    @property
    def free_text(self) -> bool:
        """Tell whether the text is any string."""
        return isinstance(self.encode, Text)

    @property
    def document(self) -> bool:
        """Tell whether the text is JSON."""
        return isinstance(self.encode, Text) and self.encode.document

    @property
    def escaped(self) -> bool:
        """Tell whether the text of ``select`` can hold what COPY must see escaped."""
        match self.encode:
            case EnumLabel(members) | SetLabels(members):
                return any(map(has_escapes, members))
        return self.free_text


def type_rule(schema: TableSchema, column: Column, rules: Rules) -> TypeRule:
    """Return the rule of a column; raise ``UnknownType`` where there is none."""
    found = _RULES.get(column.type.base)
    if found is None:
        raise UnknownType(
            f"column {column.name} has the type {column.column_type}, for which there is no rule",
            table=schema.name,
            advice="Exclude the table with skip_tables, or change the column's type",
        )
    rule = found if isinstance(found, TypeRule) else found(column)
    if rule.target == "geometry" and not rules.postgis:
        rule = replace(rule, target="bytea", prefix="\\x")
    if rules.server.is_mariadb and isinstance(rule.encode, Float):
        # MariaDB can store -0, but it shows 0 everywhere, and so does the copy.
        rule = replace(rule, encode=Float(plain_zero=True))
    target = rules.override(schema.name, column)
    if target is not None:
        return _overridden(rule, column, target)
    return replace(rule, target="bigint") if _is_wide_reference(schema, column) else rule


def is_text_target(target: str) -> bool:
    """Tell whether a PostgreSQL type holds any text."""
    return _bare(target) in _TEXT_TARGETS


def integer_target(kind: ColumnType) -> str:
    """Return the PostgreSQL type that holds every value of an integer type."""
    return _INTEGERS[kind.base][kind.unsigned]


def integer_limits(kind: ColumnType) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer type, or of a year."""
    if kind.base == "year":
        return _YEARS
    bits = INTEGER_BITS[kind.base]
    return (0, 2**bits - 1) if kind.unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _bare(target: str) -> str:
    return target.lower().partition("(")[0].strip()


def _is_wide_reference(schema: TableSchema, column: Column) -> bool:
    """Tell whether an unsigned bigint numbers rows, of this table or of one that it refers to.

    An identity cannot be numeric, and a foreign key cannot lead from a numeric column to a bigint one.
    """
    if column.type.base != "bigint" or not column.type.unsigned:
        return False
    references = {name.casefold() for key in schema.foreign_keys for name in key.columns}
    return column.auto_increment or column.name.casefold() in references


def _overridden(rule: TypeRule, column: Column, target: str) -> TypeRule:
    """Write the text so that the type which the user chose can read it."""
    name = _bare(target)
    if rule.target == "bytea" and name == "uuid":
        return replace(rule, target=target, prefix="")
    if rule.target == "bytea" and is_text_target(target):
        return replace(_LONG_TEXT, target=target, select=_UNCONVERTED, converted=False)
    if column.type.base == "bit" and name in _NUMBER_TARGETS:
        return TypeRule(target, "({column} + 0)")
    if isinstance(rule.encode, Float) and name not in _FLOAT_TARGETS[column.type.base]:
        return _exact_float(rule, rule.encode, column, target)
    if is_text_target(target):
        # As text, the digits of a geometry are all that counts.
        select = f"LOWER({rule.select})" if rule.target == "geometry" else rule.select
        return replace(rule, target=target, select=select, labels=(), dates=None)
    return replace(rule, target=target, labels=())


def _integer(column: Column) -> TypeRule:
    return TypeRule(integer_target(column.type), _unpadded(column))


def _unpadded(column: Column) -> str:
    return "({column} + 0)" if column.type.zerofill else "{column}"


def _decimal(column: Column) -> TypeRule:
    precision, scale = column.type.precision
    return TypeRule(f"numeric({precision},{scale})", _unpadded(column))


def _double(column: Column) -> TypeRule:
    """Let MySQL show all digits; it cuts a product, but not a column, to 22 characters, which may cost the last one."""
    if column.type.arguments:
        exact = "IF({column} < 0, CONCAT('-', {column} * -1e0), CONCAT({column} * 1e0))"
    elif column.type.zerofill:
        exact = "IF({column} = 0, CONCAT({column} * 1e0), CONCAT({column}))"  # not 000-0
    else:
        exact = "{column}"
    return TypeRule("double precision", exact, Float())


def _exact_float(rule: TypeRule, usual: Float, column: Column, target: str) -> TypeRule:
    """Write a floating number for a type that keeps each digit, or the text itself.

    Versions of the servers differ in the form and, in products, in the last digit; so the copy reads the number too.
    """
    return TypeRule(
        target,
        select="",
        encode=ServerFloat(usual.plain_zero, single=column.type.base == "float"),
        raw_select=f"CONVERT({rule.select} USING binary)",
    )


def _bit(column: Column) -> TypeRule:
    width = column.type.length
    return TypeRule(f"bit({width})", f"LPAD(BIN({{column}} + 0), {width}, '0')", Bits(width))


# Bytes, because REPLACE is several times faster on them. Not CAST AS BINARY: MariaDB gives NULL for what is then
# larger than max_allowed_packet.
_UNCONVERTED = "CONVERT({column} USING binary)"
_CONVERTED = "CONVERT(CONVERT({column} USING utf8mb4) USING binary)"
_CONVERTED_TWICE = _CONVERTED.replace("{column}", "CONVERT({column} USING utf16)")
_LONG_TEXT = TypeRule("text", _CONVERTED, Text(), converted=True)


def _of_characters(column: Column, rule: TypeRule) -> TypeRule:
    """Let MySQL write the characters of a column as UTF-8."""
    if column.charset in UTF8:
        return replace(rule, select=_UNCONVERTED, converted=False)
    select = _CONVERTED_TWICE if column.charset in WITH_SURROGATES else _CONVERTED
    return replace(rule, select=select, converted=True)


def _long_text(column: Column) -> TypeRule:
    return _of_characters(column, _LONG_TEXT)


def _varchar(column: Column) -> TypeRule:
    length = column.type.length
    return replace(_long_text(column), target=f"varchar({length})" if length else "text")


_BYTES = TypeRule("bytea", "HEX({column})", Hex(), prefix="\\x")


def _fixed_bytes(column: Column) -> TypeRule:
    return replace(_BYTES, encode=Hex(column.type.length))


def _datetime(column: Column) -> TypeRule:
    return TypeRule(f"timestamp({column.type.fraction})", dates=DateCheck.DATETIME)


def _timestamp(column: Column) -> TypeRule:
    return TypeRule(f"timestamptz({column.type.fraction})", suffix="+00", dates=DateCheck.TIMESTAMP)


def _time(column: Column) -> TypeRule:
    return TypeRule(f"interval({column.type.fraction})")


def _enum(column: Column) -> TypeRule:
    members = column.type.members
    labels = tuple(dict.fromkeys(("", *(member.replace("\0", "") for member in members))))
    fits = all(len(label.encode()) <= _LABEL_BYTES for label in labels)
    encode = EnumLabel(members)
    rule = TypeRule("", encode=encode, labels=labels) if fits else TypeRule("text", encode=encode)
    return _of_characters(column, rule)


def _set(column: Column) -> TypeRule:
    return _of_characters(column, TypeRule("text", encode=SetLabels(column.type.members)))


# Stored are four bytes of SRID, then WKB: byte order, four bytes of type, content. EWKB has the SRID after
# the type, and a flag for it in the type's last byte. (https://postgis.net/docs/ST_AsEWKB.html)
_EWKB = (
    "IF(HEX({column}) LIKE '00000000%', SUBSTR(HEX({column}), 9), CONCAT(SUBSTR(HEX({column}), 9, 8), '20', "
    "SUBSTR(HEX({column}), 1, 8), SUBSTR(HEX({column}), 19)))"
)

_RULES: dict[str, TypeRule | Callable[[Column], TypeRule]] = {
    **dict.fromkeys(_INTEGERS, _integer),
    **dict.fromkeys(("decimal", "numeric"), _decimal),
    # MySQL shows six digits of a float, all of a double such as this product. (+ 0e0 would lose -0.)
    "float": TypeRule("real", "({column} * 1e0)", Float()),
    "double": _double,
    "bit": _bit,
    "year": TypeRule("smallint", "({column} + 0)"),
    **dict.fromkeys(CHARACTER_STRINGS, _varchar),
    **dict.fromkeys(TEXTS, _long_text),
    "binary": _fixed_bytes,
    **dict.fromkeys(BLOBS | {"varbinary"}, _BYTES),
    "date": TypeRule("date", dates=DateCheck.DATE),
    "datetime": _datetime,
    "timestamp": _timestamp,
    "time": _time,
    "enum": _enum,
    "set": _set,
    "json": replace(_LONG_TEXT, target="jsonb", encode=Text(document=True)),
    **dict.fromkeys(GEOMETRIES, TypeRule("geometry", _EWKB, Geometry())),
    # What VECTOR_TO_STRING shows is rounded to six digits, so the numbers are read from the bytes.
    "vector": TypeRule("real[]", "", Vector()),
    # As text, or MariaDB would read the mark of NULL that stands beside it as a value of the type too.
    "uuid": TypeRule("uuid", "CONCAT({column})"),
    **dict.fromkeys(("inet4", "inet6"), TypeRule("inet", "CONCAT({column})")),
}
