"""Random columns: types that servers take, with defaults and attributes that fit them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

LETTERS = "abcdefgh"
CHARSETS = ("utf8mb4", "latin1", "utf8mb3", "ascii", "ucs2", "cp1251", "gbk", "sjis", "binary")
MEMBERS = ("a", "b", "c", "A", "x y", "it''s", "é", "")
GENERATED = ("`{0}` + 1", "concat(`{0}`, 'x')", "`{0}` * 2 - 1", "upper(`{0}`)", "coalesce(`{0}`, 0)")

Made = tuple[str, Callable[[random.Random], str] | None]
"""A type, and what makes literals of it; None if it takes no default."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What kind of server the statements are for."""

    mariadb: bool
    version: tuple[int, ...]

    @property
    def old(self) -> bool:
        return self.version < (5, 7)


def random_type(rng: random.Random, traits: Traits) -> Made:
    """Return a type with what makes literals of it."""
    makers: list[Callable[[random.Random], Made]] = [
        _integer,
        _integer,
        _decimal,
        _floating,
        _text,
        _text,
        _long_text,
        _bytes,
        _enum,
        _set,
        _temporal,
        _bit,
    ]
    if not traits.old:
        makers.append(_json)
    return rng.choice(makers)(rng)


def _integer(rng: random.Random) -> Made:
    base = rng.choice(("tinyint", "smallint", "mediumint", "int", "bigint", "tinyint(1)", "int(5)", "bool", "year"))
    if base == "year":
        return base, lambda chance: chance.choice(("2024", "'1999'", "0"))
    sign = rng.choice(("", "", " unsigned", " zerofill")) if base != "bool" else ""
    return base + sign, lambda chance: chance.choice(("0", "1", "7", "'5'", "100"))


def _decimal(rng: random.Random) -> Made:
    scale = rng.randint(0, 4)
    kind = f"decimal({rng.randint(scale + 1, 12)},{scale})" if rng.random() < 0.8 else "numeric"
    return kind + rng.choice(("", "", " unsigned")), lambda chance: chance.choice(("0", "1.5", "'1.25'", "1e0", ".5"))


def _floating(rng: random.Random) -> Made:
    return rng.choice(
        ("float", "double", "double unsigned", "float(7,2)", "real", "double(10,3)")
    ), lambda chance: chance.choice(("0", "1.5", "-2.5e-1", "1e4"))


def _charset(rng: random.Random) -> str:
    return f" character set {rng.choice(CHARSETS)}" if rng.random() < 0.3 else ""


def _word(chance: random.Random) -> str:
    return chance.choice(("''", "'x'", "'it''s'", "'1'", "'a b '", "'é'", "'NULL'", "'\"'"))


def _text(rng: random.Random) -> Made:
    kind = f"{rng.choice(('char', 'varchar', 'varchar'))}({rng.choice((1, 3, 5, 10, 20, 40))})"
    return kind + _charset(rng), _word


def _long_text(rng: random.Random) -> Made:
    return rng.choice(("tinytext", "text", "mediumtext", "longtext")) + _charset(rng), None


def _bytes(rng: random.Random) -> Made:
    kind = rng.choice(("binary(3)", "varbinary(4)", "varbinary(20)", "binary(8)", "blob", "tinyblob"))
    literals = None if "blob" in kind else (lambda chance: chance.choice(("''", "'ab'", "x'6101'", "0x61")))
    return kind, literals


def _members(rng: random.Random) -> list[str]:
    members: list[str] = []
    for member in rng.sample(MEMBERS, rng.randint(1, 5)):
        if member.casefold() not in {each.casefold() for each in members}:
            members.append(member)
    return members


def _enum(rng: random.Random) -> Made:
    members = _members(rng)
    written = ",".join(f"'{member}'" for member in members)
    return f"enum({written})" + _charset(rng), lambda chance: f"'{chance.choice(members)}'"


def _set(rng: random.Random) -> Made:
    members = [member for member in _members(rng) if member] or ["z"]
    written = ",".join(f"'{member}'" for member in members)
    return f"set({written})", lambda chance: f"'{','.join(chance.sample(members, chance.randint(0, len(members))))}'"


def _temporal(rng: random.Random) -> Made:
    base = rng.choice(("date", "time", "datetime", "timestamp"))
    digits = rng.choice(("", "", "(3)", "(6)", "(1)")) if base != "date" else ""
    if base == "date":
        return base, lambda chance: chance.choice(("'2024-02-29'", "'0000-00-00'", "'1999-1-2'"))
    if base == "time":
        return base + digits, lambda chance: chance.choice(("'10:11:12'", "'1230'", "'-01:02:03.5'"))
    null = rng.choice((" null", "", "")) if base == "timestamp" else ""
    return base + digits + null, lambda chance: chance.choice(
        (f"current_timestamp{digits}", f"current_timestamp{digits}", "'2020-01-02 03:04:05'", "'2020-01-02 03:04:05.6'")
    )


def _bit(rng: random.Random) -> Made:
    return f"bit({rng.choice((1, 3, 8, 20))})", lambda chance: chance.choice(("b'1'", "0", "1"))


def _json(_rng: random.Random) -> Made:
    return "json", None


def random_definition(
    rng: random.Random, traits: Traits, others: list[str], *, plain: bool = False, words: Made | None = None
) -> str:
    """Return what follows a column's name: its type and its attributes."""
    kind, literals = words or random_type(rng, traits)
    if others and not plain and not traits.old and rng.random() < 0.08 and kind not in ("timestamp", "json"):
        expression = rng.choice(GENERATED).format(rng.choice(others))
        return f"{kind} generated always as ({expression}) {rng.choice(('stored', 'virtual'))}"
    parts = [kind]
    # MariaDB puts an empty text, which is no document, where JSON may not be NULL
    if rng.random() < 0.35 and kind != "json":
        parts.append(rng.choice(("not null", "not null", "null")))
    if literals is not None and rng.random() < 0.4:
        literal = literals(rng)
        parts.append(f"default {literal}")
        if literal.startswith("current") and rng.random() < 0.5:
            parts.append(f"on update {literal}")
    elif rng.random() < 0.1 and "not null" not in parts:
        parts.append("default null")
    if rng.random() < 0.1:
        parts.append(f"comment {rng.choice(_COMMENTS)}")
    if rng.random() < 0.04:
        parts.append(rng.choice(("unique", "primary key", "unique key")))
    if rng.random() < 0.05 and not traits.old:
        parts.append(f"check (1 = 1 or `{rng.choice(others)}` > 0)" if others else "check (1 = 1)")
    return " ".join(parts)


_COMMENTS = ("'word'", "'it''s, a ) comment'", "'-- no comment'", "'/* none'", "''", "'é\"`'")
