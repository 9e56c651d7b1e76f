"""The rows of the log, byte for byte, that the recorded binlogs become.

A digest that changes means that the replay meets other bytes than before: other values, or other ways to write them.
"""

import hashlib

import pytest

from pg_chameleon.convert.rules import Rules
from pg_chameleon.model.change import RowsEvent, StatementEvent
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import TableSchema
from pg_chameleon.postgres.log_lines import OpenBatch
from pg_chameleon.replica.read.capture import TableCapture
from tests.rules import some_rules
from tests.unit.mysql.model_replica import ModelReplica
from tests.unit.mysql.recorded import replayed, structures
from tests.unit.mysql.test_odd_binlogs import stream, traits_of

FILE_NUMBER = 1
USUAL = {
    "mysql-9.7": "174f65712202d7f739f2a1dcd456da8af5e1f314652f8cdb86eedf85aa26280b",
    "mariadb-10.11": "57cb5d4ebc1bd30725afb7906e1b946d2af87ff8d1c70ead157645a7f3ecb617",
}
ODD = {
    "mysql-9.7": "3cb04a4281a4cad1df900e9ab1a831dae8307de71c32d60dc6bf8de2c16b3713",
    "mysql-5.6": "34027a4896f2674a3f7b1615ffe41c7d81bbc7e6e4813cfa192b6efc9fe97578",
    "mariadb-10.11": "639eb052d05a23a22b139889bd8a54405e9a1c894ceb26b21a96d27100cc1676",
    "mariadb-11.8": "902694be4e9079ce791f628c7578a1d68381c088ea92b144dbca76d9989423ae",
}


def rules_of(server: str) -> Rules:
    product, _, version = server.partition("-")
    return some_rules(f"{version}-MariaDB" if product == "mariadb" else version)


class Log:
    """One batch into which rows are captured; tables are numbered as they come."""

    def __init__(self, rules: Rules) -> None:
        self.batch = OpenBatch(7)
        self._rules = rules
        self._captures: dict[TableName, tuple[int, TableCapture]] = {}

    def add(self, event: RowsEvent, schema: TableSchema) -> None:
        number, capture = self._captures.get(schema.name) or (len(self._captures) + 1, None)
        if capture is None or capture.schema is not schema:
            capture = TableCapture(schema, self._rules)
            self._captures[schema.name] = (number, capture)
        captured = capture.take(event)
        assert captured.refusal is None
        self.batch.add(number, captured.entries, FILE_NUMBER, event.offset)

    def digest(self) -> str:
        data = self.batch.take()
        assert data is not None
        return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("server", USUAL)
def test_usual_rows_are_logged_in_the_same_bytes(server: str) -> None:
    tables, log = structures(server), Log(rules_of(server))
    for event in replayed(server):
        if isinstance(event, RowsEvent) and event.table.name in tables:
            log.add(event, tables[event.table.name])
    assert log.digest() == USUAL[server]


@pytest.mark.parametrize("server", ODD)
def test_odd_rows_are_logged_in_the_same_bytes(server: str) -> None:
    replica, log = ModelReplica(traits_of(server)), Log(rules_of(server))
    for event in stream(server):
        if isinstance(event, StatementEvent):
            replica.take(event)
        elif isinstance(event, RowsEvent):
            schema = replica.structures.table(event.table.name)
            assert schema is not None
            log.add(event, schema)
    assert log.digest() == ODD[server]
