"""Views, triggers and routines of a source: through them a statement changes tables that it does not name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pg_chameleon.ddl.doubt.mentions import mentioned_tables
from pg_chameleon.model.names import TableName


@dataclass(frozen=True, slots=True)
class Program:
    """What is done where ``name`` is used: that of a view, of a routine, or of the table of a trigger.

    ``definition`` is None if the user of the replica may not see it.
    """

    name: TableName
    definition: str | None


def reached(names: Iterable[TableName], programs: Iterable[Program], *, mariadb: bool) -> frozenset[TableName] | None:
    """Return these names and all that lie behind them, without case; None if a definition is not to be seen."""
    definitions: dict[TableName, list[str | None]] = {}
    for program in programs:
        definitions.setdefault(program.name.folded, []).append(program.definition)
    found = {name.folded for name in names}
    waiting = list(found)
    while waiting:
        name = waiting.pop()
        for definition in definitions.get(name, ()):
            if definition is None:
                return None
            mentioned = {
                each.folded for each in mentioned_tables(definition, default_schema=name.schema, mariadb=mariadb)
            }
            waiting += mentioned - found
            found |= mentioned
    return frozenset(found)
