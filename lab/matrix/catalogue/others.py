"""Types of one product, and columns that the server fills or hides."""

from lab.matrix.kinds import Kind, plain, quoted, text

_UUIDS = (
    *("12345678-9abc-1def-8012-3456789abcde", "12345678-9abc-7def-8012-3456789abc00"),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffff20"),
)
_INET6 = (
    *("::", "::1", "2001:db8::ff00:42:8329", "::ffff:1.2.3.4", "::1.2.3.4", "1:0:0:2::3", "fe80::", "0:0:1:0:0:0:1:0"),
    *("::1:2", "::ffff:0:1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
)
_GENERATED = {"mysql": (5, 7, 6), "mariadb": (10, 2, 5)}
# MariaDB 11 leaves the generated columns out of the images of updates.
_LEFT_OUT = {"mariadb": (11,)}
_WORDS = text("", "abc", "ü😀", "back\\slash", "NULL")
_NUMBERS = plain(0, 1, -5, 2**30)

OTHERS = (
    Kind(
        "vector",
        "vector(3)",
        plain("string_to_vector('[1,2.5,-3]')", "x'cdcc8c3f000020c001000000'"),
        since={"mysql": (9,)},
    ),
    Kind(
        "vector (MariaDB)",
        "vector(3)",
        plain("vec_fromtext('[1,2.5,-3]')", "x'cdcc8c3f000020c001000000'"),
        since={"mariadb": (11, 7)},
    ),
    Kind("uuid", "uuid", quoted(*_UUIDS), "v", since={"mariadb": (10, 7)}),
    Kind(
        "inet4", "inet4", quoted("1.2.3.4", "0.0.0.1", "255.255.255.255", "10.0.0.0"), "v", since={"mariadb": (10, 10)}
    ),
    Kind("inet6", "inet6", quoted(*_INET6), "v", since={"mariadb": (10, 5)}),
    Kind(
        "generated, stored",
        "varchar(40) as (concat(w, '!')) stored",
        _WORDS,
        required="",
        filled=("w", "varchar(20) character set utf8mb4"),
        since=_GENERATED,
    ),
    Kind(
        "generated, virtual",
        "varchar(40) as (concat(w, '!')) virtual",
        _WORDS,
        required="",
        filled=("w", "varchar(20) character set utf8mb4"),
        since=_GENERATED,
    ),
    Kind(
        "generated, not to be translated",
        "varchar(40) as (hex(reverse(w))) stored",
        _WORDS,
        required="",
        filled=("w", "varchar(20) character set utf8mb4"),
        since=_GENERATED,
        refused=_LEFT_OUT,
    ),
    Kind(
        "generated from numbers", "int as (w + 1) stored", _NUMBERS, required="", filled=("w", "int"), since=_GENERATED
    ),
    Kind(
        "generated, virtual, from numbers",
        "bigint as (w * 2) virtual",
        _NUMBERS,
        required="",
        filled=("w", "int"),
        since=_GENERATED,
    ),
    Kind(
        "generated, of a date",
        "date as (cast(w as date)) virtual",
        quoted("2024-02-29", "2024-01-01"),
        required="",
        filled=("w", "datetime"),
        since=_GENERATED,
        refused=_LEFT_OUT,
    ),
    Kind(
        "invisible",
        "int invisible",
        _NUMBERS,
        required="not null default 7",
        since={"mysql": (8, 0, 23), "mariadb": (10, 3, 3)},
    ),
    Kind(
        "generated invisible primary key",
        "int",
        _NUMBERS,
        settings=("set session sql_generate_invisible_primary_key = on",),
        undo=("set session sql_generate_invisible_primary_key = off",),
        since={"mysql": (8, 0, 30)},
    ),
)
