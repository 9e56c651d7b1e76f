"""Make the example database on a server."""

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lab.example.rows import GENERATORS

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

SCHEMA = "boat_hire"
TABLES = tuple(GENERATORS)
ROWS_PER_STATEMENT = 500
SEED = 20_190_301
COLUMNS = {
    "boat": "boat_id, class_code, harbour_id, name, is_afloat, permits, length_m, draught_m, engine_hours, "
    "built, specification, price_per_hour, bought_at",
    "booking": "booking_id, customer_id, boat_id, skipper_id, starts, lasts, state, price, booked_at",
}


def create(connection: "Connection[Cursor]", schema: str = SCHEMA) -> None:
    """Make the schema with its empty tables, in place of one that is there."""
    with connection.cursor() as cursor:
        cursor.execute(f"drop database if exists `{schema}`")
        cursor.execute(f"create database `{schema}` default character set utf8mb4")
        cursor.execute(f"use `{schema}`")
        cursor.execute("select version()")
        ((version,),) = cursor.fetchall()
        for statement in statements(version):
            cursor.execute(statement)


def load(connection: "Connection[Cursor]", schema: str = SCHEMA) -> dict[str, int]:
    """Make the schema and fill its tables; return how many rows each has."""
    create(connection, schema)
    rng = random.Random(SEED)
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute("set session time_zone = '+00:00'")
        for table, generate in GENERATORS.items():
            rows = list(generate(rng))
            cursor.execute("start transaction")
            insert(cursor, table, rows)
            cursor.execute("commit")
            counts[table] = len(rows)
    return counts


def insert(cursor: "Cursor", table: str, rows: list[tuple[object, ...]]) -> None:
    columns = f"({COLUMNS[table]})" if table in COLUMNS else ""
    row = f"({', '.join(['%s'] * len(rows[0]))})"
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        part = rows[start : start + ROWS_PER_STATEMENT]
        values = [value for each in part for value in each]
        cursor.execute(f"insert into `{table}` {columns} values {', '.join([row] * len(part))}", values)


def statements(server_version: str) -> list[str]:
    """Return the statements that make the tables, as this server understands them."""
    text = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
    if "MariaDB" not in server_version and server_version < "5.7":
        text = re.sub(r"\bjson\b", "longtext", text)
        text = re.sub(r"^.* generated always as .*\n", "", text, flags=re.MULTILINE)
    return [statement.strip() for statement in text.split(";\n") if statement.strip()]
