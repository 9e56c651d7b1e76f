"""What the catalogue is made of: column types, each with its edge values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lab.compare import Policy
from lab.servers import SourceServer

Version = tuple[int, ...]
ALL: Mapping[str, Version] = {"mysql": (), "mariadb": ()}


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the source's SQL writes it.

    ``policy``: why the target's value is another one; ``shown`` is what the target shows then.
    ``products``: only these can store it. ``ambiguous``: its text is that of another value, so that it is no key.
    """

    sql: str
    policy: Policy | None = None
    shown: str | None = None
    products: frozenset[str] = frozenset(ALL)
    ambiguous: bool = False

    @property
    def fits_key(self) -> bool:
        """Tell whether a row can be found by the value. One that is changed could become the key of another row."""
        return not self.ambiguous and (self.policy is None or self.sql.startswith("'0000-00-00"))


@dataclass(frozen=True, slots=True)
class Kind:
    """A column type with its edge values.

    ``definition`` is that of the column ``v``, without NULL. ``key`` is the part of a primary key that it may be:
    ``v``, a prefix such as ``v(20)``, or nothing. ``required`` is what stands in the place of NOT NULL. ``filled`` is
    another column that takes the values, with the rest of its definition, where ``v`` is generated from it.
    ``settings`` are statements before its tables are made and filled, ``undo`` those after that.
    ``since``: the products that have the type, from which version on. ``refused``: those whose binlog does not hold
    what is needed of updates, so that the replica must take the table out.
    """

    name: str
    definition: str
    values: tuple[Value, ...]
    key: str = ""
    required: str = "not null"
    filled: tuple[str, str] | None = None
    settings: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    since: Mapping[str, Version] = field(default_factory=lambda: ALL)
    refused: Mapping[str, Version] = field(default_factory=dict)

    @property
    def filled_name(self) -> str:
        return self.filled[0] if self.filled else "v"

    def exists_on(self, server: SourceServer) -> bool:
        return _has(self.since, server)

    def on(self, server: SourceServer) -> Kind:
        """Return the kind with the values that a server can store; ``refused`` is empty if it is not there."""
        return replace(
            self,
            values=tuple(value for value in self.values if server.product in value.products),
            refused=self.refused if _has(self.refused, server) else {},
        )


def _has(versions: Mapping[str, Version], server: SourceServer) -> bool:
    since = versions.get(server.product)
    return since is not None and server.version >= since


def plain(*values: object) -> tuple[Value, ...]:
    """Values that are carried over as they are."""
    return tuple(Value(str(value)) for value in values)


def quoted(*values: str) -> tuple[Value, ...]:
    """Values in simple quotes."""
    return tuple(Value(f"'{value}'") for value in values)


def text(*values: str) -> tuple[Value, ...]:
    """Texts, written by their bytes so that no quoting has a say."""
    return tuple(Value(text_sql(value)) for value in values)


def text_sql(value: str) -> str:
    return f"convert(x'{value.encode().hex()}' using utf8mb4)"


def octets(*values: bytes) -> tuple[Value, ...]:
    """Bytes, which a text column takes as they are."""
    return tuple(Value(f"x'{value.hex()}'") for value in values)


def kinds(definitions: Iterable[str], values: tuple[Value, ...], **properties: str) -> tuple[Kind, ...]:
    """Make kinds with the same values, which may all be keys."""
    return tuple(Kind(each, each, values, **{"key": "v", **properties}) for each in definitions)  # type: ignore[arg-type]
