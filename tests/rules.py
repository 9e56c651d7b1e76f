"""Rules for tests that do not ask a server what it is."""

from typing import Any

from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.server import ServerVersion

MYSQL = "8.4.0"
MARIADB = "10.11.6-MariaDB"


def some_rules(server: str = MYSQL, **choices: Any) -> Rules:
    """Return the rules of a source that shows this version; ``choices`` are those of the user and the target."""
    return Rules(ServerVersion.parse(server), **choices)
