"""Which server a source is: its product and version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Flavour(Enum):
    """The two families of servers."""

    MYSQL = "mysql"
    MARIADB = "mariadb"


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """The flavour of a server and its version.

    >>> ServerVersion.parse("5.5.5-10.11.6-MariaDB-log").numbers
    (10, 11, 6)
    """

    flavour: Flavour
    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> ServerVersion:
        """Read ``@@version``; raise ``ValueError`` on anything else.

        MariaDB and proxies before it may put ``5.5.5-`` in front.
        """
        flavour = Flavour.MARIADB if "mariadb" in text.lower() else Flavour.MYSQL
        match = re.match(r"(?:5\.5\.5-(?=\d))?(\d+(?:\.\d+)*)", text)
        if match is None:
            raise ValueError(f"not a version of MySQL or MariaDB: {text!r}")
        return cls(flavour, tuple(map(int, match[1].split("."))))

    @property
    def is_mariadb(self) -> bool:
        """Tell whether the server is a MariaDB."""
        return self.flavour is Flavour.MARIADB

    def mysql_since(self, *numbers: int) -> bool:
        """Tell whether the server is a MySQL of at least this version."""
        return self.flavour is Flavour.MYSQL and self.numbers >= numbers

    def mariadb_since(self, *numbers: int) -> bool:
        """Tell whether the server is a MariaDB of at least this version."""
        return self.flavour is Flavour.MARIADB and self.numbers >= numbers

    def since(self, *, mysql: tuple[int, ...], mariadb: tuple[int, ...]) -> bool:
        """Tell whether the server is at least of the version given for its product."""
        return self.numbers >= (mariadb if self.is_mariadb else mysql)

    @property
    def text(self) -> str:
        """The version as ``@@version`` shows it, without what distributions add."""
        return f"{'.'.join(map(str, self.numbers))}{'-MariaDB' if self.is_mariadb else ''}"

    def __str__(self) -> str:
        name = "MariaDB" if self.is_mariadb else "MySQL"
        return f"{name} {'.'.join(map(str, self.numbers))}"
