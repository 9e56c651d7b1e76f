"""What the tracker has to know of a source server to do as it does."""

from __future__ import annotations

from dataclasses import dataclass

from pg_chameleon.model.server import ServerVersion


@dataclass(frozen=True, slots=True)
class ServerTraits:
    """The product, its version and those of its settings that decide what a DDL statement means.

    ``explicit_defaults_for_timestamp`` is None where the server's setting is not known: its default is taken.
    """

    version: ServerVersion
    charset: str
    collation: str
    lower_case_table_names: int = 0
    explicit_defaults_for_timestamp: bool | None = None
    default_engine: str = "InnoDB"

    @property
    def mariadb(self) -> bool:
        """Tell whether it is a MariaDB."""
        return self.version.is_mariadb

    def folded(self, name: str) -> str:
        """Return the form of a name of a table or a schema under which the server finds it."""
        return name.lower() if self.lower_case_table_names else name

    @property
    def shows_widths(self) -> bool:
        """Tell whether integer types carry a display width: int(11)."""
        return not self.version.mysql_since(8, 0, 19)

    @property
    def names_utf8mb3(self) -> bool:
        """Tell whether utf8 is shown as utf8mb3."""
        return self.version.since(mysql=(8, 0, 29), mariadb=(10, 6))

    @property
    def has_checks(self) -> bool:
        """Tell whether CHECK constraints are kept; older servers read and forget them."""
        return self.version.since(mysql=(8, 0, 16), mariadb=(10, 2, 1))

    @property
    def keeps_inline_references(self) -> bool:
        """Tell whether REFERENCES of a column makes a foreign key; older servers read and forget it."""
        return self.version.since(mysql=(9, 0), mariadb=(10, 5))

    @property
    def max_innodb_key_bytes(self) -> int:
        """The most bytes of a column that InnoDB puts into an index, with default settings."""
        return 3072 if self.version.since(mysql=(5, 7, 7), mariadb=(10, 2, 2)) else 767

    @property
    def fills_keys(self) -> bool:
        """Tell whether a column that its primary key makes NOT NULL gets the zero of its type for a default."""
        return not self.version.since(mysql=(5, 7), mariadb=(10, 1))

    @property
    def keeps_descending_keys(self) -> bool:
        """Tell whether DESC of a key is kept; older servers read and forget it."""
        return self.version.since(mysql=(8, 0, 1), mariadb=(10, 8))

    @property
    def explicit_timestamps(self) -> bool:
        """Tell whether a TIMESTAMP is like any other type, without defaults of its own."""
        if self.explicit_defaults_for_timestamp is not None:
            return self.explicit_defaults_for_timestamp
        return self.version.since(mysql=(8, 0, 2), mariadb=(10, 10))
