-- name: column_types
-- Types without length or precision: an explicit cast with them would cut a value that is too long. Then with them.
select
    a.attname, format_type(a.atttypid, -1), format_type(a.atttypid, a.atttypmod)
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relname = %s
    and a.attnum > 0
    and not a.attisdropped;

-- name: held_counts
select
    count(*) filter (where operation = 'i'),
    count(*) filter (where operation = 'u'),
    count(*) filter (where operation = 'd'),
    count(*) filter (where operation = 'p'),
    count(*) filter (where operation = 'o'),
    min(h.batch_id),
    max(h.batch_id),
    coalesce(
        (select b.binlog_file from sch_chameleon.batches b where b.batch_id = max(h.batch_id)),
        (
            select c.binlog_file
            from sch_chameleon.checkpoints c
            join sch_chameleon.tables t using (source_id)
            where t.table_id = max(h.table_id)
        )
    )
from sch_chameleon.held_rows h
where h.table_id = %s;

-- name: add_error
insert into sch_chameleon.errors
    (source_id, source_schema, source_table, batch_id, binlog_file, binlog_offset, row_key, statement, message)
values
    (%(source_id)s, %(schema)s, %(table)s, %(batch_id)s, %(file)s, %(offset)s, %(row_key)s, %(statement)s, %(message)s)
returning log_id;

-- name: add_discarded
insert into sch_chameleon.discarded_rows
    (source_id, source_schema, source_table, operation, row_key, image, binlog_file, binlog_offset, reason)
values
    (%(source_id)s, %(schema)s, %(table)s, %(operation)s, %(row_key)s, %(image)s, %(file)s, %(offset)s, %(reason)s);
