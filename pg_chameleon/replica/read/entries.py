"""The function that turns the row events of one layout into rows of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pg_chameleon.convert.rules import Rules
from pg_chameleon.convert.values.careful import EncodeError, Encoder
from pg_chameleon.convert.values.changes import Change, readable, unfit_for_key
from pg_chameleon.convert.values.encoder import NoteChange, key_encoder, row_encoder
from pg_chameleon.convert.values.form import COMPOSITE
from pg_chameleon.errors import DecodeError
from pg_chameleon.model.change import JsonChanges, RowKind, RowLayout
from pg_chameleon.model.log import DELETE, INSERT, ORDERED, PARTIAL, UPDATE, LogEntry
from pg_chameleon.model.names import TableName
from pg_chameleon.model.schema import Column, TableSchema
from pg_chameleon.mysql.decode.decoder import row_decoder
from pg_chameleon.replica.read.images import (
    completed,
    inserted_encoder,
    inserted_key_encoder,
    is_whole,
    numbered_column,
    outdated_columns,
    unless_changed,
)

Entries = Callable[[bytes, int], Iterator[LogEntry]]
"""Takes the body of a row event, and where its images begin."""


class KeyRefused(EncodeError):
    """A row has a key that PostgreSQL cannot hold, so that it could not be told from others."""

    def __init__(self, reason: str, table: TableName, row_key: str) -> None:
        super().__init__(reason, table=table)
        self.row_key = row_key


@dataclass(slots=True)
class EntryMaker:
    """Makes such functions for a table with one structure; values that they change are given to ``note``."""

    schema: TableSchema
    rules: Rules
    note: NoteChange
    key_columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.key_columns = self.schema.key_columns  # which takes a while to find

    def entries_of(self, layout: RowLayout) -> Entries:
        """Return the function for a layout; raise ``DecodeError`` if its images do not hold what is needed."""
        decoder = row_decoder(layout, self.schema, self._needed_of_former(layout))
        decode: Callable[[bytes, int], list[Any]] = decoder.decode
        before, after = decoder.before_columns, decoder.after_columns
        keyed = bool(self.key_columns)
        if layout.kind is RowKind.INSERT:
            return _inserts(decode, self._inserted_key(after), self._inserted(after))
        if layout.kind is RowKind.DELETE:
            if not keyed:
                self._need_whole(before, "deleted")
            return _deletes(decode, self._key(before), None if keyed else self._former_image(before))
        for generated, made_of in outdated_columns(self.schema, self.rules, after).items():
            decode = self._unless_outdated(decode, before, after, generated, made_of)
        changed = set(after) - set(before)
        in_place = layout.partial_json and any(column.type.base == "json" for column in self._columns(changed))
        known, decode_whole = completed(decode, before, after)
        if in_place or not is_whole(self.schema, self.rules, known):
            if not keyed:
                raise self._too_little("updated")
            return self._partial_updates(decode, before, after)
        if not keyed:
            self._need_whole(before, "updated")
            return _updates_without_key(decode_whole, self._former_image(before), self._image(known))
        return _updates(decode_whole, self._key(before), self._key(known), self._image(known))

    def _needed_of_former(self, layout: RowLayout) -> tuple[str, ...] | None:
        """Name the columns that are needed of a row that is gone: the key says which one it was, if there is one."""
        is_gone = layout.kind is RowKind.DELETE or layout.has_whole_rows
        return self.key_columns if self.key_columns and is_gone else None

    def _unless_outdated(
        self,
        decode: Callable[[bytes, int], list[Any]],
        before: tuple[str, ...],
        after: tuple[str, ...],
        generated: str,
        made_of: frozenset[str],
    ) -> Callable[[bytes, int], list[Any]]:
        """Refuse updates that change what a generated column is made of which is not in the image."""

        def refuse() -> None:
            raise self._too_little(f"updated: the generated column {generated} is not in it")

        if not made_of <= set(before):
            refuse()
        return unless_changed(decode, before, after, made_of, refuse)

    def _columns(self, names: set[str]) -> list[Column]:
        return [column for column in self.schema.columns if column.name in names]

    def _inserted(self, after: tuple[str, ...]) -> Encoder:
        numbered = numbered_column(self.schema, self.rules)
        if numbered is not None:
            raise DecodeError(
                f"MariaDB writes the virtual column {numbered} of an inserted row as it was without its AUTO_INCREMENT",
                table=self.schema.name,
                advice="Drop the column from the table, then run sync_tables --tables disabled",
            )
        if is_whole(self.schema, self.rules, after):
            return self._image(after)
        with self._defaults_needed():
            return inserted_encoder(self.schema, self.rules, after, self.note)

    def _inserted_key(self, after: tuple[str, ...]) -> Encoder | None:
        if set(self.key_columns) <= set(after):
            return self._key(after)
        with self._defaults_needed():
            return inserted_key_encoder(self.schema, self.rules, after, self._check_key)

    @contextmanager
    def _defaults_needed(self) -> Iterator[None]:
        try:
            yield
        except LookupError as error:
            raise self._too_little(f"inserted: the column {error.args[0]} is not in it") from error

    def _partial_updates(
        self,
        decode: Callable[[bytes, int], list[Any]],
        before: tuple[str, ...],
        after: tuple[str, ...],
    ) -> Entries:
        key = self._key(before)
        assert key is not None  # only tables with a key come here
        image = row_encoder(self.schema, self.rules, after, self.note)
        # A key column that is not in the image keeps its value.
        keys = [(before.index(name), after.index(name)) for name in self.key_columns if name in after]
        documents = [after.index(column.name) for column in self._columns(set(after)) if column.type.base == "json"]

        def entries(body: bytes, start: int) -> Iterator[LogEntry]:
            for old, new in decode(body, start):
                ordered = any(old[before] != new[after] for before, after in keys) or any(
                    isinstance(new[place], JsonChanges) for place in documents
                )
                yield LogEntry(ORDERED if ordered else PARTIAL, key(old), image(new))

        return entries

    def _image(self, columns: tuple[str, ...]) -> Encoder:
        return row_encoder(self.schema, self.rules, columns, self.note, form=COMPOSITE)

    def _former_image(self, columns: tuple[str, ...]) -> Encoder:
        """Write what a row was; the values that were changed in it were recorded when it came."""
        return row_encoder(self.schema, self.rules, columns, form=COMPOSITE)

    def _key(self, columns: tuple[str, ...]) -> Encoder | None:
        if not self.key_columns:
            return None
        missing = set(self.key_columns) - set(columns)
        if missing:
            raise self._too_little("changed")
        return key_encoder(self.schema, self.rules, columns, self.key_columns, self._check_key, form=COMPOSITE)

    def _check_key(self, change: Change) -> None:
        reason = unfit_for_key([change], self.key_columns)
        if reason is not None:
            raise KeyRefused(reason, self.schema.name, f"{change.column}: {readable(change.value)}")

    def _need_whole(self, columns: tuple[str, ...], done: str) -> None:
        if not is_whole(self.schema, self.rules, columns):
            raise self._too_little(done)

    def _too_little(self, done: str) -> DecodeError:
        return DecodeError(
            f"the binlog does not hold all that is needed of a row that was {done}",
            table=self.schema.name,
            advice="Set binlog_row_image=FULL on the source, then run sync_tables --tables disabled",
        )


def _inserts(decode: Callable[..., list[Any]], key: Encoder | None, image: Encoder) -> Entries:
    def entries(body: bytes, start: int) -> Iterator[LogEntry]:
        for row in decode(body, start):
            yield LogEntry(INSERT, None if key is None else key(row), image(row))

    return entries


def _deletes(decode: Callable[..., list[Any]], key: Encoder | None, image: Encoder | None) -> Entries:
    def entries(body: bytes, start: int) -> Iterator[LogEntry]:
        for row in decode(body, start):
            yield LogEntry(DELETE, None if key is None else key(row), None if image is None else image(row))

    return entries


def _updates(
    decode: Callable[..., list[Any]], old_key: Encoder | None, new_key: Encoder | None, image: Encoder
) -> Entries:
    assert old_key is not None  # only tables with a key come here
    assert new_key is not None

    def entries(body: bytes, start: int) -> Iterator[LogEntry]:
        for old, new in decode(body, start):
            before, after = old_key(old), new_key(new)
            if before == after:
                yield LogEntry(UPDATE, after, image(new))
            else:
                yield LogEntry(DELETE, before, None)
                yield LogEntry(INSERT, after, image(new))

    return entries


def _updates_without_key(decode: Callable[..., list[Any]], old_image: Encoder, new_image: Encoder) -> Entries:
    def entries(body: bytes, start: int) -> Iterator[LogEntry]:
        for old, new in decode(body, start):
            yield LogEntry(DELETE, None, old_image(old))
            yield LogEntry(INSERT, None, new_image(new))

    return entries
