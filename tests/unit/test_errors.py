"""Errors carry what they are about as values, and show it to people."""

import pymysql
import pytest

from pg_chameleon.errors import SourceError, SourceUnreachable, StreamError
from pg_chameleon.model.names import TableName
from pg_chameleon.model.position import BinlogPosition, MysqlGtidSet, Position
from pg_chameleon.mysql.connection import query_error
from pg_chameleon.mysql.snapshot import LockTimeout, TableChanged, reading_errors

DOTTED = TableName("a.b", "c")


def test_an_error_shows_its_table_and_position() -> None:
    error = StreamError("it is damaged", table=DOTTED, position=BinlogPosition("binlog.000001", 4), advice="Ask again")
    assert str(error) == "it is damaged (table a.b.c, position binlog.000001:4). Ask again"
    assert error.table == DOTTED


def test_a_position_with_gtids_is_shown_with_them() -> None:
    gtids = MysqlGtidSet.parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3")
    error = SourceError("it is gone", position=Position(BinlogPosition("binlog.000001", 4), gtids))
    assert str(error) == "it is gone (position binlog.000001:4 (3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3))"


def test_a_position_is_known_without_gtids_too() -> None:
    binlog = BinlogPosition("binlog.000001", 4)
    assert SourceError("it is gone", position=Position(binlog, MysqlGtidSet())).binlog_position == binlog
    assert SourceError("it is gone", position=binlog).binlog_position == binlog
    assert SourceError("it is gone").binlog_position is None


def test_the_servers_number_is_kept_beside_the_text() -> None:
    error = query_error(pymysql.err.ProgrammingError(1146, "Table 'a.b' doesn't exist"), "reading")
    assert error.code == 1146
    assert error.message == "the source refused reading: Table 'a.b' doesn't exist (error 1146)"
    lost = query_error(pymysql.err.OperationalError(2013, "Lost connection"), "reading")
    assert (type(lost), lost.code) == (SourceUnreachable, 2013)


@pytest.mark.parametrize(("code", "kind"), [(1146, TableChanged), (1205, LockTimeout), (1064, SourceError)])
def test_reading_errors_are_told_apart_by_number_and_not_by_text(code: int, kind: type[SourceError]) -> None:
    with pytest.raises(SourceError) as raised, reading_errors(DOTTED):
        raise SourceError("the text may say anything (error 9999)", code=code)
    assert type(raised.value) is kind
    assert raised.value.code == code
    assert raised.value.table == (None if kind is SourceError else DOTTED)
