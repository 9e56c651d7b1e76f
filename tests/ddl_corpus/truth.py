"""Read the corpus, and compare its structures with tracked ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pg_chameleon.ddl.effect.draft import is_hidden
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, Default, ForeignKey, Generated, Index, IndexPart, TableSchema

DEFAULT_PATH = Path(__file__).parents[2].parent / "shared" / "corpora" / "ddl"

Structure = dict[str, Any]
_COLLATION = 7  # where a column of a live sequence has its collation
NUMERIC = ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def without_hidden(schema: TableSchema) -> TableSchema:
    """Leave out the columns that information_schema does not show, from the keys too."""
    hidden = {column.name for column in schema.columns if is_hidden(column)}
    if not hidden:
        return schema
    indexes = tuple(
        replace(index, parts=tuple(part for part in index.parts if part.column not in hidden))
        for index in schema.indexes
    )
    columns = tuple(column for column in schema.columns if column.name not in hidden)
    return replace(schema, columns=columns, indexes=indexes)


COMPRESSED = " /*M!100301 COMPRESSED*/"
_SPATIAL_PREFIX = 32  # what servers show for the parts of a spatial index


def shown_columns(schema: TableSchema) -> list[tuple[str, str, int]]:
    """Return what must be right of a tracked structure's columns: name, type and nullability."""
    return [(each.name, _shown_type(each), int(each.nullable)) for each in schema.columns]


def _shown_type(column: Column) -> str:
    """Return the type as the server shows it; a JSON column with a charset is MariaDB's longtext."""
    base = "longtext" if column.column_type == "json" and column.charset else column.column_type
    return base + (COMPRESSED if column.compressed else "")


def true_columns(structure: Structure) -> list[tuple[str, str, int]]:
    """Return the same of a structure of the corpus."""
    return [(name, column_type, nullable) for name, column_type, nullable, *_ in structure["cols"]]


def primary_key(schema: TableSchema) -> list[Any]:
    """Return the parts of the primary key."""
    key = schema.primary_key
    return _parts(key) if key else []


def true_primary_key(structure: Structure) -> list[Any]:
    """Return the parts of the primary key in the corpus."""
    return list(structure["idx"].get("PRIMARY", [0, "", []])[2])


def _parts(index: Index) -> list[Any]:
    if index.kind == "spatial":
        return [[part.column, _SPATIAL_PREFIX] for part in index.parts]
    return [[part.column, part.prefix] if part.prefix is not None else part.column for part in index.parts]


def is_right(schema: TableSchema, structure: Structure) -> bool:
    """Tell whether columns and primary key agree."""
    schema = without_hidden(schema)
    return shown_columns(schema) == true_columns(structure) and primary_key(schema) == true_primary_key(structure)


def differing_details(schema: TableSchema, structure: Structure) -> set[str]:
    """Return which of the lesser properties differ: defaults, charset, indexes, extra, engine."""
    found = set()
    schema = without_hidden(schema)
    truth = structure["cols"]
    if any(_default(ours) != _true_default(column) for ours, column in zip(schema.columns, truth, strict=False)):
        found.add("defaults")
    if any(len(c) > _COLLATION and c[_COLLATION] != o.collation for c, o in zip(truth, schema.columns, strict=False)):
        found.add("charset")
    if [column.charset for column in schema.columns] != [_true_charset(column) for column in truth]:
        found.add("charset")
    if schema.collation != structure["coll"]:
        found.add("charset")
    shown = {index.name: [int(index.unique), index.kind.upper(), _parts(index)] for index in schema.indexes}
    if shown != structure["idx"]:
        found.add("indexes")
    if [_extra(column) for column in schema.columns] != [column[4] for column in truth]:
        found.add("extra")
    if schema.engine.casefold() != structure["engine"].casefold():
        found.add("engine")
    if "fk" in structure and _foreign_keys(schema) != structure["fk"]:
        found.add("foreign keys")
    return found


def serious_details(schema: TableSchema, structure: Structure) -> list[str]:
    """Return which defaults and charsets are wrong where the corpus is exact.

    It is not for expressions, which the server writes in its own words, nor for literals of MariaDB's compressed
    columns (``''`` for none, 5 for ``'5'``).
    """
    found = []
    schema = without_hidden(schema)
    for ours, truth in zip(schema.columns, structure["cols"], strict=False):
        if not ours.compressed and _comparable(_default(ours)) != _comparable(_true_default(truth)):
            found.append(f"{ours.name} has the default {_default(ours)}, truth {_true_default(truth)}")
        if ours.charset != _true_charset(truth):
            found.append(f"{ours.name} has the charset {ours.charset}, truth {_true_charset(truth)}")
    return found


def exact(structure: TableSchema, tracked: TableSchema) -> TableSchema:
    """Complete a structure of the corpus by what it does not tell: comments, expressions, DESC, JSON."""
    columns = []
    for column in structure.columns:
        known = tracked.column(column.name)
        columns.append(column if known is None else _completed(column, known))
    columns += [column for column in tracked.columns if is_hidden(column)]
    ours = {index.name: index for index in tracked.indexes}
    indexes = [
        _with_directions(index, ours[index.name]) if index.name in ours else index for index in structure.indexes
    ]
    return replace(structure, columns=tuple(columns), indexes=tuple(indexes), comment=tracked.comment)


def _with_directions(index: Index, ours: Index) -> Index:
    descending = {part.column for part in ours.parts if part.descending}
    parts = tuple(part._replace(descending=part.column in descending) for part in index.parts)
    return replace(index, parts=parts, comment=ours.comment)


def _completed(column: Column, ours: Column) -> Column:
    default, generated = column.default, column.generated
    is_expression = default is not None and ours.default is not None and not ours.default.literal
    if is_expression or ours.compressed:  # see above
        default = ours.default
    if generated is not None and ours.generated is not None:
        generated = generated._replace(expression=ours.generated.expression)
    json = ours.column_type == "json" and column.column_type == "longtext"
    shown = replace(column, column_type="json") if json else column
    return replace(
        shown, default=default, generated=generated, comment=ours.comment, srid=ours.srid, on_update=ours.on_update
    )


def _comparable(default: str | None) -> str | None:
    """Return a literal as it is, and what may be any expression as such."""
    if default == "'0x'":  # MySQL shows zero bytes so
        return "''"
    is_literal = default is None or re.fullmatch(r"'.*'|-?[\d.]+(e[-+]?\d+)?|b'[01]*'", default, re.S)
    return default if is_literal else "an expression"


def _foreign_keys(schema: TableSchema) -> dict[str, Any]:
    return {key.name: [list(key.columns), *key.referenced, list(key.referenced_columns)] for key in schema.foreign_keys}


def _true_charset(column: list[Any]) -> str | None:
    charset: str | None = column[5]
    return charset


def _true_default(column: list[Any]) -> str | None:
    return None if column[3] == "NULL" else column[3]


def _default(column: Column) -> str | None:
    if column.default is None:
        return None
    if not column.default.literal or column.type.base in NUMERIC:
        return column.default.text
    text = column.default.text
    for plain, shown in (("\\", "\\\\"), ("'", "''"), ("\n", "\\n"), ("\0", "\\0"), ("\r", "\\r")):
        text = text.replace(plain, shown)
    return f"'{text}'"


def _extra(column: Column) -> str:
    words = []
    if column.auto_increment:
        words.append("auto_increment")
    if column.on_update:
        words.append(f"on update {column.on_update}")
    if column.generated:
        words.append("STORED GENERATED" if column.generated.stored else "VIRTUAL GENERATED")
    if column.invisible:
        words.append("INVISIBLE")
    return ", ".join(words)


def table_name(text: str) -> TableName:
    """Split ``db.table``."""
    return TableName.parse(text)


def schema_of(name: TableName, structure: Structure) -> TableSchema:
    """Build the tracked structure that a structure of the corpus shows."""
    charset = structure["coll"].partition("_")[0]
    return TableSchema(
        name=name,
        columns=tuple(_column(column) for column in structure["cols"]),
        indexes=tuple(
            Index(index, tuple(_index_part(part, kind) for part in parts), bool(unique), kind.lower())
            for index, (unique, kind, parts) in structure["idx"].items()
        ),
        foreign_keys=tuple(_foreign_key(key, truth) for key, truth in structure.get("fk", {}).items()),
        engine=structure["engine"],
        charset=charset,
        collation=structure["coll"],
    )


def _foreign_key(name: str, truth: list[Any]) -> ForeignKey:
    columns, schema, table, referenced = truth
    return ForeignKey(name, tuple(columns), TableName(schema, table), tuple(referenced))


def _index_part(part: Any, kind: str) -> IndexPart:
    if isinstance(part, list):
        return IndexPart(part[0]) if kind == "SPATIAL" else IndexPart(*part)
    return IndexPart(part)


def _column(column: list[Any]) -> Column:
    name, column_type, nullable, default, extra, charset, expression, *collation = column
    update = re.search(r"on update (\S+)", extra)
    return Column(
        name=name,
        column_type=column_type.replace(COMPRESSED, ""),
        nullable=bool(nullable),
        default=_default_of(default),
        auto_increment="auto_increment" in extra,
        on_update=update.group(1) if update else None,
        generated=Generated(expression, "STORED" in extra) if expression else None,
        invisible="INVISIBLE" in extra,
        charset=charset,
        collation=collation[0] if collation else None,
        compressed="COMPRESSED" in column_type,
    )


def _default_of(text: str | None) -> Default | None:
    if text is None or text == "NULL":
        return None
    if text.startswith("'"):
        unescaped = re.sub(r"\\(.)|''", _unescape, text[1:-1], flags=re.S)
        return Default(unescaped, True)
    return Default(text, bool(re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", text)))


def _unescape(match: re.Match[str]) -> str:
    escaped = match.group(1)
    return "'" if escaped is None else {"n": "\n", "r": "\r", "0": "\0"}.get(escaped, escaped)
