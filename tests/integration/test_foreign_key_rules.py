"""The rules of foreign keys are read by a user who may only read the tables."""

from lab.servers import REPLICA_PASSWORD, REPLICA_USER, SourceServer
from pg_chameleon.model.schema import ForeignKey
from pg_chameleon.mysql.structure.foreign_keys import ReferentialActions, read_foreign_keys, rules_in
from tests.conftest import FreshSchema


def keys_of(server: SourceServer, schema: str, table: str) -> dict[str, ForeignKey]:
    with server.connect(user=REPLICA_USER, password=REPLICA_PASSWORD) as connection:
        return {key.name: key for key in read_foreign_keys(connection, schema)[table]}


def test_rules_are_read_with_the_least_privileges(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    source_server.execute("create table parent (a int, b int, primary key (a, b), key (b))", database=schema)
    source_server.execute(
        "create table `ch``ild` (a int, b int, c int comment 'ON DELETE CASCADE',"
        " constraint `o'ne` foreign key (a, b) references parent (a, b) on delete set null on update cascade,"
        " constraint `two``` foreign key (c, b) references parent (a, b) on update set null,"
        " constraint three foreign key (a, b) references parent (a, b) on delete cascade,"
        " constraint four foreign key (c, b) references parent (a, b))",
        database=schema,
    )
    keys = keys_of(source_server, schema, "ch`ild")
    rules = {name: (key.on_delete, key.on_update) for name, key in keys.items()}
    kept = {"NO ACTION", "RESTRICT"}
    assert rules["o'ne"] == ("SET NULL", "CASCADE")
    assert rules["two`"][0] in kept
    assert rules["two`"][1] == "SET NULL"
    assert rules["three"][0] == "CASCADE"
    assert rules["three"][1] in kept
    assert set(rules["four"]) <= kept
    assert keys["o'ne"].columns == keys["o'ne"].referenced_columns == ("a", "b")


def test_rules_are_found_in_the_statement_that_makes_the_table() -> None:
    statement = (
        "CREATE TABLE `t` (\n  `a` int COMMENT ' CONSTRAINT `x` FOREIGN KEY ON DELETE CASCADE',\n"
        "  CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `p ON DELETE` (`a`) ON UPDATE SET NULL\n) ENGINE=InnoDB"
    )
    assert rules_in(statement) == {"k": ReferentialActions("NO ACTION", "SET NULL")}
