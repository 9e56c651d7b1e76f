"""Every type with every edge value through the whole tool: the copy, the stream and MySQL's own answer agree."""

from lab.matrix.run import run_matrix
from lab.servers import Database, SourceServer


def test_all_values_arrive_by_every_way(source_server: SourceServer, target_database: Database) -> None:
    result = run_matrix(source_server, target_database)
    assert len(result.results) > 150
    assert not result.differences(), "\n".join(result.differences())
