-- name: lock
select
    batch_id
from sch_chameleon.replays
where source_id = %s
for update;

-- name: generation
select generation
from sch_chameleon.checkpoints
where source_id = %s;

-- name: batches
select
    batch_id, log_number, binlog_file, binlog_offset, rows, summary,
    exists (select 1 from sch_chameleon.schema_changes c where c.batch_id = b.batch_id)
from sch_chameleon.batches b
where source_id = %(source_id)s
    and replayed_at is null
order by batch_id
limit %(limit)s;

-- name: schema_changes
select
    segment, table_id, kind, structure_id, change, statement, binlog_file, binlog_offset
from sch_chameleon.schema_changes
where batch_id = %s
order by segment, change_id;

-- name: mark_replayed
with marked as (
    update sch_chameleon.batches
    set replayed_at = clock_timestamp()
    where source_id = %(source_id)s
        and batch_id between %(first)s and %(last)s
        and replayed_at is null
    returning batch_id, binlog_file, binlog_offset, last_commit_at
),
newest as (
    select *
    from marked
    order by batch_id desc
    limit 1
)
update sch_chameleon.replays r
set batch_id = n.batch_id,
    binlog_file = n.binlog_file,
    binlog_offset = n.binlog_offset,
    last_commit_at = n.last_commit_at,
    replayed_at = clock_timestamp(),
    replayed_rows = r.replayed_rows + %(rows)s,
    replayed_ddl = r.replayed_ddl + %(ddl)s,
    skipped_rows = r.skipped_rows + %(skipped)s
from newest n
where r.source_id = %(source_id)s;
