"""Spatial types, with reference systems."""

from collections.abc import Mapping

from lab.matrix.kinds import Kind, Value, Version, plain

_TEXTS = {
    "point": ("point(1 2)", "point(-1.5 1e300)"),
    "linestring": ("linestring(0 0, 1 1, 2 -1.5)",),
    "polygon": ("polygon((0 0, 0 9, 9 9, 0 0))", "polygon((0 0, 0 9, 9 9, 9 0, 0 0), (1 1, 1 2, 2 2, 1 1))"),
    "multipoint": ("multipoint(1 1, 2 2)",),
    "multilinestring": ("multilinestring((0 0, 1 1), (2 2, 3 3, 4 4))",),
    "multipolygon": ("multipolygon(((0 0, 0 9, 9 9, 0 0)), ((20 20, 20 21, 21 21, 20 20)))",),
    "geometrycollection": ("geometrycollection(point(1 1), linestring(0 0, 1 1))",),
}
_EVERY = tuple(text for texts in _TEXTS.values() for text in texts)
_NESTED = "geometrycollection(point(1 1), geometrycollection(multipoint(3 3, 4 4)))"
# Greenwich: latitude first, as the system says; MySQL stores the longitude first.
_GREENWICH = "point(51.4779 -0.0015)"
_MYSQL_8: Mapping[str, Version] = {"mysql": (8,)}


def _made(*texts: str, srid: int = 0, how: str = "") -> tuple[str, ...]:
    inside = f", {srid}" if srid else ""
    return tuple(f"st_geomfromtext('{text}'{inside}{how})" for text in texts)


def _nested() -> tuple[Value, ...]:
    return tuple(Value(sql, products=frozenset({"mysql"})) for sql in _made(_NESTED))


PLACES = (
    *(Kind(name, name, plain(*_made(*texts), *_made(*texts[:1], srid=3857))) for name, texts in _TEXTS.items()),
    Kind("geometry", "geometry", plain(*_made(*_EVERY))),
    Kind(
        "geometrycollection, empty or nested",
        "geometrycollection",
        (*plain(*_made("geometrycollection()"), *_made("geometrycollection()", srid=3857)), *_nested()),
        since={"mysql": (5, 7), "mariadb": ()},
    ),
    Kind("geometry, SRID 3857", "geometry", plain(*_made(*_EVERY[2:], srid=3857))),
    Kind("geometry, SRID 4326", "geometry", plain(*_made(_GREENWICH, "linestring(0 0, 51 -0.5)", srid=4326))),
    Kind(
        "point srid 4326",
        "point srid 4326",
        plain(
            *_made(_GREENWICH, srid=4326), *_made("point(-0.0015 51.4779)", srid=4326, how=", 'axis-order=long-lat'")
        ),
        since=_MYSQL_8,
    ),
)
