"""Character sets of MySQL and MariaDB: their default collations, and how clauses resolve to them."""

from __future__ import annotations

from typing import NamedTuple

from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.syntax.definitions import CharsetClause
from pg_chameleon.ddl.syntax.errors import UnknownCharset


class Charset(NamedTuple):
    """A character set with a collation, under the names that the server shows."""

    name: str
    collation: str


BINARY = Charset("binary", "binary")

# Default collations other than <charset>_general_ci
_DEFAULT_COLLATIONS = {
    "big5": "big5_chinese_ci", "binary": "binary", "cp932": "cp932_japanese_ci", "dec8": "dec8_swedish_ci",
    "eucjpms": "eucjpms_japanese_ci", "euckr": "euckr_korean_ci", "gb18030": "gb18030_chinese_ci",
    "gb2312": "gb2312_chinese_ci", "gbk": "gbk_chinese_ci", "hp8": "hp8_english_ci", "latin1": "latin1_swedish_ci",
    "latin5": "latin5_turkish_ci", "sjis": "sjis_japanese_ci", "swe7": "swe7_swedish_ci", "tis620": "tis620_thai_ci",
    "ujis": "ujis_japanese_ci",
}  # fmt: skip
_GENERAL = frozenset(
    [
        "armscii8",
        "ascii",
        "cp1250",
        "cp1251",
        "cp1256",
        "cp1257",
        "cp850",
        "cp852",
        "cp866",
        "geostd8",
        "greek",
        "hebrew",
        "keybcs2",
        "koi8r",
        "koi8u",
        "latin2",
        "latin7",
        "macce",
        "macroman",
        "ucs2",
        "utf16",
        "utf16le",
        "utf32",
        "utf8",
        "utf8mb3",
        "utf8mb4",
    ]
)
# MariaDB 11.5 changed character_set_collations: https://mariadb.com/kb/en/server-system-variables/
_UCA1400 = frozenset(("utf8mb3", "ucs2", "utf8mb4", "utf16", "utf32"))
_UCA1400_PREFIX = "uca1400_"


def canonical(name: str, server: ServerTraits) -> str:
    """Return a charset's name as this server shows it: utf8 is utf8mb3 to newer ones."""
    if name not in ("utf8", "utf8mb3"):
        return name
    return "utf8mb3" if server.names_utf8mb3 else "utf8"


def default_collation(name: str, server: ServerTraits) -> str | None:
    """Return a charset's default collation on this server; None if the charset is unknown."""
    if server.version.mariadb_since(11, 5) and name in _UCA1400:
        return f"{name}_uca1400_ai_ci"
    if name == "utf8mb4" and server.version.mysql_since(8, 0, 1):
        return "utf8mb4_0900_ai_ci"
    return f"{name}_general_ci" if name in _GENERAL else _DEFAULT_COLLATIONS.get(name)


def binary_collation(name: str) -> str:
    """Return the collation that the BINARY attribute stands for."""
    return "binary" if name == "binary" else f"{name}_bin"


def of_collation(collation: str, server: ServerTraits) -> Charset:
    """Return the charset of a collation that is named in full."""
    name, _, rest = collation.partition("_")
    shown = canonical(name, server)
    known = shown in _GENERAL or shown in _DEFAULT_COLLATIONS
    if not known or (rest == "" and name != "binary"):
        raise UnknownCharset(collation)
    return Charset(shown, f"{shown}_{rest}" if rest else shown)


def resolve(clause: CharsetClause | None, inherited: Charset, server: ServerTraits) -> Charset:
    """Return what a clause means where ``inherited`` is the default; raise ``UnknownCharset``."""
    if clause is None or (clause.charset is None and clause.collation is None):
        return inherited
    name, collation = clause.charset, clause.collation
    base = inherited
    if name is not None and name != "default":
        shown = canonical(name, server)
        found = default_collation(shown, server)
        if found is None:
            raise UnknownCharset(name)
        base = Charset(shown, found)
    if collation is None:
        return base
    if collation == "default":
        return Charset(base.name, default_collation(base.name, server) or base.collation)
    if collation.startswith(_UCA1400_PREFIX):
        return Charset(base.name, f"{base.name}_{collation}")
    return of_collation(collation, server)
