"""Sessions of every kind that an application may have, and the ways in which it may send a statement."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pymysql.connections import Connection
from pymysql.cursors import Cursor

from lab.servers import SourceServer
from tests.random_ddl.columns import Traits

MODES = (
    None,
    None,
    "",
    "ANSI_QUOTES",
    "NO_BACKSLASH_ESCAPES",
    "PAD_CHAR_TO_FULL_LENGTH",
    "STRICT_ALL_TABLES",
    "NO_AUTO_VALUE_ON_ZERO",
    "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE",
)
MARIADB_MODES = ("ORACLE", "EMPTY_STRING_IS_NULL", "TIME_ROUND_FRACTIONAL")
CLIENT_CHARSETS = ("utf8mb4", "utf8mb4", "utf8mb4", "latin1", "gbk", "sjis")
ZONES = (None, "+00:00", "+05:30", "-03:00", "SYSTEM")


@dataclass(frozen=True, slots=True)
class Session:
    """A connection with its settings."""

    connection: Connection[Cursor]
    mode: str
    label: str

    def execute(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()


def random_session(rng: random.Random, server: SourceServer, traits: Traits, schemas: tuple[str, ...]) -> Session:
    """Open a session whose settings nobody chose."""
    mode = rng.choice(MODES + (MARIADB_MODES if traits.mariadb else ()))
    charset = rng.choice(CLIENT_CHARSETS)
    zone = rng.choice(ZONES)
    schema = rng.choice((None, *schemas))
    connection = server.connect(schema, charset=charset)
    settings = ["lock_wait_timeout = 20", f"foreign_key_checks = {rng.randint(0, 1)}"]
    if mode is not None:
        settings.append(f"sql_mode = '{mode}'")
    if zone is not None:
        settings.append(f"time_zone = '{zone}'")
    session = Session(connection, mode or "", f"[{schema} {charset} {', '.join(settings)}]")
    session.execute(f"set session {', '.join(settings)}")
    return session


def send(rng: random.Random, session: Session, statement: str, traits: Traits) -> str:
    """Send a statement in one of the ways there are; return what was sent."""
    written = dressed(rng, statement, session.mode, traits)
    way = rng.random()
    if way < 0.08:
        literal = "'" + written.replace("'", "''") + "'"
        if "\\" in written or "ORACLE" in session.mode:
            session.execute(written)
        elif traits.mariadb and way < 0.04:
            session.execute(f"execute immediate {literal}")
        else:
            session.execute(f"prepare prepared from {literal}")
            session.execute("execute prepared")
    elif way < 0.12 and session.mode != "ORACLE":
        session.execute("drop procedure if exists rnd_out.changes")
        session.execute(f"create procedure rnd_out.changes() begin {written}; end")
        session.execute("call rnd_out.changes()")
    elif way < 0.18:
        session.execute("begin")
        session.execute(written)
        session.execute("commit")
    else:
        session.execute(written)
    return written


def dressed(rng: random.Random, statement: str, mode: str, traits: Traits) -> str:
    """Put comments, line breaks and other letters where they mean nothing."""
    if "ANSI_QUOTES" in mode and '"' not in statement and rng.random() < 0.7:
        statement = statement.replace("`", '"')
    if rng.random() < 0.15:
        return rng.choice((
            f"/* a ; comment ' */ {statement}",
            f"{statement} -- the end",
            f"-- it's first\n{statement}",
            f"{statement}\n# last",
            f"/*!40000 {statement} */",
            f"  \n\t{statement} ;",
            f"/*M!100100 {statement} */" if traits.mariadb else f"/*!50001 {statement} */",
            f"set statement max_statement_time = 60 for {statement}" if traits.mariadb else f"{statement} ;",
            statement.replace(" table ", "/**/table\n", 1),
            statement.replace(" table ", " /*!32302 table*/ ", 1),
            statement.replace(", ", " /* , ' */ ,\n", 1),
        ))  # fmt: skip
    return statement
