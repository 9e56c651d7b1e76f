"""Numbers, bits and years."""

from lab.matrix.kinds import Kind, Value, plain

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}


def _integers() -> list[Kind]:
    found = []
    for name, bits in _BITS.items():
        half = 2 ** (bits - 1)
        signed = plain(0, 1, -1, half - 1, -half, half // 2 + 1)
        unsigned = plain(0, 1, half - 1, half, 2 * half - 1)
        found += [Kind(name, name, signed, "v"), Kind(f"{name} unsigned", f"{name} unsigned", unsigned, "v")]
    return found


_NINES = "9" * 35 + "." + "9" * 30
_DECIMALS = {
    "decimal(5,0)": (0, 1, -1, 99999, -99999),
    "decimal(10,2)": (0, "0.01", "-0.01", "99999999.99", "-99999999.99", "1234.5"),
    "decimal(2,2)": (0, "0.99", "-0.99", "0.1"),
    "decimal(18,9)": ("123456789.987654321", "-999999999.999999999", 1, "-0.5"),
    "decimal(65,0)": ("9" * 65, "-" + "9" * 65, 10**9, -(10**20)),
    "decimal(65,30)": (_NINES, f"-{_NINES}", 1, "-1e-30", 0),
    "decimal(30,30)": ("0." + "1" * 30, "-0." + "0" * 29 + "1"),
    "decimal(10,3) unsigned": (0, "9999999.999", "0.001"),
    "decimal(8,3) zerofill": (0, "1.5", "12345.678"),
}
_SINGLES = (
    *(0, "1.1", "-3.4028234e38", "3.4028234e38", "1.1754944e-38", "1.4e-45", "-1.4e-45", 16777216, "1e10"),
    # negative zeros, the last one by underflow
    *("-0e0", "ceil(-0.5e0)", "0e0 * -1", "'-0'", "-1e-60"),
)
_DOUBLES = (
    *(
        0,
        "1.1",
        "-0e0",
        "ceil(-0.5e0)",
        "0e0 * -1",
        "'-0'",
        "0.1e0+0.2e0",
        "1.7976931348623157e308",
        "-1.7976931348623157e308",
    ),
    *("2.2250738585072014e-308", "5e-324", "-5e-324", "1e15", "1e22", "9007199254740993", "123456789012345678", "pi()"),
)

NUMBERS = (
    *_integers(),
    Kind("tinyint(1)", "tinyint(1)", plain(0, 1, 2, -1, -128, 127), "v"),
    Kind("bool", "bool", plain(0, 1, "true", "false"), "v"),
    Kind("int(8) zerofill", "int(8) zerofill", plain(0, 42, 99999999, 2**32 - 1), "v"),
    Kind("bigint(20) zerofill", "bigint(20) zerofill", plain(0, 42, 2**64 - 1), "v"),
    *(Kind(name, name, plain(*values), "v") for name, values in _DECIMALS.items()),
    Kind("float", "float", plain(*_SINGLES), "v"),
    Kind("float unsigned", "float unsigned", plain(0, "1.1", "3.4028234e38"), "v"),
    Kind("float(7,3)", "float(7,3)", plain(0, "1234.567", "-0.001", "-0.0001", "'-0'", "9999.999"), "v"),
    Kind("float zerofill", "float zerofill", plain(0, "1.1"), "v"),
    Kind("double", "double", plain(*_DOUBLES), "v"),
    Kind("double(20,3)", "double(20,3)", plain(0, "12345.6789", "-0.0001", "'-0'", "-12345678901234567.891"), "v"),
    Kind("double zerofill", "double zerofill", plain(0, "1.5"), "v"),
    *(
        Kind(
            f"bit({width})",
            f"bit({width})",
            plain("b'0'", "b'1'", f"b'{'1' * width}'", f"b'1{'0' * (width - 1)}'"),
            "v",
        )
        for width in (1, 3, 8, 9, 31, 33, 63, 64)
    ),
    Kind("year", "year", plain(1901, 2155, 2024, 0, "'0000'"), "v"),
)

ZERO = Value("0")
