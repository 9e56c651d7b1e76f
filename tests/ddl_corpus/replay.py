"""Run the statements of the corpus, and note what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pg_chameleon.ddl.effect.charsets import resolve
from pg_chameleon.ddl.effect.server import ServerTraits
from pg_chameleon.ddl.effect.structures import Structures
from pg_chameleon.ddl.effect.tracker import changes_by
from pg_chameleon.ddl.syntax.definitions import CharsetClause
from pg_chameleon.ddl.syntax.parser import parse
from pg_chameleon.ddl.syntax.statements import Ignored, Statement
from pg_chameleon.errors import DdlRefused
from pg_chameleon.model.change import TableAltered, TableCreated, TableDropped, TableUncertain
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.model.server import ServerVersion
from tests.ddl_corpus.live import UNVERIFIED
from tests.ddl_corpus.tally import Failure, Tally
from tests.ddl_corpus.translation import Translation
from tests.ddl_corpus.truth import (
    Structure,
    differing_details,
    is_right,
    read_lines,
    schema_of,
    serious_details,
    table_name,
)

DEFAULT_SQL_MODE = 1411383296
_COLLATIONS = {"latin1": "latin1_swedish_ci", "utf8mb4": "utf8mb4_general_ci"}
# The kind of statement that each class of the corpus must be parsed to; what is temporary or a sequence is ignored.
_KINDS = {
    "create_table": ("CreateTable", "TemporaryTable", "sequence"),
    "alter": ("AlterTable",),
    "drop_table": ("DropTable", "temporary table"),
    "rename": ("RenameTable",),
    "truncate": ("TruncateTable",),
    "create_db": ("CreateDatabase",),
    "alter_db": ("AlterDatabase", "upgrade of a database's directory"),
    "drop_db": ("DropDatabase",),
}


# Statements of sessions whose collation_connection is utf32. The corpus does not tell it; the event does, and the
# replica refuses them.
_TOLD_ONLY_BY_EVENTS = frozenset({"cfdceed9f7:138"})


def _in_utc() -> int:
    """Return the offset of the sessions in which the statements ran."""
    return 0


# What the tracker says where rows changed without events: the right answer, but no structure to compare
UNSEEN = "without row events"


def kind_of(statement: Statement) -> str:
    """Return the name of a statement's kind."""
    return statement.kind if isinstance(statement, Ignored) else type(statement).__name__


def run_statements(path: Path) -> Tally:
    """Parse every statement, and compare its kind with its class."""
    tally = Tally()
    for document in read_lines(path):
        group = f"{document['status']} {document['class']}"
        where = f"{document['source']} {document['unit']}"
        try:
            found = parse(document["stmt"], sql_mode=document.get("sql_mode", DEFAULT_SQL_MODE), default_schema="test")
        except DdlRefused as error:
            tally.note(group, "refused", where, str(error), document["stmt"])
            continue
        allowed = _KINDS.get(document["class"])
        if allowed is None or kind_of(found) in allowed:
            tally.note(group, "right")
        else:
            tally.note(group, "wrong", where, f"parsed to {kind_of(found)}", document["stmt"])
    return tally


def run_sequences(documents: Iterable[dict[str, Any]]) -> Tally:
    """Track every sequence, and compare the structures after each step."""
    tally = Tally()
    for document in documents:
        _Sequence(document, tally).run()
    return tally


def run_translations(documents: Iterable[dict[str, Any]], connection: Any, *, filled: bool) -> Tally:
    """Carry every sequence over to PostgreSQL, and compare each changed table with a new copy of it."""
    tally = Tally()
    for document in documents:
        _Sequence(document, Tally(), Translation(connection, filled=filled, tally=tally)).run()
    return tally


def server_of(document: dict[str, Any]) -> ServerTraits:
    """Return the server that made a sequence."""
    product, version = document["server"].split(" ", 1)
    charset = document["server_charset"]
    return ServerTraits(
        ServerVersion.parse(f"{version}-{product}"), charset, document.get("server_collation") or _COLLATIONS[charset]
    )


class _Sequence:
    """One sequence under way: the tracked state beside the true one."""

    def __init__(self, document: dict[str, Any], tally: Tally, translation: Translation | None = None) -> None:
        self.state = Structures(server_of(document))
        self.truth: dict[str, Structure] = {}
        self.document = document
        self.tally = tally
        self.translation = translation

    def run(self) -> None:
        for number, step in enumerate(self.document["steps"]):
            statements = step["stmt"] if isinstance(step["stmt"], list) else [step["stmt"]]
            where = f"{self.document['id']}:{number}"
            try:
                kind, changed = self._move(where, statements, step)
            except DdlRefused as error:
                self._note_refused(where, step, str(error))
                changed = {}
            else:
                self._compare(where, kind, changed, step)
            self._settle(step["changed"], changed)
        if self.translation is not None:
            self.translation.finish(self.document["id"])

    def _move(self, where: str, statements: list[str], step: dict[str, Any]) -> tuple[str, dict[str, str]]:
        """Track the statements of a step; return their kind, and the touched tables with the doubts about them."""
        touched: dict[str, str] = {}
        kind = ""
        self._learn_default(step)
        for text in statements:
            mode = step.get("sql_mode", DEFAULT_SQL_MODE)
            mariadb = self.state.server.mariadb
            found = parse(text, sql_mode=mode, default_schema=step["db"], mariadb=mariadb)
            changes = changes_by(found, self.state, error_code=step.get("error_code", 0), offset=_in_utc)
            self.state.move(found, changes)
            if self.translation is not None:
                self.translation.follow(where, changes, text, self._truth_of(step) if text == statements[-1] else {})
            kind = f"{UNVERIFIED} {kind_of(found)}" if step.get("unverified") else kind_of(found)
            for change in changes:
                if isinstance(change, TableCreated | TableAltered):
                    touched[str(change.after.name)] = ""
                else:
                    touched[str(change.name)] = change.reason if isinstance(change, TableUncertain) else ""
        return kind, touched

    def _truth_of(self, step: dict[str, Any]) -> dict[TableName, TableSchema]:
        """Return the structures that the corpus has for the tables of a step."""
        names = ((table_name(name), structure) for name, structure in step["changed"].items())
        return {name: schema_of(name, structure) for name, structure in names if structure is not None}

    def _learn_default(self, step: dict[str, Any]) -> None:
        """The corpus omits some CREATE DATABASE; what it says about a schema's charset stands in for them."""
        charset = step.get("dbcs")
        if charset and step["db"] not in self.state.defaults.known:
            found = resolve(CharsetClause(charset), self.state.defaults.of(step["db"]), self.state.server)
            self.state.defaults.put(step["db"], found)

    def _note_refused(self, where: str, step: dict[str, Any], reason: str) -> None:
        words = "".join(step["stmt"]).split()
        self.tally.note(" ".join(words[:2]).lower(), "refused", where, reason, str(step["stmt"]))

    def _compare(self, where: str, kind: str, touched: dict[str, str], step: dict[str, Any]) -> None:
        after = {**self.truth, **step["changed"]}
        wrong, doubts, details = [], [], set()
        for name in {*step["changed"], *touched}:
            expected, found = after.get(name), self.state.table(table_name(name))
            if touched.get(name):
                doubts.append(f"{name}: {touched[name]}")
            elif (expected is None) != (found is None):
                wrong.append(f"{name}: {'tracked, but gone' if expected is None else 'not tracked'}")
            elif expected is not None and found is not None:
                if not is_right(found, expected):
                    wrong.append(f"{name}\n  ours  {describe(found)}\n  truth {expected['cols']} {expected['idx']}")
                wrong += [f"{name}: {each}" for each in serious_details(found, expected)]
                if name in step["changed"]:
                    details |= self._details(where, kind, name, step)
        outcome = "wrong" if wrong else "right"
        if wrong and where in _TOLD_ONLY_BY_EVENTS:
            outcome = "refused"
        if doubts and not wrong:
            outcome = "uncertain" if all(UNSEEN in doubt for doubt in doubts) else "refused"
        self.tally.note(kind, outcome, where, "; ".join(wrong + doubts), str(step["stmt"]))
        for detail in details:
            self.tally.counts[kind][detail] += 1

    def _details(self, where: str, kind: str, name: str, step: dict[str, Any]) -> set[str]:
        expected, found = {**self.truth, **step["changed"]}[name], self.state.table(table_name(name))
        assert found is not None
        details = differing_details(found, expected)
        reason = f"{name}\n  ours  {describe(found)}\n  truth {expected['coll']} {expected['cols']} {expected['idx']}"
        for detail in details:
            self.tally.failures.append(Failure(f"{kind} {where}", detail, reason, str(step["stmt"])))
        return details

    def _settle(self, changed: dict[str, Structure | None], touched: Iterable[str]) -> None:
        """Go on from the truth where the tracked state strayed from it."""
        for name, structure in changed.items():
            if structure is None:
                self.truth.pop(name, None)
            else:
                self.truth[name] = structure
        for name in {*changed, *touched}:
            self._restore(name)

    def _restore(self, name: str) -> None:
        key, structure = table_name(name), self.truth.get(name)
        found = self.state.table(key)
        if structure is None:
            if found is not None or self.state.is_uncertain(key):
                self._set(key, None)
        elif found is None or not is_right(found, structure):
            self._set(key, schema_of(key, structure))

    def _set(self, name: TableName, schema: TableSchema | None) -> None:
        self.state.apply_changes((TableDropped(name) if schema is None else TableCreated(schema),))
        if self.translation is not None:
            self.translation.restore(name, schema)


def describe(schema: Any) -> str:
    """Show a tracked structure on one line."""
    columns = [(c.name, c.column_type, int(c.nullable), c.default, c.charset) for c in schema.columns]
    indexes = {i.name: (int(i.unique), i.kind, [tuple(p)[:2] for p in i.parts]) for i in schema.indexes}
    return f"{schema.collation} {columns} {indexes}"
