"""Record the table maps of this folder again: `python -m tests.data.table_maps.record`.

Each server makes the same tables and writes a row into each, with minimal and with full metadata. What is kept are
the table maps of the binlog, and the structures of the tables; tests/unit/mysql/test_layout.py compares them.
"""

import json
from pathlib import Path
from typing import Any

from lab.servers import SourceServer, source_server
from pg_chameleon.model.change import RowsEvent, TableMap
from pg_chameleon.model.schema import schema_to_json
from tests.integration.stream_support import events_of, execute_all, structure_of

FOLDER = Path(__file__).parent
SERVERS = ("mysql-9.7", "mariadb-10.11")
METADATA = ("minimal", "full")

TABLES = {
    "wide": """create table wide (id int unsigned not null, small tinyint,
        name varchar(10) character set latin1 not null,
        note text character set utf8mb4, price decimal(10,2), at datetime(3), flags bit(5),
        kind enum('a','é') character set utf8mb4, chosen set('x','y') character set latin1, place point,
        fixed char(5) character set utf8mb4, raw varbinary(7), born year, primary key (id, name(4)))""",
    "keyless": "create table keyless (a int, b varchar(10) character set utf8mb4)",
    "unique_only": "create table unique_only (a int not null, b int, unique key (b), unique key (a))",
}
ROWS = {"wide": "(id, name) values (1, 'a')", "keyless": "values (1, 'b')", "unique_only": "values (1, 2)"}
VECTORS = "create table vectors (id int primary key, v vector(3))"


def main() -> None:
    for name in SERVERS:
        with source_server(name, durable=False) as server:
            (FOLDER / f"{name}.json").write_text(json.dumps(record(server), indent=1) + "\n")


def record(server: SourceServer) -> list[dict[str, Any]]:
    server.execute("create database d character set utf8mb4")
    made, rows = dict(TABLES), dict(ROWS)
    if server.product == "mysql":
        made["vectors"], rows["vectors"] = VECTORS, "values (1, null)"
    execute_all(server, "d", made.values())
    recorded = []
    for metadata in METADATA:
        server.execute(f"set global binlog_row_metadata = {metadata}")
        execute_all(server, "d", [f"{verb} {table}" for table in made for verb in ("alter table", "truncate")])
        inserts = [f"insert into {table} {row}" for table, row in rows.items()]
        for event in events_of(server, lambda inserts=inserts: execute_all(server, "d", inserts)):  # type: ignore[misc]
            if isinstance(event, RowsEvent):
                structure = schema_to_json(structure_of(server, "d", event.table.name.table))
                recorded.append({"metadata": metadata, "map": described(event.table), "structure": structure})
    return recorded


def described(table: TableMap) -> dict[str, Any]:
    return {
        "table_id": table.table_id,
        "name": list(table.name),
        "types": table.types.hex(),
        "metadata": list(table.metadata),
        "nullable": table.nullable.hex(),
        "optional": table.optional.hex(),
    }


if __name__ == "__main__":
    main()
