"""Applying logged row changes to one table, set by set: the net effect per row is computed in SQL.

The log holds images as composite literals of texts, ``(1,"a b",)``, which one cast to a composite type of as
many texts takes apart; each field is then cast to the type that the target's column really has. A run of
changes to a table with a key ends in one DELETE and one INSERT … ON CONFLICT; without a key, rows are
counted by their whole image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pg_chameleon.convert.expressions.quoting import quote_identifier, quote_literal
from pg_chameleon.errors import TargetError
from pg_chameleon.model.log import DELETE, INSERT, PARTIAL, UPDATE, Counts, Operation
from pg_chameleon.postgres.answers import one_row, one_value
from pg_chameleon.postgres.apply_table import ApplyTable
from pg_chameleon.postgres.connection import Cursor

# As literals of SQL
_INSERT, _UPDATE, _DELETE, _PARTIAL = (quote_literal(each.value) for each in (INSERT, UPDATE, DELETE, PARTIAL))


class Part(NamedTuple):
    """The logged changes of one table that one statement works on, and how many there are of each operation.

    The values are part of the condition: in a statement with parameters, a percent sign in a column's name would be
    taken for one.
    """

    log: str
    condition: str
    counts: Counts

    @property
    def net(self) -> str:
        """The last whole image of each key; the images of partial updates come on top of it later."""
        return (
            f"select distinct on (key) key, operation, image from {self.log}"
            f" where {self.condition} and operation <> {_PARTIAL} order by key, batch_id desc, sequence desc"
        )

    @property
    def net_images(self) -> str:
        """The difference between how often each image was inserted and deleted."""
        return (
            f"select image, sum(case operation when {_DELETE} then -1 else 1 end) as change"
            f" from {self.log} where {self.condition} group by image"
        )


@dataclass(frozen=True, slots=True)
class LogSlice:
    """A run of one table's changes in a log table, and how many of each operation there are.

    ``log``: the quoted name of the log table. ``file``: the binlog file in which the run ends.
    """

    log: str
    first_batch: int
    last_batch: int
    segment: int | None
    table_id: int
    counts: Counts
    file: str

    @property
    def condition(self) -> str:
        """The WHERE clause that selects the slice; it holds numbers only."""
        segment = "" if self.segment is None else f" and segment = {self.segment:d}"
        return (
            f"batch_id between {self.first_batch:d} and {self.last_batch:d} and table_id = {self.table_id:d}{segment}"
        )

    @property
    def part(self) -> Part:
        """All rows of the slice."""
        return Part(self.log, self.condition, self.counts)


def apply_rows(cursor: Cursor, table: ApplyTable, part: Part, *, replace: bool = False) -> None:
    """Apply logged changes to their table.

    ``replace``: remove every touched row before the new ones are inserted, so that rows may trade the values of a
    further unique key. Rows of which only a part is known cannot be removed; they are changed one by one instead, in
    the order of the source.
    """
    counts = part.counts
    if table.may_coincide:
        _refuse_coinciding_keys(cursor, table, part)
    if counts.ordered or (replace and counts.partials):
        cursor.execute(_in_order(table, part))
    elif not table.key:
        remove_rows(cursor, table, part)
        insert_rows(cursor, table, part)
    elif counts.only_inserts:
        cursor.execute(_insert_all(table, part))
    elif replace:
        remove_rows(cursor, table, part)
        insert_rows(cursor, table, part)
    else:
        _apply_with_key(cursor, table, part)


def remove_rows(cursor: Cursor, table: ApplyTable, part: Part) -> None:
    """Remove the former rows of a part: all that were touched or, without a key, the images that were deleted."""
    if table.key:
        cursor.execute(_delete_keys(table, part, ""))
        return
    # Rows are matched by their whole text, which only a hash join finds in one pass.
    cursor.execute("set local enable_hashjoin = on; set local enable_seqscan = on")
    _delete_images(cursor, table, part.net_images)
    cursor.execute("set local enable_hashjoin = default; set local enable_seqscan = default")


def insert_rows(cursor: Cursor, table: ApplyTable, part: Part) -> None:
    """Insert the new rows of a part, whose former ones have been removed."""
    if table.key:
        cursor.execute(_insert_net(table, part))
        return
    cursor.execute(
        f"insert into {table.quoted} ({table.list}) select {table.casts}"
        f" from (select image::{table.row_type} as r from ({part.net_images}) x cross join generate_series(1, change)"
        " where change > 0 offset 0) n"
    )


def _refuse_coinciding_keys(cursor: Cursor, table: ApplyTable, part: Part) -> None:
    """Raise ``TargetError`` if two rows of the source would become one, as ``01`` and ``1`` do as numbers."""
    keys = f"select distinct key from {part.log} where {part.condition}"
    cursor.execute(
        f"select min(n.key), max(n.key) from (select key, key::{table.key_type} as k from ({keys}) x offset 0) n"
        f" group by {table.key_casts} having count(*) > 1 limit 1"
    )
    _refuse_if_found(cursor, table, "these keys of the source are the same in the target")
    first = (
        f"select distinct on (key) key, operation from {part.log} where {part.condition}"
        " order by key, batch_id, sequence"
    )
    cursor.execute(
        f"select n.key from (select key, key::{table.key_type} as k from ({first}) x"
        f" where operation = {_INSERT} offset 0) n"
        f" where exists (select 1 from {table.quoted} t where {table.key_match('n.k')}) limit 1"
    )
    _refuse_if_found(cursor, table, "this key of a new row is that of another row in the target already")


def _refuse_if_found(cursor: Cursor, table: ApplyTable, what: str) -> None:
    found = cursor.fetchone()
    if found is not None:
        raise TargetError(
            f"{what}: {', '.join(found)}",
            table=table.name,
            advice="Choose a type in type_override that keeps the keys distinct",
        )


def _insert_all(table: ApplyTable, part: Part) -> str:
    return (
        f"insert into {table.quoted} ({table.list}) select {table.casts}"
        f" from (select image::{table.row_type} as r from {part.log} where {part.condition} offset 0) n"
    )


def _delete_keys(table: ApplyTable, part: Part, which: str) -> str:
    return (
        f"delete from {table.quoted} t"
        f" using (select key::{table.key_type} as k from ({part.net}) x{which} offset 0) n"
        f" where {table.key_match('n.k')}"
    )


def _insert_net(table: ApplyTable, part: Part) -> str:
    return (
        f"insert into {table.quoted} ({table.list}) select {table.casts}"
        f" from (select image::{table.row_type} as r from ({part.net}) x where operation <> {_DELETE} offset 0) n"
    )


def _apply_with_key(cursor: Cursor, table: ApplyTable, part: Part) -> None:
    counts = part.counts
    if counts.deletes:
        cursor.execute(_delete_keys(table, part, f" where operation = {_DELETE}"))
    if counts.inserts or counts.updates:
        cursor.execute(_insert_net(table, part) + _on_conflict(table))
    if counts.partials:
        cursor.execute(_update_partials(table, part))
        _expect_all(cursor, table)


def _on_conflict(table: ApplyTable) -> str:
    key = ", ".join(quote_identifier(name) for name in table.key)
    others = [quote_identifier(name) for name, _ in table.columns if name not in table.key]
    if not others:
        return f" on conflict ({key}) do nothing"
    return f" on conflict ({key}) do update set " + ", ".join(f"{name} = excluded.{name}" for name in others)


def _update_partials(table: ApplyTable, part: Part) -> str:
    """Lay the columns that partial images hold, as JSON objects, over the row, in order."""
    return (
        "with logged as (select key, operation, image, batch_id, sequence,"
        f" count(*) filter (where operation <> {_PARTIAL})"
        " over (partition by key order by batch_id, sequence rows between 1 following and unbounded following)"
        f" as whole_later from {part.log} where {part.condition}),"
        " parts as (select l.key, jsonb_object_agg(e.key, e.value order by l.batch_id, l.sequence) as image"
        f" from logged l cross join lateral jsonb_each(case l.operation when {_PARTIAL} then l.image::jsonb end) e"
        f" where l.operation = {_PARTIAL} and l.whole_later = 0 group by l.key),"
        f" keyed as materialized (select key::{table.key_type} as k, image from parts),"
        f" updated as (update {table.quoted} t set {_all_laid_over(table)}"
        f" from keyed n where {table.key_match('n.k')} returning 1)"
        " select (select count(*) from keyed) - (select count(*) from updated)"
    )


def _expect_all(cursor: Cursor, table: ApplyTable) -> None:
    missing = int(one_value(cursor))
    if missing:
        raise TargetError(
            f"{missing} row(s) to change are missing from the target table; the binlog has only their changed columns",
            table=table.name,
            advice="Copy the table again with sync_tables",
        )


def _all_laid_over(table: ApplyTable) -> str:
    return ", ".join(_laid_over(*column) for column in table.columns)


def _laid_over(name: str, kind: str) -> str:
    """Take a column from the object ``n.image`` where it is there; each value is a text, also that of a document.

    Only the changes of a document are an array instead.
    """
    quoted, key = quote_identifier(name), quote_literal(name)
    value = f"(n.image ->> {key})::{kind}"
    if kind in ("json", "jsonb"):
        changed = f"sch_chameleon.changed_document(t.{quoted}::jsonb, n.image -> {key})::{kind}"
        value = f"case jsonb_typeof(n.image -> {key}) when 'array' then {changed} else {value} end"
    return f"{quoted} = case when n.image ? {key} then {value} else t.{quoted} end"


def _in_order(table: ApplyTable, part: Part) -> str:
    """Return the block that applies a part row by row, because some of its changes build on the row before."""
    block = f"""
#variable_conflict use_column
declare
    entry record;
begin
    for entry in
        select operation, key, image, binlog_file, binlog_offset
        from {part.log} where {part.condition} order by batch_id, sequence
    loop
        if entry.operation in ({_INSERT}, {_UPDATE}) then
            insert into {table.quoted} ({table.list})
            select {table.casts} from (select entry.image::{table.row_type} as r offset 0) n{_on_conflict(table)};
        elsif entry.operation = {_DELETE} then
            delete from {table.quoted} t using (select entry.key::{table.key_type} as k offset 0) n
            where {table.key_match("n.k")};
        else
            update {table.quoted} t set {_all_laid_over(table)}
            from (select entry.key::{table.key_type} as k, entry.image::jsonb as image offset 0) n
            where {table.key_match("n.k")};
            if not found then
                raise exception 'the row to change is not in the target table';
            end if;
        end if;
    end loop;
exception
    when data_exception or integrity_constraint_violation or raise_exception then
        raise exception using errcode = sqlstate, message = sqlerrm,
            detail = format('key %s, binlog file %s, offset %s', entry.key, entry.binlog_file, entry.binlog_offset);
end"""
    return f"do {quote_literal(block)}"


def _delete_images(cursor: Cursor, table: ApplyTable, net: str) -> None:
    """Delete as many rows of each image as were deleted; raise ``TargetError`` if there are not so many."""
    present = ", ".join(f"t.{quote_identifier(name)}" for name, _ in table.columns)
    gone = (
        "select line, sum(-change) as number"
        f" from (select row({table.casts})::text as line, n.change"
        f" from (select image::{table.row_type} as r, change from ({net}) x where change < 0 offset 0) n) y"
        " group by line"
    )
    cursor.execute(f"select coalesce(sum(number), 0) from ({gone}) z")
    expected = int(one_value(cursor))
    if not expected:
        return
    cursor.execute(
        f"delete from {table.quoted} t using (select ctid from ("
        "select t.ctid, z.number, row_number() over (partition by z.line) as place"
        f" from {table.quoted} t join ({gone}) z on row({present})::text = z.line"
        ") found where place <= number) victims where t.ctid = victims.ctid"
    )
    if cursor.rowcount != expected:
        raise TargetError(
            f"{expected - cursor.rowcount} row(s) to change are missing from the target table, which has no key",
            table=table.name,
            advice="Copy the table again with sync_tables",
        )


class LoggedRow(NamedTuple):
    """A row of the log, for people."""

    operation: Operation
    key: str | None
    image: str | None
    file_number: int
    offset: int


def last_logged(cursor: Cursor, part: Part) -> LoggedRow:
    """Return the last change in a part that holds the changes of one row."""
    cursor.execute(
        f"select operation, key, image, binlog_file, binlog_offset from {part.log}"
        f" where {part.condition} order by batch_id desc, sequence desc limit 1"
    )
    letter, *others = one_row(cursor)
    return LoggedRow(Operation(letter), *others)
