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
select
    source_schema, source_table, source_column, reason, occurrences, row_key
from sch_chameleon.value_changes
where source_id = %s
order by source_schema, source_table, source_column, reason;
