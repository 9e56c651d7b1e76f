"""Columns whose types change: the target ends as a new copy would, rows and catalogue, or it refuses."""

import pytest

from lab.servers import SourceServer
from tests.integration.alter_support import Case, check_altered, source, target
from tests.integration.convert_support import SourceSchema, Target

__all__ = ["source", "target"]


def int_rows(*values: object) -> str:
    return ", ".join(f"({value})" for value in values)


TYPE_CASES = {
    "int grows": Case("a int", int_rows(-(2**31), 2**31 - 1, "null"), "modify a bigint"),
    "int shrinks": Case("a int", int_rows(-70000, 70000, 127, -129, "null"), "modify a tinyint"),
    "int loses its sign": Case("a int", int_rows(-5, 5), "modify a int unsigned"),
    "int gets a sign": Case("a int unsigned", int_rows(4294967295, 5), "modify a int"),
    "bigint loses its sign": Case("a bigint", int_rows(-5, 2**63 - 1), "modify a bigint unsigned"),
    "bigint gets a sign": Case("a bigint unsigned", int_rows(2**64 - 1, 5), "modify a bigint"),
    "int to decimal": Case("a int", int_rows(-12345, 99, 2**31 - 1), "modify a decimal(5,2)"),
    "decimal grows": Case("a decimal(5,2)", int_rows(-999.99, 0.01), "modify a decimal(10,4)"),
    "decimal shrinks": Case(
        "a decimal(10,4)", int_rows(-9999.995, 9.995, 9.9949, -0.005, 99999.9), "modify a decimal(5,2)"
    ),
    "decimal loses its sign": Case("a decimal(5,2)", int_rows(-1.5, 1.5), "modify a decimal(5,2) unsigned"),
    "decimal to int": Case("a decimal(10,4)", int_rows(0.5, 1.5, -0.5, -2.5, 2.4999), "modify a int"),
    "decimal to double": Case("a decimal(30,10)", int_rows("12345678901234567890.0123456789", 0.1), "modify a double"),
    "decimal to text": Case("a decimal(10,4)", int_rows(0.5, -0.25, 1234.5), "modify a varchar(6)"),
    "int to double": Case("a bigint", int_rows(2**63 - 1, 9007199254740993, -1), "modify a double"),
    "int to float": Case("a int", int_rows(16777217, 2**31 - 1, -1), "modify a float"),
    "float to double": Case("a float", int_rows(1.1, -3.4e38, 1e-45), "modify a double"),
    "double to float": Case("a double", int_rows(1.1, 1e-30, 16777217), "modify a float"),
    "double to float that is too small for it": Case(
        "a double",
        int_rows(1e300, -1e300, 3.4028235e38, 3.5e38, 1e-50, 1e-45, 7.1e-46, "null", 0),
        "modify a float",
        session="set sql_mode = ''",
    ),
    "double to float without a sign": Case(
        "a double", int_rows(1e300, -1e300, 1.1), "modify a float unsigned", session="set sql_mode = ''"
    ),
    "double to float that may be -0": Case("a double", int_rows(-1e-50), "modify a float", refused=True),
    "char to varchar with its padding": Case(
        "a char(5)",
        "('ab'), (''), ('äöüßé'), (null)",
        "modify a varchar(4)",
        session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    ),
    "char to text with its padding": Case(
        "a char(5)", "('ab'), (''), ('äöüßé')", "modify a text", session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'"
    ),
    "char to varbinary with its padding": Case(
        "a char(5) character set utf8mb4",
        "('ab'), (''), ('äöü')",
        "modify a varbinary(20)",
        session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'",
    ),
    "char to char with its padding": Case(
        "a char(5)", "('ab'), ('')", "modify a char(9)", session="set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'"
    ),
    "double to decimal": Case("a double", int_rows(1.1), "modify a decimal(10,2)", refused=True),
    "int to text": Case("a int", int_rows(-12345, 7, "null"), "modify a varchar(4)"),
    "int to char": Case("a int", int_rows(-12345, 7, "null"), "modify a char(4)"),
    "int to longtext": Case("a bigint", int_rows(-12345, 7), "modify a longtext"),
    "year to text": Case("a year", int_rows(2024, 0, 1901), "modify a varchar(10)"),
    "year to int": Case("a year", int_rows(2024, 0), "modify a int"),
    "text to int": Case("a varchar(20)", int_rows("'12'", "'-0'", "'007'", "'99999999999'", "null"), "modify a int"),
    "text to int with others": Case("a varchar(10)", "('12'), ('x')", "modify a int", refused=True),
    "text to int with spaces": Case("a varchar(10)", "(' 12')", "modify a int", refused=True),
    "varchar grows": Case("a varchar(5)", "('ab  '), ('äöü')", "modify a varchar(50)"),
    "varchar shrinks": Case("a varchar(10)", "('abc     '), ('äöüßé'), ('ab')", "modify a varchar(4)"),
    "varchar to char": Case("a varchar(10)", "('abc     '), ('ab   cd'), ('')", "modify a char(4)"),
    "char to varchar": Case("a char(10)", "('abc     '), ('ab   cd')", "modify a varchar(10)"),
    "varchar to text": Case("a varchar(10)", "('abc  '), (null)", "modify a text"),
    "text to varchar": Case("a text", "('abc  '), (repeat('é', 50))", "modify a varchar(20)"),
    "text to tinytext": Case("a text", "('abc  '), (repeat('é', 127)), (null)", "modify a tinytext"),
    "text to tinytext that is too small": Case("a text", "(repeat('a', 256))", "modify a tinytext", refused=True),
    "text to longtext": Case("a text", "('abc  ')", "modify a longtext"),
    "latin1 to utf8mb4": Case(
        "a varchar(10) character set latin1", "('äé€')", "modify a varchar(10) character set utf8mb4"
    ),
    "utf8mb4 to latin1": Case(
        "a varchar(10) character set utf8mb4", "('äé€'), ('Œž~'), (null)", "modify a varchar(10) character set latin1"
    ),
    "utf8mb4 to latin1 that lacks characters": Case(
        "a varchar(10) character set utf8mb4",
        "('äé€'), ('ж')",
        "modify a varchar(10) character set latin1",
        refused=True,
    ),
    "utf8mb4 to utf8mb3": Case("a text character set utf8mb4", "('äé€漢\uffff')", "modify a text character set utf8"),
    "utf8mb4 to utf8mb3 that lacks characters": Case(
        "a text character set utf8mb4", "('🐬')", "modify a text character set utf8", refused=True
    ),
    "utf8mb4 to greek": Case(
        "a varchar(10) character set utf8mb4", "('abc~')", "modify a varchar(10) character set greek"
    ),
    "utf8mb4 to greek with others": Case(
        "a varchar(10) character set utf8mb4", "('ä')", "modify a varchar(10) character set greek", refused=True
    ),
    "text to json": Case(
        "a text",
        '(\'[1, 2.5, -3, 4.0, true]\'), (\'{"b": "2e5 -0 ", "a": null, "c": {"d": 1, "a": 0.1}}\')',
        "modify a json",
    ),
    "text to json with numbers that are rounded": Case(
        "a text", "('[0.12345678901234567890]')", "modify a json", refused=True
    ),
    "text to blob": Case("a text", "('ab'), ('äé€')", "modify a blob"),
    "varchar to varbinary": Case("a varchar(5)", "('ab  '), ('äé€')", "modify a varbinary(4)"),
    "char to binary": Case("a char(5)", "('ab'), ('äé'), (null)", "modify a binary(9)"),
    "ascii to blob": Case("a varchar(5) character set ascii", "('ab '), (null)", "modify a blob"),
    "varbinary to ascii": Case("a varbinary(9)", "('ab'), (null)", "modify a varchar(9) character set ascii"),
    "latin1 to blob": Case("a varchar(5) character set latin1", "('é')", "modify a blob", refused=True),
    "varbinary to varchar": Case("a varbinary(9)", "('ab '), ('äé€')", "modify a varchar(9) character set utf8mb4"),
    "varbinary to shorter varchar": Case(
        "a varbinary(9)", "('abc')", "modify a varchar(2) character set utf8mb4", refused=True
    ),
    "text to decimal": Case("a varchar(20)", int_rows("'1.555'", "'-12345.6'", "'007'"), "modify a decimal(5,2)"),
    "text to decimal with more": Case("a varchar(20)", "('1.5x')", "modify a decimal(5,2)", refused=True),
    "text to double": Case("a varchar(20)", int_rows("'1.555'", "'-0.1'", "'123456789.123456'"), "modify a double"),
    "text to year": Case("a varchar(20)", int_rows("'1999'", "'2024'"), "modify a year"),
    "text to date": Case(
        "a varchar(20)",
        "('2024-02-28'), (null), ('2024-02-29'), ('2000-02-29'), ('1999-12-31'), ('2023-04-30'), ('0100-01-01')",
        "modify a date",
    ),
    "text to another date that does not exist": Case("a varchar(20)", "('1900-02-29')", "modify a date", refused=True),
    "text to the day zero": Case("a varchar(20)", "('0000-01-01')", "modify a date", refused=True),
    "text to date that does not exist": Case("a varchar(20)", "('2023-02-29')", "modify a date", refused=True),
    "text to datetime": Case("a varchar(30)", "('2024-02-28 01:02:03.25'), ('1999-12-01')", "modify a datetime(3)"),
    "text to datetime with too many digits": Case(
        "a varchar(30)", "('2024-02-28 01:02:03.25')", "modify a datetime(1)", refused=True
    ),
    "text to timestamp": Case(
        "a varchar(30)", "('2024-02-28 01:02:03')", "modify a timestamp null", session="set time_zone = '-03:30'"
    ),
    "text to time": Case("a varchar(30)", "('21:02:03')", "modify a time"),
    "varbinary grows": Case("a varbinary(5)", "(x'00ff')", "modify a blob"),
    "varbinary shrinks": Case("a varbinary(5)", "(x'00ff010203')", "modify a varbinary(3)"),
    "binary grows": Case("a binary(3)", "(x'00ff'), (x'')", "modify a binary(5)"),
    "binary to varbinary": Case("a binary(3)", "(x'00ff'), (x'')", "modify a varbinary(5)"),
    "bit grows": Case("a bit(3)", "(b'101'), (null)", "modify a bit(10)"),
    "bit shrinks": Case("a bit(10)", "(b'101'), (null)", "modify a bit(2)", refused=True),
    "enum gets a member": Case("a enum('x','y')", "('x'), ('y'), ('nope'), (null)", "modify a enum('x','y','z')"),
    "enum members change places": Case("a enum('x','y')", "('x'), ('y')", "modify a enum('y','x')"),
    "enum loses a member": Case("a enum('x','y','z')", "('x'), ('y'), ('z')", "modify a enum('x','z')"),
    "enum member in other letters": Case("a enum('x','y')", "('x'), ('y')", "modify a enum('X','y')", refused=True),
    "enum with a default": Case(
        "a enum('x','y') not null default 'x'", "('x'), ('y')", "modify a enum('x','y','z') not null default 'z'"
    ),
    "enum to text": Case("a enum('xyz','y')", "('xyz'), ('y'), ('nope')", "modify a varchar(2)"),
    "text to enum": Case("a varchar(3)", "('x'), ('y'), (null)", "modify a enum('x','y')"),
    "text to enum in other letters": Case("a varchar(3)", "('X')", "modify a enum('x','y')", refused=True),
    "text to set": Case("a varchar(3)", "('x'), (''), (null)", "modify a set('x','y')"),
    "text to set with several": Case("a varchar(3)", "('x,y')", "modify a set('x','y')", refused=True),
    "enum to int": Case("a enum('x','y','z')", "('z'), ('x'), ('nope'), (null)", "modify a tinyint"),
    "int to enum": Case("a int", "(2), (1), (null)", "modify a enum('x','y')"),
    "int to enum that it does not have": Case("a int", "(0)", "modify a enum('x','y')", refused=True),
    "enum to set": Case("a enum('x','y')", "('y'), ('nope'), (null)", "modify a set('z','y','x')"),
    "bit to int": Case("a bit(16)", "(b'1000000000000101'), (b'0'), (null)", "modify a smallint"),
    "int to bit": Case("a int", "(5), (0), (null)", "modify a bit(3)"),
    "int to bit that is too small": Case("a int", "(8)", "modify a bit(3)", refused=True),
    "bool to bit": Case("a tinyint(1) not null", "(1), (0)", "modify a bit(1) not null"),
    "int to year": Case("a int", "(1999), (2155)", "modify a year"),
    "int of two digits to year": Case("a int", "(99)", "modify a year", refused=True),
    "double to int": Case("a double", int_rows(2.5, 3.5, -0.5, 1e10, -1e10, "null"), "modify a int"),
    "double to bigint": Case("a double", int_rows(2.5, -3.5, 9007199254740991, -5e15), "modify a bigint unsigned"),
    "double to bigint where it has no integers": Case("a double", int_rows(1e17), "modify a bigint", refused=True),
    "float to int": Case("a float", int_rows(2.5, -1.5, 16777216), "modify a smallint"),
    "double loses its sign": Case("a double", int_rows(-1.5, 1.5, -1e-300), "modify a double unsigned"),
    "double gets a sign": Case("a double unsigned", int_rows(1.5), "modify a double"),
    "double with decimals grows": Case("a double(5,2)", int_rows(1.25, -99.99), "modify a double(9,2)"),
    "double with decimals to one without": Case("a double(5,2)", int_rows(1.25, -99.99), "modify a double"),
    "double to one with decimals": Case("a double", int_rows(1.25), "modify a double(5,2)", refused=True),
    "set gets a member": Case("a set('x','y')", "('x,y'), ('')", "modify a set('x','y','z')"),
    "set members change places": Case("a set('x','y')", "('x,y'), ('')", "modify a set('y','x')"),
    "set loses a member": Case("a set('x','y','z')", "('x,z'), (''), (null)", "modify a set('z','x')"),
    "set loses a member that is used": Case("a set('x','y')", "('x,y')", "modify a set('x')", refused=True),
    "date to datetime": Case(
        "a date", "('2024-02-29'), ('0000-00-00'), ('2024-00-01'), (null)", "modify a datetime(3)"
    ),
    "datetime to date": Case("a datetime", "('2024-02-29 23:59:59'), ('0000-00-00')", "modify a date"),
    "datetime with digits to date": Case(
        "a datetime(6)", "('2024-12-31 23:59:59.499999'), ('2024-12-31 23:59:59.5'), (null)", "modify a date"
    ),
    "timestamp to date": Case(
        "a timestamp null", "('2024-02-29 23:59:59'), (null)", "modify a date", session="set time_zone = '+05:30'"
    ),
    "datetime gets finer": Case("a datetime", "('2024-02-29 23:59:59'), ('0000-00-00')", "modify a datetime(6)"),
    "datetime gets coarser": Case(
        "a datetime(6)",
        "('2024-02-29 23:59:59.999999'), ('1969-05-01 10:00:00.5'), ('0999-01-01 00:00:00.499999'), (null)",
        "modify a datetime",
    ),
    "datetime loses some digits": Case(
        "a datetime(6)", "('2024-02-29 23:59:59.995'), ('1969-05-01 10:00:00.004999'), (null)", "modify a datetime(2)"
    ),
    "timestamp gets coarser": Case(
        "a timestamp(6) null",
        "('2024-02-29 23:59:59.999999'), ('1999-05-01 10:00:00.5'), (null)",
        "modify a timestamp null",
    ),
    "datetime to timestamp": Case(
        "a datetime(3)",
        "('2024-02-29 23:59:59.25'), ('0000-00-00'), (null)",
        "modify a timestamp(3) null",
        session="set time_zone = '-03:30'",
    ),
    "datetime to timestamp outside of its range": Case(
        "a datetime", "('2050-02-28 23:59:59')", "modify a timestamp null", refused=True
    ),
    "date to timestamp": Case(
        "a date", "('2024-02-28'), (null)", "modify a timestamp null", session="set time_zone = '+10:00'"
    ),
    "timestamp to datetime": Case(
        "a timestamp(3) null",
        "('2024-02-29 23:59:59.25'), (null)",
        "modify a datetime(3)",
        session="set time_zone = '-03:30'",
    ),
    "date to text": Case("a date", "('2024-02-29'), ('0999-01-01')", "modify a varchar(10)"),
    "date that may be none to text": Case("a date", "(null)", "modify a varchar(10)", refused=True),
    "datetime to text": Case("a datetime(3)", "('2024-02-29 01:02:03.5')", "modify a varchar(30)"),
    "timestamp to text": Case(
        "a timestamp null", "('2024-02-29 01:02:03')", "modify a char(30)", session="set time_zone = '+01:00'"
    ),
    "time gets coarser": Case(
        "a time(3)", "('-10:11:12.5'), ('10:11:12.499'), ('838:59:59'), ('-00:00:00.999'), (null)", "modify a time"
    ),
    "time loses some digits": Case("a time(6)", "('-10:11:12.555'), ('700:11:12.554999')", "modify a time(2)"),
    "time gets finer": Case("a time", "('-838:59:59'), ('00:00:01')", "modify a time(4)"),
}


@pytest.mark.parametrize("case", TYPE_CASES.values(), ids=TYPE_CASES)
def test_a_changed_type_ends_as_a_new_copy_would(
    case: Case, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    check_altered(case, source, source_server, target)


@pytest.mark.source_version(mysql=(5, 7, 4))  # MariaDB has no gb18030
def test_gb18030_has_every_character(source: SourceSchema, source_server: SourceServer, target: Target) -> None:
    every = Case("a text character set utf8mb4", "('äé€漢\uffff🐬\U0010ffff')", "modify a text character set gb18030")
    check_altered(every, source, source_server, target)


@pytest.mark.source_version(mariadb=(10, 2))  # MySQL refuses such bytes
@pytest.mark.parametrize(
    "case",
    [
        Case("a varchar(5) character set ascii", "(unhex('78E9'))", "modify a blob", refused=True),
        Case("a varbinary(5)", "(unhex('78C3A9'))", "modify a varchar(5) character set ascii", refused=True),
    ],
    ids=["to bytes", "from bytes"],
)
def test_bytes_of_ascii_that_are_no_characters_are_not_guessed(
    case: Case, source: SourceSchema, source_server: SourceServer, target: Target
) -> None:
    check_altered(case, source, source_server, target)
