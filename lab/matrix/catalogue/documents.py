"""JSON."""

from collections.abc import Mapping

from lab.compare import Policy
from lab.matrix.kinds import Kind, Value, Version, plain

_DOCUMENTS = (
    *("null", "true", "false", "[]", "{}", '""', "0", "-1", "32767", "32768", "-32769", "65535", "2147483648"),
    *("4294967296", "-9223372036854775808", "9223372036854775807", "18446744073709551615"),
    *(
        "[1.5, -0.1, 1e100, 1e-100, 1.0, -0.0]",
        '"😀 \\\\ud83d\\\\ude00 ü"',
        '"\\\\b\\\\f\\\\n\\\\r\\\\t\\\\\\\\ \\\\/ \\\\""',
    ),
    '{"a": [1, {"b": null}], "longer key": "value \\\\" \\\\\\\\ \\\\n \\\\u0001 ü 😀", "": false}',
    "[[[[[[[[[[1]]]]]]]]]]",
    '{"key with \\\\"quotes\\\\" and \\\\\\\\": "\\\\\\\\u0000"}',
)
_LARGE = (
    "concat('[', repeat('\"0123456789\", ', 7000), '1]')",
    'concat(\'{"big": "\', repeat(\'x\', 70000), \'", "k": [4294967296, -5, "t", null, {"z": 1}]}\')',
)
_NUL = Value("'\"x\\\\u0000y\\\\\\\\u0000\"'", Policy.NUL, '"xy\\\\u0000"')
_OPAQUE = (
    *("cast(cast('2024-02-29' as date) as json)", "cast(cast('2024-02-29 01:02:03.456' as datetime(6)) as json)"),
    *("cast(cast('-12:34:56.789' as time(6)) as json)", "cast(cast('838:59:59' as time) as json)"),
    *("cast(cast(-12.340 as decimal(10,3)) as json)", f"cast(cast('{'9' * 35}.{'8' * 30}' as decimal(65,30)) as json)"),
    *("json_array(1.10, cast('9999999999999999999.99' as decimal(30,2)), x'00ff', b'101')",),
    *("json_array(timestamp'2024-01-01 00:00:00', null, true)", "json_object('k', date'2024-01-01', 'd', 1e0/3)"),
    *("cast(st_geomfromtext('point(1 2)') as json)", "json_array(cast(18446744073709551615 as unsigned), -0e0, 1e308)"),
    *("json_object('b', cast('x' as binary(3)))",),
)
_MYSQL: Mapping[str, Version] = {"mysql": (5, 7, 8)}
_MARIADB: Mapping[str, Version] = {"mariadb": (10, 2, 7)}


def _quoted() -> tuple[Value, ...]:
    return tuple(Value(f"'{document}'") for document in _DOCUMENTS)


DOCUMENTS = (
    Kind("json", "json", (*_quoted(), *plain(*_LARGE), _NUL), since=_MYSQL),
    Kind("json, opaque values", "json", plain(*_OPAQUE), since=_MYSQL),
    Kind(
        "json (text)",
        "json",
        (*_quoted(), *plain(*_LARGE), _NUL, *plain('\'{"b": 1,  "a": 2, "a": 3}\'')),
        since=_MARIADB,
    ),
)
