"""Every type with every edge value through the whole tool: the copy, the stream and MySQL's own answer agree."""

import pytest

from lab.matrix.catalogue.places import PLACES
from lab.matrix.run import run_matrix
from lab.servers import Database, PostgreSQL, SourceServer
from tests.conftest import FreshSchema
from tests.e2e.stage import stage


def test_all_values_arrive_by_every_way(source_server: SourceServer, target_database: Database) -> None:
    result = run_matrix(source_server, target_database)
    assert len(result.results) > 150
    assert not result.differences(), "\n".join(result.differences())


def test_places_arrive_in_postgis(source_server: SourceServer, postgres: PostgreSQL, target_database: Database) -> None:
    if postgres.installation.is_chroot:
        pytest.skip(f"the lab has no PostGIS for {postgres.name}")
    target_database.add_postgis()
    result = run_matrix(source_server, target_database, PLACES.__contains__)
    assert len(result.results) >= 10
    assert not result.differences(), "\n".join(result.differences())


GREENWICH = ("point(51.4779 -0.0015)", "point(-0.0015 51.4779)")


def test_a_place_is_the_same_place_in_postgis(
    source_server: SourceServer, postgres: PostgreSQL, target_database: Database, fresh_schema: FreshSchema
) -> None:
    if postgres.installation.is_chroot:
        pytest.skip(f"the lab has no PostGIS for {postgres.name}")
    target_database.add_postgis()
    # MySQL 8 reads latitude first, as the reference system 4326 says, and stores longitude first, as PostGIS does.
    latitude_first = source_server.product == "mysql" and source_server.version >= (8,)
    written = GREENWICH[0 if latitude_first else 1]
    with stage(source_server, target_database, fresh_schema(source_server)) as made:
        made.execute(
            "create table place (id int primary key, location point not null)",
            f"insert into place values (1, st_geomfromtext('{written}', 4326))",
        )
        made.journey.initialise()
        made.journey.start()
        made.execute(f"insert into place values (2, st_geomfromtext('{written}', 4326))")
        made.assert_equal()
        shown = target_database.execute(
            "select st_astext(location), st_srid(location), st_x(location), st_y(location),"
            " st_distance(location::geography, st_point(2.3522, 48.8566)::geography)::integer / 1000"
            f" from {made.target_schema}.place order by id"
        )
    assert shown == [("POINT(-0.0015 51.4779)", 4326, -0.0015, 51.4779, 336)] * 2
