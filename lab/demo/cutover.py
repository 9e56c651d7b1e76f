"""After the cutover: the database stands on its own."""

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2 import sql

from lab.demo.places import TargetPlace
from lab.demo.show import say, show_table, title

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# One for each table whose key the source gave by itself; none of them names the key.
INSERTS = {
    "harbour": "insert into harbour (name, latitude, longitude) values ('Nieuwe Haven', 52.1, 4.2)"
    " returning harbour_id",
    "skipper": "insert into skipper (full_name) values ('Nia Free') returning skipper_id",
    "boat": "insert into boat (class_code, name) select min(code), 'Eendracht' from boat_class returning boat_id",
    "customer": "insert into customer (email, full_name) values ('new@example.org', 'Nora New') returning customer_id",
    "booking": "insert into booking (customer_id, boat_id, starts, price)"
    " select (select max(customer_id) from customer), (select max(boat_id) from boat), now(), 99.50"
    " returning booking_id",
    "payment": "insert into payment (customer_id, amount, fingerprint, paid_at)"
    " select max(customer_id), 99.50, '\\x0102030405060708', now() from customer returning payment_id",
    "Price List": 'insert into "Price List" ("Season 100%", "per ""hour""") values (\'new\', 9.90) returning "order"',
}
FOREIGN_KEYS = """
select relation.relname, key.conname, pg_get_constraintdef(key.oid), key.convalidated
from pg_constraint as key
join pg_class as relation on relation.oid = key.conrelid
join pg_namespace as namespace on namespace.oid = relation.relnamespace
where key.contype = 'f'
and namespace.nspname = %s
order by relation.relname, key.conname
"""
# Which rules the source has; what it does where no rule is named, PostgreSQL does too.
EXPECTED_RULES = {
    ("boat", "class_code", "ON UPDATE CASCADE"),
    ("boat", "harbour_id", "ON UPDATE CASCADE ON DELETE SET NULL"),
    ("booking", "boat_id", "ON UPDATE CASCADE"),
    ("booking", "customer_id", "ON DELETE CASCADE"),
    ("booking", "skipper_id", "ON DELETE SET NULL"),
    ("booking_extra", "booking_id", "ON UPDATE CASCADE ON DELETE CASCADE"),
    ("inspection", "boat_id", "ON DELETE CASCADE"),
    ("payment", "booking_id", "ON DELETE SET NULL"),
    ("payment", "customer_id", ""),
    ("skipper", "mentor_id", "ON UPDATE CASCADE ON DELETE SET NULL"),
    ("tide", "harbour_id", ""),
}


@dataclass(frozen=True, slots=True)
class Cutover:
    """What works after the cutover."""

    inserted: int
    foreign_keys: int
    as_they_should_be: int
    application: str

    @property
    def complete(self) -> bool:
        return self.inserted == len(INSERTS) and self.foreign_keys == self.as_they_should_be == len(EXPECTED_RULES)


def show_cutover(target: TargetPlace) -> Cutover:
    """Write to the detached database as its new application would, and show its foreign keys."""
    with closing(target.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        application = target.application or str(target.pg_conn["user"])
        inserted = show_inserts(cursor, target, application)
        keys = show_foreign_keys(cursor, target)
    right = EXPECTED_RULES & {rules_of(table, definition) for table, _, definition, valid in keys if valid}
    return Cutover(inserted, len(keys), len(right), application)


def show_inserts(cursor: "Cursor", target: TargetPlace, application: str) -> int:
    title(f"The detached database: {application} inserts rows without naming their keys")
    cursor.execute(sql.SQL("set search_path to {}").format(sql.Identifier(target.schema)))
    if target.application:
        cursor.execute(sql.SQL("set role {}").format(sql.Identifier(target.application)))
    inserted = 0
    for table, statement in INSERTS.items():
        try:
            cursor.execute(statement)
        except psycopg2.Error as error:
            say(f"{table}: refused: {error}")
        else:
            row = cursor.fetchone()
            assert row is not None
            say(f"{table}: got key {row[0]}")
            inserted += 1
    cursor.execute("reset role")
    return inserted


def show_foreign_keys(cursor: "Cursor", target: TargetPlace) -> list[tuple[Any, ...]]:
    title("The foreign keys, with their rules")
    cursor.execute(FOREIGN_KEYS, (target.schema,))
    keys = cursor.fetchall()
    show_table(
        (
            (table, definition.removeprefix("FOREIGN KEY "), "yes" if valid else "no")
            for table, _, definition, valid in keys
        ),
        ("Table", "Foreign key", "Valid"),
    )
    return keys


def rules_of(table: str, definition: str) -> tuple[str, str, str]:
    """Return table, column and rules of a foreign key that has one column, without rules that only refuse."""
    column = definition.partition("(")[2].partition(")")[0]
    rules = re.findall(r"ON (?:UPDATE|DELETE) (?:CASCADE|SET NULL|SET DEFAULT)", definition)
    return table, column, " ".join(rules)
