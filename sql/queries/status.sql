-- name: overview
-- Lags count up to the last moment at which nothing was left to do, so they do not grow on an idle source.
select
    s.source_id, s.name, s.type, s.status, s.status_reason,
    -- Once the latest snapshot is passed, its position is forgotten.
    c.binlog_file is not null
        and (
            s.consistent_file is null
            or coalesce(
                (substring(r.binlog_file from '\d+$')::bigint, r.binlog_offset)
                    >= (substring(s.consistent_file from '\d+$')::bigint, s.consistent_offset),
                false
            )
            or (
                (substring(c.binlog_file from '\d+$')::bigint, c.binlog_offset)
                    >= (substring(s.consistent_file from '\d+$')::bigint, s.consistent_offset)
                and not exists (
                    select 1
                    from sch_chameleon.batches b
                    where b.source_id = s.source_id
                        and b.replayed_at is null
                )
            )
        ) as reached,
    exists (
        select 1
        from sch_chameleon.tables t
        where t.source_id = s.source_id
            and t.state in ('copying', 'copied')
    ) as copying,
    c.last_commit_at,
    c.caught_up_at,
    r.last_commit_at,
    r.replayed_at,
    exists (
        select 1
        from sch_chameleon.batches b
        where b.source_id = s.source_id
            and b.replayed_at is null
    ) as waiting,
    clock_timestamp(),
    c.binlog_file, c.binlog_offset, r.binlog_file, r.binlog_offset
from sch_chameleon.sources s
join sch_chameleon.checkpoints c using (source_id)
join sch_chameleon.replays r using (source_id)
order by s.source_id;

-- name: counters
select
    (select count(*) from sch_chameleon.tables t where t.source_id = s.source_id and t.state = 'quarantined'),
    (select count(*) from sch_chameleon.tables t where t.source_id = s.source_id and t.state = 'replicated'),
    s.last_maintenance,
    s.added_at,
    r.replayed_rows, r.replayed_ddl, r.skipped_rows
from sch_chameleon.sources s
join sch_chameleon.replays r using (source_id)
where s.source_id = %s;

-- name: errors
select
    e.log_id, s.name, e.source_schema, e.source_table, e.happened_at, e.message
from sch_chameleon.errors e
join sch_chameleon.sources s using (source_id)
where %(source_id)s is null
    or e.source_id = %(source_id)s
order by e.log_id;

-- name: error
select
    e.log_id, s.name, e.source_schema, e.source_table, e.happened_at, e.binlog_file, e.binlog_offset, e.message,
    e.statement, e.row_key
from sch_chameleon.errors e
join sch_chameleon.sources s using (source_id)
where e.log_id = %s;

-- name: value_changes
-- Of the tables as they are registered now; a new copy starts counting again.
select
    t.source_schema, t.source_table, v.source_column, v.reason, v.occurrences, v.row_key
from sch_chameleon.value_changes v
join sch_chameleon.tables t using (table_id)
where t.source_id = %s
    and t.state <> 'dropped'
order by t.source_schema, t.source_table, v.source_column, v.reason;

-- name: changed_values
select
    t.source_schema, t.source_table, v.row_key, v.source_column, v.reason, v.value, v.binlog_file, v.binlog_offset
from sch_chameleon.changed_values v
join sch_chameleon.tables t using (table_id)
where t.source_id = %(source_id)s
    and t.state <> 'dropped'
    and (%(tables)s::text[] is null or t.source_schema || '.' || t.source_table = any(%(tables)s))
order by t.source_schema, t.source_table, v.source_column, v.reason, v.change_id;

-- name: without_default
select a.attname
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s
    and c.relname = %s
    and a.attnum > 0
    and not a.attisdropped
    and not a.atthasdef;
